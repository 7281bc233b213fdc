//! Test error over epochs and frozen layers as a heat map, with the interpolation border.

use super::plotted::{NumberTable, Plotted, titled};
use crate::analysis::INTERPOLATION_EPSILON;
use crate::figure::{AxisRange, Cells, ChartAxis, Contour, Extent, Figure, Grid, HeatMap, Panel, ValueFormat};
use crate::report::read::Measure;
use crate::report::setting::Setting;

/// More columns cannot be told apart.
const MOST_COLUMNS: usize = 40;

/// The figure of a setting with at least three numbers of frozen layers and three epochs at which all were evaluated.
pub(super) fn of(setting: &Setting, id: &str) -> Option<Plotted> {
    if setting.cells.len() < 3 {
        return None;
    }
    let bands: Vec<_> = setting.cells.iter().map(|cell| cell.band(Measure::Test)).collect();
    let train: Vec<_> = setting.cells.iter().map(|cell| cell.band(Measure::Train)).collect();
    let shared = |epoch: &u64| bands.iter().all(|band| band.binary_search_by_key(epoch, |point| point.place).is_ok());
    let epochs: Vec<u64> = bands[0].iter().map(|point| point.place).filter(|epoch| *epoch > 0).filter(shared).collect();
    if epochs.len() < 3 {
        return None;
    }
    let columns = columns(&epochs);
    // Rows go upwards, so the fewest frozen layers are at the top.
    let rows: Vec<usize> = (0..setting.cells.len()).collect();
    let at = |band: &[crate::analysis::BandPoint<u64>], epoch: u64| {
        band.binary_search_by_key(&epoch, |point| point.place).ok().map(|index| band[index].mean)
    };
    let all = || rows.iter().flat_map(|&row| columns.iter().map(move |&epoch| (row, epoch)));
    let values: Vec<Option<f64>> = all().map(|(row, epoch)| at(bands[row], epoch)).collect();
    let inside: Vec<bool> =
        all().map(|(row, epoch)| at(train[row], epoch).is_some_and(|error| error <= INTERPOLATION_EPSILON)).collect();
    let contour = inside.contains(&true).then(|| Contour { name: "train error at most 1%".to_owned(), inside });
    let cells = Cells {
        columns: columns.iter().map(|epoch| *epoch as f64).collect(),
        rows: rows.iter().map(|row| *row as f64).collect(),
        values,
    };
    let map = HeatMap {
        cells,
        title: "test error".to_owned(),
        format: ValueFormat::Percent,
        range: range(&bands, &columns),
        contour,
    };
    let names = setting.cells.iter().map(|cell| cell.frozen.short());
    let y = ChartAxis::ordinal("frozen layers k", names).ranging(AxisRange::Fit);
    let panel = Panel::of_grid(ChartAxis::log_epochs(), y, Grid::Heat(map));
    let title = titled("Test error over epochs and frozen layers", setting);
    let height = (16.0 * setting.cells.len() as f64).clamp(110.0, 260.0);
    let mut figure = Figure::new(title.clone(), Extent::two_columns().with_plot_height(height), vec![panel]);
    figure.columns = 1;
    let description = "A heat map: epochs across, frozen layers upwards, mean test error over seeds as colour.";
    description.clone_into(&mut figure.description);
    let mut data = NumberTable::new(&["frozen_layers", "epoch", "test_error", "train_error"]);
    for (row, epoch) in all() {
        let field = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let values = [field(at(bands[row], epoch)), field(at(train[row], epoch))];
        data.row([setting.cells[row].frozen.count.to_string(), epoch.to_string()].into_iter().chain(values).collect());
    }
    let caption = "Means over seeds. The border is where the mean train error is at most 1%.".to_owned();
    Some(Plotted { id: format!("heat{id}"), title, caption, figure, data })
}

/// Epochs about evenly spaced on a logarithmic axis.
fn columns(epochs: &[u64]) -> Vec<u64> {
    if epochs.len() <= MOST_COLUMNS {
        return epochs.to_vec();
    }
    let (first, last) = (epochs[0] as f64, epochs[epochs.len() - 1] as f64);
    let mut columns: Vec<u64> = (0..MOST_COLUMNS)
        .filter_map(|step| {
            let wanted = first * (last / first).powf(step as f64 / (MOST_COLUMNS - 1) as f64);
            epochs
                .iter()
                .copied()
                .min_by(|one, other| (*one as f64 - wanted).abs().total_cmp(&(*other as f64 - wanted).abs()))
        })
        .collect();
    columns.dedup();
    columns
}

/// The colour range, from the values after the first tenth of the columns, where errors still fall from chance.
fn range(bands: &[&[crate::analysis::BandPoint<u64>]], columns: &[u64]) -> Option<(f64, f64)> {
    let from = columns[columns.len() / 10];
    let shown = || bands.iter().copied().flatten().filter(|point| point.place >= from).map(|point| point.mean);
    let (low, high) = (shown().min_by(f64::total_cmp)?, shown().max_by(f64::total_cmp)?);
    (high > low).then_some((low, high))
}
