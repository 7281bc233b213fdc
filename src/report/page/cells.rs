//! The table of results, for both pages.

use crate::analysis::inference::t_interval;
use crate::analysis::{CellRegime, cell_regimes};
use crate::report::read::RunMeasure;
use crate::report::setting::{ComparedSettings, SeedGroup};
use crate::report::words::percent;

/// The error columns, shown if any cell has them.
const ERRORS: [RunMeasure; 6] = [
    RunMeasure::Last,
    RunMeasure::ValidationSelected,
    RunMeasure::OracleMin,
    RunMeasure::LastAveraged,
    RunMeasure::Refitted,
    RunMeasure::LastTrain,
];

/// What the columns mean, for the text above the table.
pub(super) const ABOUT: &str = "Test error: mean over the last five epochs (`last_test_error` in `summary.json`). ±: half of \
                                the 95% interval over seeds; for two seeds, both values. Interpolates: train error at most 1%, \
                                sustained. Regime, under this procedure and budget: over (every seed interpolates), under (every \
                                seed has levelled off above 1%), critical (seeds differ), undecided (still falling at the end).";

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
    header.extend(["interpolates at epoch", "regime"].map(str::to_owned));
    let rows = cells().map(|(setting, cell)| {
        let mut row: Vec<String> = if several { vec![setting.title.clone()] } else { Vec::new() };
        row.extend([cell.frozen.short(), cell.runs.len().to_string()]);
        row.extend(errors.iter().map(|outcome| error(cell, *outcome)));
        let interpolation = cell.interpolation_epoch();
        row.push(interpolation.map_or_else(|| partly(cell), |epoch| format!("{epoch:.0}")));
        row.push(regime(cell).to_owned());
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

/// Mean and half the width of the 95% interval, which for two seeds says less than their values.
fn error(cell: &SeedGroup, outcome: RunMeasure) -> String {
    let Some(values) = cell.outcomes(outcome) else { return String::new() };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    if let [one, other] = values.as_slice() {
        return format!("{} ({}, {})", percent(mean), percent(one.min(*other)), percent(one.max(*other)));
    }
    let half = t_interval(&values, 0.95).ok().map(|interval| (interval.upper - interval.lower) / 2.0);
    half.map_or_else(|| percent(mean), |half| format!("{} ± {:.1}", percent(mean), half * 100.0))
}

fn partly(cell: &SeedGroup) -> String {
    let reached = cell.runs.iter().filter(|run| run.interpolation_epoch().is_some()).count();
    if reached == 0 { "not reached".to_owned() } else { format!("{reached} of {} seeds", cell.runs.len()) }
}

fn regime(cell: &SeedGroup) -> &'static str {
    match cell_regimes(&[cell.regimes()]).first() {
        Some(CellRegime::Over) => "over",
        Some(CellRegime::Under) => "under",
        Some(CellRegime::Critical) => "critical",
        Some(CellRegime::Undecided) | None => "undecided",
    }
}
