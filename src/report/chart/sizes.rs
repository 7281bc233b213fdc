//! Test error against the size of the target's and of the source's training set.

use std::collections::BTreeMap;

use super::plotted::{FINAL_ERRORS, NumberTable, Plotted, also_changed, band_note, shade_of};
use crate::figure::{Band, ChartAxis, Extent, Figure, Panel, Scale, Series, ValueFormat};
use crate::report::read::RunMeasure;
use crate::report::setting::{ComparedSettings, SeedGroup, Setting};
use crate::report::setting_names::in_words;

const SIZES: [(&str, &str, &str); 2] = [
    ("target.train_size", "target-size", "target training examples"),
    ("source.train_size", "source-size", "source training examples"),
];
/// More lines in one plot cannot be told apart.
const MOST_LINES: usize = 6;

/// One figure per size that is an axis.
pub(super) fn of(settings: &ComparedSettings) -> Vec<Plotted> {
    SIZES
        .iter()
        .filter(|(key, ..)| settings.axes.iter().any(|axis| axis == key))
        .filter_map(|size| one(settings, size))
        .collect()
}

type SizeCurve<'a> = BTreeMap<usize, &'a SeedGroup>;

fn one(settings: &ComparedSettings, (key, id, title): &(&str, &str, &str)) -> Option<Plotted> {
    let mut lines: BTreeMap<(String, usize), (String, SizeCurve)> = BTreeMap::new();
    let (with_size, others) = settings.by_size(key);
    for setting in &settings.all {
        let Some(size) = size(setting, key) else { continue };
        let rest = in_words(&setting.values, &others);
        for cell in &setting.cells {
            let k = format!("k = {}", cell.frozen.short());
            let name = if rest.is_empty() { k } else { format!("{k}, {rest}") };
            let (_, line) = lines.entry((rest.clone(), cell.frozen.count)).or_insert_with(|| (name, SizeCurve::new()));
            line.insert(size, cell);
        }
    }
    lines.retain(|_, (_, line)| line.len() >= 2);
    if lines.is_empty() {
        return None;
    }
    // The first, the last and some in between.
    let most = lines.len().min(MOST_LINES);
    let chosen: Vec<usize> = (0..most).map(|line| line * (lines.len() - 1) / (most - 1).max(1)).collect();
    let drawn = || lines.values().enumerate().filter(|(index, _)| chosen.contains(index)).map(|(_, line)| line);
    let panel = |outcome: RunMeasure, title_y: &str| {
        let series: Vec<Series> =
            drawn().enumerate().map(|(place, (name, line))| series(place, name, line, outcome)).collect();
        let x = ChartAxis::new(*title, Scale::Log, ValueFormat::Count);
        Panel::new(x, ChartAxis::error(title_y), series)
    };
    let panels = vec![panel(RunMeasure::Last, "test error"), panel(RunMeasure::LastTrain, "train error")];
    let heading = format!("Error against {title}");
    let mut figure = Figure::new(heading.clone(), Extent::two_columns(), panels);
    figure.note = band_note(&drawn().flat_map(|(_, line)| line.values().copied()));
    figure.description = format!("{heading}, a line for each number of frozen layers, means over seeds.");
    let left = lines.len() - drawn().count();
    let mut caption = FINAL_ERRORS.to_owned();
    caption.push_str(&also_changed(&with_size));
    if left > 0 {
        caption.extend([format!(" {left} more lines are in the data.")]);
    }
    let mut data = NumberTable::new(&["line", "size", "seeds", "test_error", "train_error"]);
    for (name, line) in lines.values() {
        for (size, cell) in line {
            let mean = |outcome| cell.mean(outcome).map(|mean| mean.to_string()).unwrap_or_default();
            data.row(vec![
                name.clone(),
                size.to_string(),
                cell.runs.len().to_string(),
                mean(RunMeasure::Last),
                mean(RunMeasure::LastTrain),
            ]);
        }
    }
    Some(Plotted { id: (*id).to_owned(), title: heading, caption, figure, data })
}

/// The size in examples. If it is not a number, such as `all`, it is known only for the target.
fn size(setting: &Setting, key: &str) -> Option<usize> {
    if key.starts_with("target") {
        setting.runs().next()?.train_examples
    } else {
        setting.values.get(key)?.parse().ok()
    }
}

fn series(place: usize, name: &str, line: &SizeCurve, outcome: RunMeasure) -> Series {
    let points = line.iter().filter_map(|(size, cell)| Some((*size as f64, cell.mean(outcome)?))).collect();
    let shaded = |(size, cell): (&usize, &&SeedGroup)| {
        let (low, high) = shade_of(&cell.outcomes(outcome)?)?;
        Some((*size as f64, low, high))
    };
    let band: Vec<_> = line.iter().filter_map(shaded).collect();
    let series = Series::line(place, name, points);
    if band.is_empty() { series } else { series.with_band(Band(band)) }
}
