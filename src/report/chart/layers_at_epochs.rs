//! Error against frozen layers after some epochs, to show how the final curve develops.

use super::layer_places::broken;
use super::layers::places;
use super::plotted::{NumberTable, Plotted, titled};
use crate::analysis::BandPoint;
use crate::figure::{ChartAxis, Extent, Figure, Panel, Series};
use crate::report::read::Measure;
use crate::report::setting::Setting;

/// Number of epochs, about evenly spaced on a logarithmic axis.
const EPOCHS: usize = 5;

/// The figure of a setting with at least three numbers of frozen layers that were evaluated at the same epochs.
pub(super) fn of(setting: &Setting, id: &str) -> Option<Plotted> {
    if setting.cells.len() < 3 {
        return None;
    }
    let bands = |measure| setting.cells.iter().map(|cell| cell.band(measure)).collect::<Vec<_>>();
    let (test, train) = (bands(Measure::Test), bands(Measure::Train));
    let settled = setting.runs().map(|run| run.curves.settled_epoch).max()?.max(1);
    let is_shared = |epoch: &u64| test.iter().all(|band| at(band, *epoch).is_some());
    let shared: Vec<u64> =
        test[0].iter().map(|point| point.place).filter(|epoch| *epoch >= settled).filter(is_shared).collect();
    let epochs = chosen(&shared);
    if epochs.len() < 2 {
        return None;
    }
    let places = places(setting);
    let panel = |title: &str, bands: &[&[BandPoint<u64>]]| {
        let line = |(place, epoch): (usize, &u64)| {
            let points =
                bands.iter().enumerate().filter_map(|(x, band)| Some((places.at(x), at(band, *epoch)?))).collect();
            broken(Series::line(place, format!("epoch {}", crate::text::grouped(*epoch)), points))
        };
        let series = epochs.iter().enumerate().flat_map(line).filter(|series| !series.points.is_empty()).collect();
        Panel::new(places.axis(), ChartAxis::error(title), series)
    };
    let mut panels = vec![panel("test error", &test), panel("train error", &train)];
    panels.retain(|panel| !panel.series.is_empty());
    let title = titled("Error against frozen layers after several epochs", setting);
    let mut figure = Figure::new(title.clone(), Extent::two_columns(), panels);
    figure.description = String::from("Lines of error over frozen layers after several epochs, means over seeds.");
    let mut data = NumberTable::new(&["frozen_layers", "epoch", "test_error", "train_error"]);
    for (cell, (test, train)) in setting.cells.iter().zip(test.iter().zip(&train)) {
        for &epoch in &shared {
            let field = |band| at(band, epoch).map(|error| error.to_string()).unwrap_or_default();
            data.row(vec![cell.frozen.count.to_string(), epoch.to_string(), field(test), field(train)]);
        }
    }
    let note = places.note().unwrap_or_default();
    let caption = format!("Means over seeds. The data contain every epoch at which all were evaluated.{note}");
    Some(Plotted { id: format!("layers-at-epochs{id}"), title, caption, figure, data })
}

fn at(band: &[BandPoint<u64>], epoch: u64) -> Option<f64> {
    band.binary_search_by_key(&epoch, |point| point.place).ok().map(|index| band[index].mean)
}

/// Epochs about evenly spaced on a logarithmic axis, including the first and the last one.
fn chosen(shared: &[u64]) -> Vec<u64> {
    let (Some(&first), Some(&last)) = (shared.first(), shared.last()) else { return Vec::new() };
    let ratio = last as f64 / first as f64;
    let near = |step: usize| {
        let wanted = first as f64 * ratio.powf(step as f64 / (EPOCHS - 1) as f64);
        let distance = |epoch: u64| (epoch as f64 / wanted).ln().abs();
        shared.iter().copied().min_by(|one, other| distance(*one).total_cmp(&distance(*other)))
    };
    let mut epochs: Vec<u64> = (0..EPOCHS).filter_map(near).collect();
    epochs.dedup();
    epochs
}

#[cfg(test)]
mod tests {
    #[test]
    fn epochs_are_spaced_by_their_ratio() {
        assert_eq!(super::chosen(&(1..=80).collect::<Vec<_>>()), [1, 3, 9, 27, 80]);
        assert_eq!(super::chosen(&[5, 6]), [5, 6]);
        assert_eq!(super::chosen(&[]), [] as [u64; 0]);
    }
}
