//! The table of results, for both pages.

use crate::analysis::inference::t_interval;
use crate::analysis::{CellRegime, INTERPOLATION_EPSILON, Interpolation, cell_regimes};
use crate::report::read::{Run, RunMeasure};
use crate::report::setting::{ComparedSettings, SeedGroup, Setting};
use crate::report::words::percent;
use crate::text;

/// The error columns, shown if any cell has them.
const ERRORS: [RunMeasure; 6] = [
    RunMeasure::Last,
    RunMeasure::ValidationSelected,
    RunMeasure::OracleMin,
    RunMeasure::LastAveraged,
    RunMeasure::Refitted,
    RunMeasure::LastTrain,
];

/// What the column of train errors shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrainColumn {
    /// The mean of the last five epochs, if every run measured it after each of them.
    Mean,
    /// The median of the last epoch: a single spike moves a mean of one evaluation.
    Median,
}

pub(super) fn train_column(settings: &ComparedSettings) -> TrainColumn {
    let is_measured = settings.all.iter().flat_map(Setting::runs).all(|run| run.final_train_error().is_some());
    if is_measured { TrainColumn::Mean } else { TrainColumn::Median }
}

/// A table of text.
pub(super) struct TextTable {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// One row per cell.
pub(super) fn results(settings: &ComparedSettings) -> TextTable {
    let cells = || settings.all.iter().flat_map(|setting| setting.cells.iter().map(move |cell| (setting, cell)));
    let has = |outcome: &&RunMeasure| cells().any(|(_, cell)| cell.outcomes(**outcome).is_some());
    let errors: Vec<RunMeasure> = ERRORS.iter().filter(has).copied().collect();
    let several = settings.all.len() > 1;
    let mut header: Vec<String> = if several { vec!["setting".to_owned()] } else { Vec::new() };
    header.extend(["frozen layers", "seeds"].map(str::to_owned));
    header.extend(errors.iter().map(|outcome| format!("{} error", column(*outcome))));
    header.extend(["first interpolates at epoch", "sustained from epoch"].map(str::to_owned));
    // Next to the final error: it decides what a bump is called, and wide tables are cut on a phone.
    let after = if several { 3 } else { 2 } + usize::from(errors.first() == Some(&RunMeasure::Last));
    header.insert(after, "regime".to_owned());
    let train = train_column(settings);
    let rows = cells().map(|(setting, cell)| {
        let mut row: Vec<String> = if several { vec![setting.title.clone()] } else { Vec::new() };
        row.extend([cell.frozen.short(), cell.runs.len().to_string()]);
        row.extend(errors.iter().map(|outcome| match outcome {
            RunMeasure::LastTrain => train_error(cell, train),
            outcome => cell.outcomes(*outcome).map(|values| error(&values)).unwrap_or_default(),
        }));
        let reached: Vec<Interpolation> = cell.runs.iter().map(Run::interpolation).collect();
        row.push(epochs(reached.iter().map(|reached| reached.first_epoch)));
        row.push(epochs(reached.iter().map(|reached| reached.sustained_epoch)));
        row.insert(after, regime(cell).to_owned());
        row
    });
    let rows = rows.collect();
    TextTable { header, rows }
}

fn column(outcome: RunMeasure) -> &'static str {
    match outcome {
        RunMeasure::Last => "test",
        other => other.title(),
    }
}

/// Mean and half the width of the 95% interval. For two seeds, or where it leaves 0 to 100%, it says less than the lowest
/// and the highest value.
fn error(values: &[f64]) -> String {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let Ok(interval) = t_interval(values, 0.95) else { return percent(mean) };
    if values.len() == 2 || interval.lower < 0.0 || interval.upper > 1.0 {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        return format!("{} ({}, {})", percent(mean), percent(least), percent(most));
    }
    format!("{} ± {:.1}", percent(mean), (interval.upper - interval.lower) / 2.0 * 100.0)
}

fn train_error(cell: &SeedGroup, column: TrainColumn) -> String {
    let means: Option<Vec<f64>> = cell.runs.iter().map(Run::final_train_error).collect();
    if let (TrainColumn::Mean, Some(means)) = (column, means) {
        return error(&means);
    }
    let Some(mut last) = cell.outcomes(RunMeasure::LastTrain) else { return String::new() };
    last.sort_by(f64::total_cmp);
    let middle = last.len() / 2;
    let median = if last.len() % 2 == 1 { last[middle] } else { f64::midpoint(last[middle - 1], last[middle]) };
    let fitted = last.iter().filter(|error| **error <= INTERPOLATION_EPSILON).count();
    format!("{} ({fitted} of {} at most 1%)", percent(median), last.len())
}

/// The mean over the seeds that have the epoch, and how many they are.
fn epochs(epochs: impl ExactSizeIterator<Item = Option<u64>>) -> String {
    let all = epochs.len();
    let reached: Vec<u64> = epochs.flatten().collect();
    if reached.is_empty() {
        return "not reached".to_owned();
    }
    let mean = reached.iter().sum::<u64>() as f64 / reached.len() as f64;
    format!("{mean:.0} ({} of {})", reached.len(), text::counted(all, "seed", "seeds"))
}

fn regime(cell: &SeedGroup) -> &'static str {
    match cell_regimes(&[cell.regimes()]).first() {
        Some(CellRegime::Over) => "over",
        Some(CellRegime::Under) => "under",
        Some(CellRegime::Critical) => "critical",
        Some(CellRegime::Undecided) | None => "undecided",
    }
}
