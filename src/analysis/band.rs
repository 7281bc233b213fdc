//! Mean and spread over seeds at each point of a grid, for figures.

use serde::{Deserialize, Serialize};

use super::CompleteCurves;
use super::inference::t_reach;

/// The runs at one point of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandPoint<X> {
    /// Grid point.
    pub place: X,
    /// Number of runs.
    pub count: usize,
    /// Mean error.
    pub mean: f64,
    /// `None` for a single run.
    pub spread: Option<BandSpread>,
}

/// Spread of the errors of at least two runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandSpread {
    /// Sample standard deviation between runs (denominator n − 1).
    pub deviation: f64,
    /// Lower end of the Student interval of the mean, at this point alone: not a simultaneous band for the whole curve.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// The least error of any run.
    pub lowest: f64,
    /// The largest.
    pub highest: f64,
}

/// The band over all complete runs at each point; empty without runs. `confidence` is that of the interval, such as
/// 0.95.
pub fn band<X: Clone + PartialEq>(curves: &CompleteCurves<X>, confidence: f64) -> Vec<BandPoint<X>> {
    let count = curves.errors.len();
    // The same at each place: to look it up takes longer than all the rest.
    let reach = t_reach(count, confidence);
    let point = |(column, place): (usize, &X)| {
        let errors = || curves.errors.iter().map(|row| row[column]);
        let mean = errors().sum::<f64>() / count as f64;
        let spread = reach.map(|reach| {
            let deviation = (errors().map(|error| (error - mean).powi(2)).sum::<f64>() / (count - 1) as f64).sqrt();
            let half = reach * deviation / (count as f64).sqrt();
            BandSpread {
                deviation,
                lower: mean - half,
                upper: mean + half,
                lowest: errors().fold(f64::INFINITY, f64::min),
                highest: errors().fold(f64::NEG_INFINITY, f64::max),
            }
        });
        BandPoint { place: place.clone(), count, mean, spread }
    };
    if count == 0 { Vec::new() } else { curves.grid.iter().enumerate().map(point).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::NamedCurve;
    use super::*;

    fn curves(rows: &[[f64; 2]]) -> CompleteCurves<u64> {
        let named = |(seed, row): (usize, &[f64; 2])| NamedCurve {
            name: format!("seed {seed}"),
            points: vec![(10, row[0]), (20, row[1])],
        };
        CompleteCurves::of(&[10, 20], rows.iter().enumerate().map(named).collect())
    }

    /// By hand: 0.1, 0.2, 0.3 have standard deviation 0.1 and half width 4.303 · 0.1 / √3.
    #[test]
    fn worked_out_by_hand() {
        let found = band(&curves(&[[0.1, 0.5], [0.2, 0.5], [0.3, 0.5]]), 0.95);
        let (first, second) = (&found[0], &found[1]);
        let spread = first.spread.expect("three runs");
        assert!((first.mean - 0.2).abs() < 1e-12 && (spread.deviation - 0.1).abs() < 1e-12, "{found:?}");
        assert!((spread.upper - 0.2 - 0.2484).abs() < 1e-3 && (0.2 - spread.lower - 0.2484).abs() < 1e-3, "{found:?}");
        assert_eq!((spread.lowest, spread.highest), (0.1, 0.3));
        assert_eq!((first.place, first.count, second.place), (10, 3, 20));
        assert_eq!(second.spread.map(|spread| (spread.deviation, spread.lower)), Some((0.0, 0.5)));
    }

    #[test]
    fn one_curve_has_no_spread_and_no_curves_give_no_band() {
        let found = band(&curves(&[[0.1, 0.5]]), 0.95);
        assert_eq!((found.len(), found[0].mean, found[0].spread), (2, 0.1, None));
        assert_eq!(band(&curves(&[]), 0.95), []);
    }
}
