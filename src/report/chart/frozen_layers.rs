//! Error against frozen layers, from all frozen to none, with train error and with trainable parameters against n · C.

use super::plotted::{NumberTable, Plotted, band_note, titled};
use crate::analysis::{BandPoint, band};
use crate::figure::{Band, ChartAxis, Extent, Figure, Panel, ReferenceLine, Scale, Series, ValueFormat};
use crate::report::read::RunMeasure;
use crate::report::setting::Setting;
use crate::report::words::percent;

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
        RunMeasure::Refitted,
    ];
    let series: Vec<Series> =
        test.into_iter().enumerate().filter_map(|(place, outcome)| line(setting, place, outcome)).collect();
    let mut panels = vec![Panel::new(axis(setting), ChartAxis::error("test error"), series)];
    if let Some(train) = line(setting, 5, RunMeasure::LastTrain) {
        let mut panel = Panel::new(axis(setting), ChartAxis::error("train error"), vec![train]);
        panel.marks.push(ReferenceLine::Horizontal { at: 0.01, label: "1%: interpolation".to_owned() });
        panels.push(panel);
    }
    panels.extend(parameters(setting));
    let title = titled("Error against frozen layers", setting);
    let mut figure = Figure::new(title.clone(), Extent::two_columns(), panels);
    figure.columns = 3;
    figure.note = band_note(setting);
    figure.description = description(setting);
    let caption =
        "From all layers frozen (only the head trains) to none. Oracle minimum: the lowest test error of any \
                   evaluation, selected on the test set."
            .to_owned();
    Some(Plotted { id: format!("frozen-layers{id}"), title, caption, figure, data: data(setting) })
}

/// Numbers of frozen layers as categories: a sweep may have only some of them.
fn axis(setting: &Setting) -> ChartAxis {
    ChartAxis::ordinal("frozen layers k", setting.cells.iter().map(|cell| cell.frozen.short()))
}

fn points(setting: &Setting, outcome: RunMeasure) -> Vec<BandPoint<usize>> {
    let curves = setting.over_layers(outcome);
    band(&curves, 0.95)
}

fn line(setting: &Setting, place: usize, outcome: RunMeasure) -> Option<Series> {
    let points = points(setting, outcome);
    if points.is_empty() {
        return None;
    }
    let line = points.iter().enumerate().map(|(at, point)| (at as f64, point.mean)).collect();
    let series = Series::line(place, outcome.title(), line);
    let band: Vec<(f64, f64, f64)> = points
        .iter()
        .enumerate()
        .filter_map(|(at, point)| point.spread.map(|spread| (at as f64, spread.lower.max(0.0), spread.upper.min(1.0))))
        .collect();
    // Several overlapping bands would be unreadable, so only the first line has one.
    let has_band = [RunMeasure::Last, RunMeasure::LastTrain].contains(&outcome) && !band.is_empty();
    Some(if has_band { series.with_band(Band(band)) } else { series })
}

fn parameters(setting: &Setting) -> Option<Panel> {
    let summary = |index: usize| &setting.cells[index].runs[0].summary;
    let counts = |of: &dyn Fn(usize) -> Option<u64>| -> Option<Vec<(f64, f64)>> {
        (0..setting.cells.len()).map(|index| Some((index as f64, of(index)? as f64))).collect()
    };
    let trainable = counts(&|index| summary(index).trainable_parameters)?;
    let collapsed = counts(&|index| summary(index).collapsed_parameters);
    let level = summary(0).examples_times_classes?;
    let y = ChartAxis::new("trainable parameters", Scale::Log, ValueFormat::Count);
    let mut series = vec![Series::line(4, "parameters", trainable.clone())];
    series.extend(
        collapsed.filter(|counts| *counts != trainable).map(|counts| Series::line(6, "collapsed parameters", counts)),
    );
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
    let mut data = NumberTable::new(&["frozen_layers", "measure", "seeds", "mean", "deviation", "lower", "upper"]);
    for outcome in RunMeasure::ALL {
        for point in points(setting, outcome) {
            let field = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            data.row(vec![
                point.place.to_string(),
                outcome.column().to_owned(),
                point.count.to_string(),
                point.mean.to_string(),
                field(point.spread.map(|spread| spread.deviation)),
                field(point.spread.map(|spread| spread.lower)),
                field(point.spread.map(|spread| spread.upper)),
            ]);
        }
    }
    data
}
