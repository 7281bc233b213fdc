//! Error against epoch, on a logarithmic axis: for one cell all measures, for several cells test and train error side
//! by side; and test error against train error.

use std::fmt::Write as _;

use super::plotted::{NumberTable, Plotted, SPREAD, band_note, banded, spread, titled};
use super::thin::kept;
use crate::analysis::{BandPoint, INTERPOLATION_EPSILON};
use crate::figure::{
    Annotation, AxisRange, ChartAxis, Extent, Figure, Panel, ReferenceLine, Scale, Series, SeriesStyle, ValueFormat,
    settled,
};
use crate::report::read::{Measure, RunMeasure, View};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::percent;

/// More lines in one plot cannot be told apart.
const MOST_LINES: usize = 6;
/// Lines with more points are drawn without markers.
const MANY_POINTS: usize = 60;

/// The figure of a setting, if its runs have epochs to draw.
pub(super) fn of(setting: &Setting, id: &str) -> Option<Plotted> {
    let drawn = chosen(setting);
    let mut panels: Vec<Panel> = match drawn.as_slice() {
        [only] => one(only),
        several => {
            [Measure::Test, Measure::Train].into_iter().filter_map(|measure| compared(several, measure)).collect()
        }
    };
    panels.extend(against_train_error(&drawn));
    if panels.is_empty() {
        return None;
    }
    let rest = setting.cells.len() - drawn.len();
    let mut note = band_note(&drawn.iter().copied());
    if drawn.len() == 1 && drawn[0].first_interpolation().is_some() {
        note.push_str(" Vertical line: train error first at most 1%, mean over seeds.");
    }
    let mut caption = CAPTION.to_owned();
    if drawn.len() == 1 && !drawn[0].band(Measure::TestAveraged).is_empty() {
        caption.push_str(" Averaged weights are drawn from three half-lives on.");
    }
    if rest > 0 {
        let _ = write!(caption, " {rest} more numbers of frozen layers are in the data and in the heat map.");
    }
    let title = titled("Error against epoch", setting);
    let mut figure = Figure::new(title.clone(), Extent::two_columns(), panels);
    figure.columns = 3;
    figure.description = description(&drawn);
    figure.note = note;
    Some(Plotted { id: format!("epochs{id}"), title, caption, figure, data: data(setting) })
}

const CAPTION: &str = "Test and train error after each evaluated epoch, and test error against train error: there, training goes \
                       from right to left, with a point where train error is two points below all earlier points, and for \
                       the last evaluation without a spike.";

/// All cells if there are few; otherwise the first, the last, the one with the largest final error, and some in
/// between.
fn chosen(setting: &Setting) -> Vec<&SeedGroup> {
    let cells = &setting.cells;
    if cells.len() <= MOST_LINES {
        return cells.iter().collect();
    }
    let error = |index: &usize| cells[*index].mean(RunMeasure::Last).unwrap_or(0.0);
    let worst = (0..cells.len()).max_by(|one, other| error(one).total_cmp(&error(other)));
    let mut indices: Vec<usize> = vec![0, cells.len() - 1];
    indices.extend(worst);
    for step in 1..MOST_LINES {
        let between = step * (cells.len() - 1) / (MOST_LINES - 1);
        if indices.len() < MOST_LINES && !indices.contains(&between) {
            indices.push(between);
        }
    }
    indices.sort_unstable();
    indices.dedup();
    indices.into_iter().map(|index| &cells[index]).collect()
}

/// A line with its band, from epoch 1 on.
fn line(place: usize, name: String, points: &[BandPoint<u64>]) -> Series {
    let points: Vec<&BandPoint<u64>> = points.iter().filter(|point| point.place > 0).collect();
    let x: Vec<f64> = points.iter().map(|point| point.place as f64).collect();
    let y: Vec<f64> = points.iter().map(|point| point.mean).collect();
    let kept = kept(&x, &y);
    let style = SeriesStyle::nth(place);
    let style = if kept.len() > MANY_POINTS { style.plain() } else { style };
    let series = Series::line(place, name, kept.iter().map(|&at| (x[at], y[at])).collect()).styled(style);
    banded(series, &kept.iter().map(|&at| (x[at], points[at])).collect::<Vec<_>>())
}

