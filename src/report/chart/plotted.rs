//! A figure with its numbers.

use anyhow::Result;

use crate::analysis::{BandPoint, BandSpread, CompleteCurves, NamedCurve, band};
use crate::figure::{Band, Extent, Figure, Series};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words;
use crate::text;

/// Which errors a figure of final errors shows.
pub(super) const FINAL_ERRORS: &str = "Test error: mean of the last five epochs. Train error: after the last epoch.";

/// A figure, its caption and its data.
#[derive(Clone, Debug)]
pub(in crate::report) struct Plotted {
    /// The base name of its files.
    pub(in crate::report) id: String,
    pub(in crate::report) title: String,
    pub(in crate::report) caption: String,
    pub(in crate::report) figure: Figure,
    pub(in crate::report) data: NumberTable,
}

/// A table of numbers for CSV.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct NumberTable {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl NumberTable {
    pub(in crate::report) fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    pub(in crate::report) fn row(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The table as CSV.
    pub(in crate::report) fn csv(&self) -> Result<Vec<u8>> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(&self.header)?;
        for row in &self.rows {
            table.write_record(row)?;
        }
        Ok(table.into_inner()?)
    }
}

/// With fewer seeds intervals are so wide that they hide the curves: for two seeds, Student's is nine times their
/// distance.
const LEAST_SEEDS: usize = 3;

/// The shaded range around the mean: the 95% interval, or for two seeds the range from the lower to the higher one.
pub(in crate::report) fn shade<X>(point: &BandPoint<X>) -> Option<(f64, f64)> {
    let spread = point.spread?;
    if point.count < LEAST_SEEDS {
        return Some((spread.lowest, spread.highest));
    }
    Some((spread.lower.max(0.0), spread.upper.min(1.0)))
}

/// The shaded range for the values of some seeds.
pub(in crate::report) fn shade_of(values: &[f64]) -> Option<(f64, f64)> {
    let curve = |(seed, value): (usize, &f64)| NamedCurve { name: seed.to_string(), points: vec![((), *value)] };
    let curves = CompleteCurves::of(&[()], values.iter().enumerate().map(curve).collect());
    shade(band(&curves, 0.95).first()?)
}

/// A mean line with its shaded range. `x` is the position of each point on the axis.
pub(in crate::report) fn banded<X>(series: Series, points: &[(f64, &BandPoint<X>)]) -> Series {
    let band: Vec<(f64, f64, f64)> =
        points.iter().filter_map(|(x, point)| shade(point).map(|(low, high)| (*x, low, high))).collect();
    if band.is_empty() { series } else { series.with_band(Band(band)) }
}

/// The columns that `spread` fills.
pub(in crate::report) const SPREAD: [&str; 7] = ["seeds", "mean", "deviation", "lower", "upper", "lowest", "highest"];

/// Mean and spread of a point, for a table.
pub(in crate::report) fn spread<X>(point: &BandPoint<X>) -> Vec<String> {
    let field =
        |of: fn(&BandSpread) -> f64| point.spread.as_ref().map(|spread| of(spread).to_string()).unwrap_or_default();
    vec![
        point.count.to_string(),
        point.mean.to_string(),
        field(|spread| spread.deviation),
        field(|spread| spread.lower),
        field(|spread| spread.upper),
        field(|spread| spread.lowest),
        field(|spread| spread.highest),
    ]
}

/// A note about the bands: what they show, the number of seeds, and which seeds vary.
pub(in crate::report) fn band_note<'a>(cells: &(impl Iterator<Item = &'a SeedGroup> + Clone)) -> String {
    let counts = || cells.clone().map(|cell| cell.runs.len());
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let mut moves: Vec<&str> = Vec::new();
    for purpose in cells.clone().flat_map(SeedGroup::moving) {
        if !moves.contains(&purpose) {
            moves.push(purpose);
        }
    }
    let moves = if moves.is_empty() { String::new() } else { format!("; seeds that vary: {}", words::list(&moves)) };
    let seeds = if least == most { text::counted(most, "seed", "seeds") } else { format!("{least} to {most} seeds") };
    match (least, most) {
        (_, 0..2) => "One seed: no bands.".to_owned(),
        (_, 2) => format!("Bands: from the lower to the higher of 2 seeds{moves}."),
        (3.., _) => format!("Bands: 95% intervals of the mean over {seeds}{moves}."),
        _ => format!("Bands: 95% intervals of the mean over {seeds}, of two seeds their range{moves}."),
    }
}

/// A title, with the setting's if there are several.
pub(in crate::report) fn titled(title: &str, setting: &Setting) -> String {
    if setting.title.is_empty() { title.to_owned() } else { format!("{title}: {}", setting.title) }
}

/// The figure for one column of a paper or for a phone, with its panels below each other.
pub(in crate::report) fn narrow(figure: &Figure) -> Figure {
    let plot_height = figure.extent.plot_height.max(Extent::one_column().plot_height);
    Figure { extent: Extent::one_column().with_plot_height(plot_height), columns: 1, ..figure.clone() }
}

/// A sentence for the caption of a figure over a size.
pub(super) fn also_changed(with_size: &[&String]) -> String {
    if with_size.is_empty() {
        return String::new();
    }
    let names: Vec<String> = with_size.iter().map(|axis| words::short(axis)).collect();
    format!(" Also changed with the size: {}.", words::list(&names))
}
