//! What the columns and lines of the results mean, one line each, and how cells were evaluated.

use std::collections::BTreeMap;

use super::cells::{self, TrainColumn};
use crate::analysis::{CellRegime, cell_regimes};
use crate::report::read::RunMeasure;
use crate::report::setting::{ComparedSettings, SeedGroup, Setting};
use crate::report::words::list;

/// Longer lists of cells are counted.
const MOST_CELLS: usize = 12;

/// The lines, only for what the results have.
pub(super) fn lines(settings: &ComparedSettings) -> Vec<String> {
    let cells: Vec<(&Setting, &SeedGroup)> =
        settings.all.iter().flat_map(|setting| setting.cells.iter().map(move |cell| (setting, cell))).collect();
    let has = |outcome: RunMeasure| cells.iter().any(|(_, cell)| cell.outcomes(outcome).is_some());
    let mut lines = vec![
        "Test error: mean over the last five epochs (last_test_error in summary.json). ±: half of the 95% interval of the mean \
         over seeds; for two seeds, or where that interval leaves 0 to 100%, the lowest and the highest seed."
            .to_owned(),
    ];
    lines.extend(has(RunMeasure::LastTrain).then(|| match cells::train_column(settings) {
        TrainColumn::Mean => {
            "Train error: mean over the last five epochs, on the training labels, wrong ones included.".to_owned()
        }
        TrainColumn::Median => {
            "Train error: after the last epoch only (not every run measured it in each of the last five), on the training labels, \
             wrong ones included; the median over seeds, and how many are at or below 1%."
                .to_owned()
        }
    }));
    let explained = [
        (
            RunMeasure::ValidationSelected,
            "Validation-selected: the test error at the epoch with the lowest validation error.",
        ),
        (RunMeasure::OracleMin, "Oracle minimum: the lowest test error of any evaluation, selected on the test set."),
        (RunMeasure::LastAveraged, "Averaged weights: test error of an exponential average of the weights."),
        (RunMeasure::Annealed, "Annealed: after a short extra training in which the learning rate falls to 0."),
        (RunMeasure::Refitted, "Refitted head: a new head fitted to the final features, without a penalty."),
    ];
    lines.extend(explained.into_iter().filter(|(outcome, _)| has(*outcome)).map(|(_, line)| line.to_owned()));
    lines.push(
        "Interpolates: the first epoch with a train error of at most 1%, and the epoch from which 95% of the epochs have one. Means \
         over the seeds that reach it, with their number."
            .to_owned(),
    );
    lines.push(regimes(&cells));
    lines.extend(parameters(&cells).map(str::to_owned));
    lines.extend(schedules(&cells));
    lines
}

/// The regimes that occur.
fn regimes(cells: &[(&Setting, &SeedGroup)]) -> String {
    let names = [
        (CellRegime::Over, "over (every seed interpolates)"),
        (CellRegime::Under, "under (every seed has levelled off above 1%)"),
        (CellRegime::Critical, "critical (seeds differ between over and under)"),
        (CellRegime::Undecided, "undecided (a seed was still moving at the end, or has too few evaluations to tell)"),
    ];
    let found: Vec<_> = cells.iter().filter_map(|(_, cell)| cell_regimes(&[cell.regimes()]).first().copied()).collect();
    let names: Vec<&str> =
        names.into_iter().filter(|(regime, _)| found.contains(regime)).map(|(_, words)| words).collect();
    format!("Regime, under this procedure and budget: {}.", list(&names))
}

fn parameters(cells: &[(&Setting, &SeedGroup)]) -> Option<&'static str> {
    let has = |cell: &SeedGroup| cell.runs[0].summary.collapsed_parameters.is_some();
    cells.iter().any(|(_, cell)| has(cell)).then_some(
        "In the figure, n · C: training examples times classes, the number of values to fit. Collapsed parameters: trainable \
         parameters, with consecutive linear layers at the end of the network counted as one linear map.",
    )
}

/// Which cells were evaluated on which schedule, if they differ.
fn schedules(cells: &[(&Setting, &SeedGroup)]) -> Option<String> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (setting, cell) in cells {
        let mut schedules: Vec<&str> =
            cell.runs.iter().map(|run| run.schedule.as_deref().unwrap_or("its default")).collect();
        schedules.sort_unstable();
        schedules.dedup();
        for schedule in schedules {
            groups.entry(schedule).or_default().push(setting.within(&format!("k = {}", cell.frozen.short())));
        }
    }
    let of = |(schedule, cells): (&str, Vec<String>)| {
        let cells = if cells.len() > MOST_CELLS { format!("{} cells", cells.len()) } else { list(&cells) };
        format!("{schedule} at {cells}")
    };
    let differ = groups.len() > 1;
    let groups: Vec<String> = groups.into_iter().map(of).collect();
    differ.then(|| {
        format!(
            "Evaluation schedules differ (evaluate.every): {}. Epochs of interpolation, minima over epochs and regimes depend on \
             the schedule.",
            groups.join("; ")
        )
    })
}