fn panel(title: &str, series: Vec<Series>) -> Panel {
    let y = ChartAxis::error(title).ranging(AxisRange::FitFrom(settled(&series)));
    Panel::new(ChartAxis::log_epochs(), y, series)
}

/// The level of interpolation, without a label: panels are narrow, and captions explain it.
fn level() -> ReferenceLine {
    ReferenceLine::Horizontal { at: INTERPOLATION_EPSILON, label: String::new() }
}

fn one(cell: &SeedGroup) -> Vec<Panel> {
    // One legend explains all panels, so no two lines share a style.
    let lines = |measures: &[Measure], styles: usize| -> Vec<Series> {
        let lines = measures.iter().map(|measure| (measure, cell.band(*measure))).filter(|(_, band)| band.len() > 1);
        let named = lines.enumerate();
        named.map(|(place, (measure, band))| line(styles + place, measure.title().to_owned(), band)).collect()
    };
    let mut test = lines(&[Measure::Test, Measure::TestAveraged], 0);
    for (place, view, name) in [(2, View::Annealed, "test, annealed"), (3, View::Refitted, "test, refitted head")] {
        let points = branches(cell, view);
        if !points.is_empty() {
            test.push(Series::line(place, name, points).styled(SeriesStyle::nth(place).scattered()));
        }
    }
    let of_train =
        [Measure::Train, Measure::TrainClean, Measure::TrainCorrupted, Measure::CorruptedTrue, Measure::TrainAveraged];
    let train = lines(&of_train, test.len());
    let groups = [("test error", test), ("train error", train)];
    let drawn = groups.into_iter().filter(|(_, series)| !series.is_empty());
    let mut panels: Vec<Panel> = drawn.map(|(title, series)| panel(title, series)).collect();
    for panel in &mut panels {
        panel.marks.extend(
            cell.first_interpolation().map(|at| ReferenceLine::Vertical { at, label: "interpolation".to_owned() }),
        );
    }
    if let Some(panel) = panels.first_mut() {
        panel.annotations.extend(extrema(cell.band(Measure::Test), cell.runs[0].curves.settled_epoch));
    }
    panels
}

/// The mean over seeds at each epoch at which all of them have a branch.
fn branches(cell: &SeedGroup, view: View) -> Vec<(f64, f64)> {
    let curves: Vec<_> = cell.runs.iter().map(|run| run.test_errors(view)).collect();
    let Some((first, others)) = curves.split_first() else { return Vec::new() };
    let mean = |epoch: u64| -> Option<f64> {
        let at = |curve: &Vec<crate::analysis::Point>| {
            Some(curve[curve.binary_search_by_key(&epoch, |point| point.epoch).ok()?].error)
        };
        let errors: Option<Vec<f64>> = others.iter().chain([first]).map(at).collect();
        errors.map(|errors| errors.iter().sum::<f64>() / errors.len() as f64)
    };
    first
        .iter()
        .filter(|point| point.epoch > 0)
        .filter_map(|point| Some((point.epoch as f64, mean(point.epoch)?)))
        .collect()
}

/// Labels at the first minimum, the peak and the later minimum of the mean curve.
fn extrema(points: &[BandPoint<u64>], from: u64) -> Vec<Annotation> {
    let curve: Vec<crate::analysis::Point> = points
        .iter()
        .filter(|point| point.place >= from.max(1))
        .map(|point| crate::analysis::Point { epoch: point.place, error: point.mean })
        .collect();
    // A bump of less than half a point is not worth labels.
    let Some(bump) = crate::analysis::largest_bump(&curve).filter(|bump| bump.size >= 0.005) else { return Vec::new() };
    [
        (bump.first_minimum_epoch, bump.first_minimum),
        (bump.peak_epoch, bump.peak),
        (bump.later_minimum_epoch, bump.later_minimum),
    ]
    .map(|(epoch, error)| Annotation { x: epoch as f64, y: error, label: percent(error) })
    .to_vec()
}

fn compared(cells: &[&SeedGroup], measure: Measure) -> Option<Panel> {
    let series: Vec<Series> = cells
        .iter()
        .map(|cell| (cell, cell.band(measure)))
        .enumerate()
        .filter(|(_, (_, band))| band.len() > 1)
        .map(|(place, (cell, band))| line(place, name(cell), band))
        .collect();
    let mut panel = panel(&format!("{} error", measure.title()), series);
    if measure == Measure::Train {
        panel.marks.push(level());
    }
    (!panel.series.is_empty()).then_some(panel)
}

