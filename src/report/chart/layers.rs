//! Error against frozen layers, from all frozen to none, with train error and with trainable parameters against n · C.

use super::layer_places::{LayerPlaces, broken};
use super::plotted::{NumberTable, Plotted, SPREAD, band_note, banded, spread, titled};
use crate::analysis::{BandPoint, band};
use crate::figure::{ChartAxis, Extent, Figure, Panel, ReferenceLine, Scale, Series, ValueFormat};
use crate::report::read::RunMeasure;
use crate::report::setting::Setting;
use crate::report::words::{list, percent};
use crate::text;
use std::fmt::Write as _;

/// The figure of a setting with at least two numbers of frozen layers.
pub(super) fn of(setting: &Setting, id: &str) -> Option<Plotted> {
    if setting.cells.len() < 2 {
        return None;
    }
    let test = [
        RunMeasure::Last,
        RunMeasure::LastAveraged,
        RunMeasure::ValidationSelected,
        RunMeasure::OracleMin,
        RunMeasure::Annealed,
        RunMeasure::Refitted,
    ];
    let series: Vec<Series> =
        test.into_iter().enumerate().flat_map(|(place, outcome)| lines(setting, place, outcome)).collect();
    if series.is_empty() {
        return None;
    }
    let mut panels = vec![Panel::new(axis(setting), ChartAxis::error("test error"), series)];
    let train = lines(setting, 6, RunMeasure::LastTrain);
    if !train.is_empty() {
        let mut panel = Panel::new(axis(setting), ChartAxis::error("train error"), train);
        panel.marks.push(ReferenceLine::Horizontal { at: 0.01, label: "1%: interpolation".to_owned() });
        panels.push(panel);
    }
    panels.extend(parameters(setting));
    let title = titled("Error against frozen layers", setting);
    let mut figure = Figure::new(title.clone(), Extent::two_columns(), panels);
    figure.columns = 3;
    figure.note = band_note(&setting.cells.iter());
    figure.description = description(setting);
    let mut caption =
        "From all layers frozen (only the head trains) to none. Oracle minimum: the lowest test error of any \
                       evaluation, selected on the test set. Train error: after the last epoch."
            .to_owned();
    caption.push_str(places(setting).note().unwrap_or_default());
    let sparse: Vec<String> = setting.sparse().iter().map(|cell| cell.frozen.short()).collect();
    if !sparse.is_empty() {
        let _ = write!(caption, " Left out, since few seeds have it: k = {}.", list(&sparse));
    }
    let incomplete = setting.over_layers(RunMeasure::Last).left_out.len();
    if incomplete > 0 {
        let seeds = text::counted(incomplete, "seed lacks", "seeds lack");
        let _ = write!(caption, " Left out: {seeds} a number of frozen layers.");
    }
    Some(Plotted { id: format!("frozen-layers{id}"), title, caption, figure, data: data(setting) })
}

/// The numbers of frozen layers of a setting.
pub(super) fn places(setting: &Setting) -> LayerPlaces {
    LayerPlaces::of(&setting.cells.iter().map(|cell| cell.frozen).collect::<Vec<_>>())
}

fn axis(setting: &Setting) -> ChartAxis {
    places(setting).axis()
}

fn points(setting: &Setting, outcome: RunMeasure) -> Vec<BandPoint<usize>> {
    band(&setting.over_layers(outcome), 0.95)
}

fn lines(setting: &Setting, place: usize, outcome: RunMeasure) -> Vec<Series> {
    let (points, places) = (points(setting, outcome), places(setting));
    if points.is_empty() {
        return Vec::new();
    }
    let line = points.iter().map(|point| (places.of_count(point.place), point.mean)).collect();
    let series = Series::line(place, outcome.title(), line);
    // Several overlapping bands would be unreadable, so only the first line has one.
    if ![RunMeasure::Last, RunMeasure::LastTrain].contains(&outcome) {
        return broken(series);
    }
    let band: Vec<(f64, &BandPoint<usize>)> =
        points.iter().map(|point| (places.of_count(point.place), point)).collect();
    broken(banded(series, &band))
}

fn parameters(setting: &Setting) -> Option<Panel> {
    let summary = |index: usize| &setting.cells[index].runs[0].summary;
    let places = places(setting);
    let counts = |of: &dyn Fn(usize) -> Option<u64>| -> Option<Vec<(f64, f64)>> {
        (0..setting.cells.len()).map(|index| Some((places.at(index), of(index)? as f64))).collect()
    };
    let trainable = counts(&|index| summary(index).trainable_parameters)?;
    let collapsed = counts(&|index| summary(index).collapsed_parameters);
    let level = summary(0).examples_times_classes?;
    let y = ChartAxis::new("trainable parameters", Scale::Log, ValueFormat::Count);
    let collapsed = collapsed.filter(|counts| *counts != trainable);
    let mut series = broken(Series::line(8, "parameters", trainable));
    series.extend(collapsed.into_iter().flat_map(|counts| broken(Series::line(9, "collapsed parameters", counts))));
    let mut panel = Panel::new(axis(setting), y, series);
    panel.marks.push(ReferenceLine::Horizontal { at: level as f64, label: "n · C".to_owned() });
    Some(panel)
}

fn description(setting: &Setting) -> String {
    let of = |cell: &crate::report::setting::SeedGroup| {
        Some(format!("{} {}", percent(cell.mean(RunMeasure::Last)?), cell.frozen.phrase()))
    };
    let values: Vec<String> = setting.cells.iter().filter_map(of).collect();
    format!("Mean test error of the last five epochs: {}.", values.join(", "))
}

fn data(setting: &Setting) -> NumberTable {
    let mut data = NumberTable::new(&[&["frozen_layers", "measure"][..], &SPREAD].concat());
    for outcome in RunMeasure::ALL {
        for point in points(setting, outcome) {
            let place = [point.place.to_string(), outcome.column().to_owned()];
            data.row(place.into_iter().chain(spread(&point)).collect());
        }
    }
    for cell in &setting.cells {
        let summary = &cell.runs[0].summary;
        let counts = [
            ("trainable_parameters", summary.trainable_parameters),
            ("collapsed_parameters", summary.collapsed_parameters),
        ];
        for (name, count) in counts.into_iter().filter_map(|(name, count)| Some((name, count?))) {
            let row = [cell.frozen.count.to_string(), name.to_owned(), cell.runs.len().to_string(), count.to_string()];
            let rest = std::iter::repeat_n(String::new(), SPREAD.len() - 2);
            data.row(row.into_iter().chain(rest).collect());
        }
    }
    data
}
