//! Error against frozen layers for several settings in one plot, such as sources, or a study and its controls.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::layer_places::{LayerPlaces, broken};
use super::plotted::{FINAL_ERRORS, NumberTable, Plotted, SPREAD, band_note, banded, spread};
use crate::analysis::{BandPoint, band};
use crate::figure::{ChartAxis, Extent, Figure, Panel, Series};
use crate::report::read::{FrozenLayers, RunMeasure};
use crate::report::setting::{ComparedSettings, Setting};

/// More lines in one plot cannot be told apart.
const MOST_LINES: usize = 6;
/// More bands hide each other.
const MOST_BANDS: usize = 3;

/// The figure, if there are a few settings with several numbers of frozen layers each.
pub(super) fn of(settings: &ComparedSettings) -> Option<Plotted> {
    let drawn: Vec<&Setting> = settings.all.iter().filter(|setting| setting.cells.len() > 1).collect();
    if !(2..=MOST_LINES).contains(&drawn.len()) {
        return None;
    }
    let layers: BTreeMap<Reverse<usize>, FrozenLayers> =
        drawn.iter().flat_map(|setting| &setting.cells).map(|cell| (Reverse(cell.frozen.count), cell.frozen)).collect();
    let places = LayerPlaces::of(&layers.into_values().collect::<Vec<_>>());
    let panel = |outcome: RunMeasure, title: &str| {
        let line = |(place, setting): (usize, &&Setting)| {
            let points = points(setting, outcome);
            let x = |point: &BandPoint<usize>| places.of_count(point.place);
            let line = points.iter().map(|point| (x(point), point.mean)).collect();
            let series = Series::line(place, setting.title.clone(), line);
            let points: Vec<(f64, &BandPoint<usize>)> = points.iter().map(|point| (x(point), point)).collect();
            broken(if drawn.len() > MOST_BANDS { series } else { banded(series, &points) })
        };
        let series: Vec<Series> =
            drawn.iter().enumerate().flat_map(line).filter(|series| !series.points.is_empty()).collect();
        Panel::new(places.axis(), ChartAxis::error(title), series)
    };
    let mut panels = vec![panel(RunMeasure::Last, "test error"), panel(RunMeasure::LastTrain, "train error")];
    panels.retain(|panel| !panel.series.is_empty());
    if panels.is_empty() {
        return None;
    }
    let title = "Error against frozen layers, by setting".to_owned();
    let mut figure = Figure::new(title.clone(), Extent::two_columns(), panels);
    figure.description = String::from("Lines of error over frozen layers, one for each setting, means over seeds.");
    if drawn.len() <= MOST_BANDS {
        figure.note = band_note(&drawn.iter().flat_map(|setting| &setting.cells));
    }
    let mut data = NumberTable::new(&[&["setting", "frozen_layers", "measure"][..], &SPREAD].concat());
    for setting in &drawn {
        for outcome in RunMeasure::ALL {
            for point in points(setting, outcome) {
                let place = [setting.title.clone(), point.place.to_string(), outcome.column().to_owned()];
                data.row(place.into_iter().chain(spread(&point)).collect());
            }
        }
    }
    let note = places.note().unwrap_or_default();
    let caption = format!("{FINAL_ERRORS} Means over the seeds that have every number of frozen layers.{note}");
    Some(Plotted { id: "settings".to_owned(), title, caption, figure, data })
}

fn points(setting: &Setting, outcome: RunMeasure) -> Vec<BandPoint<usize>> {
    band(&setting.over_layers(outcome), 0.95)
}
