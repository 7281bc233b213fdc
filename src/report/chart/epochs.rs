//! Error against epoch, on a logarithmic axis: for one cell all measures, for several cells test and train error side by
//! side.

use super::plotted::{NumberTable, Plotted, band_note, titled};
use super::thin::kept;
use crate::analysis::BandPoint;
use crate::figure::{
    Annotation, AxisRange, Band, ChartAxis, Extent, Figure, Panel, ReferenceLine, Series, SeriesStyle, settled,
};
use crate::report::read::{Measure, RunMeasure};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::percent;

/// More lines in one plot cannot be told apart.
const MOST_LINES: usize = 6;

/// The figure of a setting, if its runs have epochs to draw.
pub(super) fn of(setting: &Setting, id: &str) -> Option<Plotted> {
    let drawn = chosen(setting);
    let panels: Vec<Panel> = match drawn.as_slice() {
        [only] => one(only),
        several => {
            [Measure::Test, Measure::Train].into_iter().filter_map(|measure| compared(several, measure)).collect()
        }
    };
    if panels.is_empty() {
        return None;
    }
    let rest = setting.cells.len() - drawn.len();
    let mut note = band_note(setting);
    if drawn.iter().any(|cell| cell.interpolation_epoch().is_some()) && drawn.len() == 1 {
        note.push_str(" Vertical line: sustained interpolation (train error at most 1%), mean over seeds.");
    }
    let caption = if rest > 0 {
        format!("The data and the heat map have {rest} more numbers of frozen layers.")
    } else {
        String::new()
    };
    let title = titled("Error against epoch", setting);
    let mut figure = Figure::new(title.clone(), Extent::two_columns(), panels);
    figure.description = description(&drawn);
    figure.note = note;
    Some(Plotted { id: format!("epochs{id}"), title, caption, figure, data: data(setting) })
}

/// All cells if there are few; otherwise the first, the last, the one with the largest final error, and some in between.
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
    let style = if kept.len() > 60 { style.plain() } else { style };
    let series = Series::line(place, name, kept.iter().map(|&at| (x[at], y[at])).collect()).styled(style);
    let band: Vec<(f64, f64, f64)> = kept
        .iter()
        .filter_map(|&at| points[at].spread.map(|spread| (x[at], spread.lower.max(0.0), spread.upper.min(1.0))))
        .collect();
    if band.is_empty() { series } else { series.with_band(Band(band)) }
}

fn panel(title: &str, series: Vec<Series>) -> Panel {
    let y = ChartAxis::error(title).ranging(AxisRange::FitFrom(settled(&series)));
    Panel::new(ChartAxis::log_epochs(), y, series)
}

fn one(cell: &SeedGroup) -> Vec<Panel> {
    let series = |measures: &[Measure]| -> Vec<Series> {
        let lines = measures.iter().map(|measure| (measure, cell.band(*measure))).filter(|(_, band)| band.len() > 1);
        lines.enumerate().map(|(place, (measure, band))| line(place, measure.title().to_owned(), &band)).collect()
    };
    let groups = [
        ("test error", series(&[Measure::Test, Measure::TestAveraged])),
        (
            "train error",
            series(&[
                Measure::Train,
                Measure::TrainClean,
                Measure::TrainCorrupted,
                Measure::CorruptedTrue,
                Measure::TrainAveraged,
            ]),
        ),
    ];
    let mut panels: Vec<Panel> = groups
        .into_iter()
        .filter(|(_, series)| !series.is_empty())
        .map(|(title, series)| panel(title, series))
        .collect();
    for panel in &mut panels {
        panel.marks.extend(
            cell.interpolation_epoch().map(|at| ReferenceLine::Vertical { at, label: "interpolation".to_owned() }),
        );
    }
    if let Some(panel) = panels.first_mut() {
        panel.annotations.extend(extrema(&cell.band(Measure::Test), cell.runs[0].curves.settled_epoch));
    }
    panels
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
        .map(|(place, (cell, band))| line(place, format!("k = {}", cell.frozen.short()), &band))
        .collect();
    let title = format!("{} error", measure.title());
    (!series.is_empty()).then(|| panel(&title, series))
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
    let mut data =
        NumberTable::new(&["frozen_layers", "measure", "epoch", "seeds", "mean", "deviation", "lower", "upper"]);
    for cell in &setting.cells {
        for measure in Measure::ALL {
            for point in cell.band(measure) {
                let spread = point.spread;
                let field = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
                data.row(vec![
                    cell.frozen.count.to_string(),
                    measure.column().to_owned(),
                    point.place.to_string(),
                    point.count.to_string(),
                    point.mean.to_string(),
                    field(spread.map(|spread| spread.deviation)),
                    field(spread.map(|spread| spread.lower)),
                    field(spread.map(|spread| spread.upper)),
                ]);
            }
        }
    }
    data
}