fn name(cell: &SeedGroup) -> String {
    format!("k = {}", cell.frozen.short())
}

/// Test error against train error, from the first epoch of the other panels on.
fn against_train_error(cells: &[&SeedGroup]) -> Option<Panel> {
    let tests: Vec<&[BandPoint<u64>]> = cells.iter().map(|cell| cell.band(Measure::Test)).collect();
    let lines: Vec<Series> = tests.iter().map(|test| line(0, String::new(), test)).collect();
    let from = settled(&lines);
    let of = |place: usize| {
        let (cell, test, drawn) = (cells[place], tests[place], &lines[place]);
        let train = cell.band(Measure::Train);
        let measured = train.iter().filter(|point| point.place as f64 >= from.max(1.0)).filter_map(|train| {
            let at = test.binary_search_by_key(&train.place, |point| point.place).ok()?;
            Some((train.mean, test[at].mean))
        });
        // Names and styles are those of the other panels.
        let name = if cells.len() == 1 { Measure::Test.title().to_owned() } else { name(cell) };
        let style = SeriesStyle::nth(place);
        let style = if drawn.style.marker.is_none() { style.plain() } else { style };
        Series::line(place, name, one_for_each_step(measured)).styled(style)
    };
    let series: Vec<Series> = (0..cells.len()).map(of).collect();
    let series: Vec<Series> = series.into_iter().filter(|series| series.points.len() > 1).collect();
    let x = ChartAxis::new("train error", Scale::Linear, ValueFormat::Percent);
    (!series.is_empty()).then(|| Panel::new(x, ChartAxis::error("test error"), series))
}

/// Evaluations, in order, whose train error is a step below all before, or that interpolate first, and the last one that is
/// not above all of these: spikes go back to larger train errors.
fn one_for_each_step(measured: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    const STEP: f64 = 0.02;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let (mut least, mut last) = (f64::INFINITY, None);
    for point in measured {
        let interpolates_first = point.0 <= INTERPOLATION_EPSILON && least > INTERPOLATION_EPSILON;
        if point.0 <= least - STEP || interpolates_first {
            (least, last) = (point.0, None);
            kept.push(point);
        } else if point.0 <= least.max(INTERPOLATION_EPSILON) {
            last = Some(point);
        }
    }
    kept.extend(last);
    kept
}

fn description(cells: &[&SeedGroup]) -> String {
    let end = |cell: &&SeedGroup| {
        let (test, train) = (cell.mean(RunMeasure::Last)?, cell.mean(RunMeasure::LastTrain)?);
        Some(format!(
            "{}: test error {}, train error {} at the end",
            cell.frozen.phrase(),
            percent(test),
            percent(train)
        ))
    };
    let ends: Vec<String> = cells.iter().filter_map(end).collect();
    format!("Lines of error over epochs. {}.", ends.join("; "))
}

fn data(setting: &Setting) -> NumberTable {
    let mut data = NumberTable::new(&[&["frozen_layers", "measure", "epoch"][..], &SPREAD].concat());
    for cell in &setting.cells {
        for measure in Measure::ALL {
            for point in cell.band(measure) {
                let place = [cell.frozen.count.to_string(), measure.column().to_owned(), point.place.to_string()];
                data.row(place.into_iter().chain(spread(point)).collect());
            }
        }
        for view in [View::Annealed, View::Refitted] {
            for (epoch, mean) in branches(cell, view) {
                let place = [cell.frozen.count.to_string(), view.outcome().column().to_owned(), epoch.to_string()];
                let means = [cell.runs.len().to_string(), mean.to_string()];
                let rest = std::iter::repeat_n(String::new(), SPREAD.len() - means.len());
                data.row(place.into_iter().chain(means).chain(rest).collect());
            }
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_do_not_go_back_along_the_axis() {
        let evaluations = [(0.6, 0.5), (0.59, 0.4), (0.3, 0.42), (0.01, 0.6), (0.14, 0.7), (0.0, 0.55), (0.2, 0.8)];
        let expected = [(0.6, 0.5), (0.3, 0.42), (0.01, 0.6), (0.0, 0.55)];
        assert_eq!(one_for_each_step(evaluations.into_iter()), expected);
    }
}
