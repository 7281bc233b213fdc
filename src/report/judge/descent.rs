//! Whether a curve falls before its first valley: a bump that starts at the end of the measured range has no first descent.

use super::sources::{independent_rows, source_hashes};
use crate::analysis::Point;
use crate::analysis::inference::{SIGNIFICANCE, p_mean_positive};
use crate::report::read::{Run, RunMeasure, View};
use crate::report::setting::{SeedGroup, Setting};

/// The curve before the first valley.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstDescent {
    /// It falls to the first valley.
    Measured,
    /// It was measured, and does not fall by more than seeds differ.
    Absent,
    /// The first valley is the first place measured.
    OutOfRange,
}

impl FirstDescent {
    /// From the errors `[seed][place]` of independent seeds: the last place is the first valley, those before it come
    /// earlier on the curve. The highest of them must be above the valley beyond the spread of the seeds.
    pub(super) fn of(rows: &[Vec<f64>]) -> Self {
        // Of curves with gaps nothing can be told.
        let places = rows.iter().map(Vec::len).min().filter(|least| rows.iter().all(|row| row.len() == *least));
        let before = places.map_or(0, |places| places.saturating_sub(1));
        let falls = |place: usize| -> Vec<f64> { rows.iter().map(|row| row[place] - row[before]).collect() };
        let sum = |place: &usize| falls(*place).iter().sum::<f64>();
        match (0..before).max_by(|one, other| sum(one).total_cmp(&sum(other))) {
            None => Self::OutOfRange,
            Some(place) if p_mean_positive(&falls(place)).is_ok_and(|p| p <= SIGNIFICANCE) => Self::Measured,
            Some(_) => Self::Absent,
        }
    }

    /// Over frozen layers, with the seeds of a bump.
    pub(super) fn over_layers(setting: &Setting, first_valley: usize, seeds: &[String], outcome: RunMeasure) -> Self {
        let errors = |cell: &SeedGroup| -> Option<Vec<f64>> {
            let run = |seed: &String| cell.runs.iter().find(|run| run.seeds.label() == *seed);
            seeds.iter().map(|seed| run(seed)?.outcome(outcome)).collect()
        };
        let to_valley = setting.cells.iter().filter(|cell| cell.frozen.count >= first_valley);
        let columns: Vec<Vec<f64>> = to_valley.filter_map(errors).collect();
        let row = |seed: usize| columns.iter().map(|errors| errors[seed]).collect();
        let rows = independent_rows(&setting.sources_of(seeds), (0..seeds.len()).map(row).collect());
        rows.map_or(Self::OutOfRange, |(_, rows)| Self::of(&rows))
    }

    /// Over the epochs of some runs of a cell.
    pub(super) fn over_epochs(runs: &[&Run], first_valley: u64, view: View) -> Self {
        let row = |run: &&Run| -> Vec<f64> {
            let to_valley = |point: &&Point| point.epoch <= first_valley;
            run.test_errors(view).iter().filter(to_valley).map(|point| point.error).collect()
        };
        let rows = independent_rows(&source_hashes(runs.iter().copied()), runs.iter().map(row).collect());
        rows.map_or(Self::OutOfRange, |(_, rows)| Self::of(&rows))
    }

    /// In a sentence about test error.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Measured => "test error first falls to the first valley",
            Self::Absent => {
                "no first descent was measured: before the first valley test error does not fall by more than seeds differ"
            }
            Self::OutOfRange => "no first descent was measured: test error rises from the left end of the range",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_descent_exceeds_the_spread_of_seeds() {
        let of = |before: [f64; 2]| {
            let row = |seed: usize| vec![before[0], before[1] + 0.01 * (seed % 2) as f64, 0.5];
            FirstDescent::of(&(0..8).map(row).collect::<Vec<_>>())
        };
        assert_eq!(of([0.5, 0.4]), FirstDescent::Absent);
        assert_eq!(of([0.4, 0.496]), FirstDescent::Absent);
        assert_eq!(of([0.4, 0.51]), FirstDescent::Measured);
        assert_eq!(FirstDescent::of(&[vec![0.5]]), FirstDescent::OutOfRange);
        assert_eq!(FirstDescent::of(&[vec![0.6, 0.5], vec![0.5]]), FirstDescent::OutOfRange, "a gap");
        // Three seeds cannot show it.
        assert_eq!(FirstDescent::of(&vec![vec![0.6, 0.5]; 3]), FirstDescent::Absent);
    }
}
