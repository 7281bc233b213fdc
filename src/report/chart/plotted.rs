//! A figure with its numbers.

use anyhow::Result;

use crate::figure::{Extent, Figure};
use crate::report::setting::Setting;
use crate::report::words;
use crate::text;

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

/// The note of a figure about its bands and seeds.
pub(in crate::report) fn band_note(setting: &Setting) -> String {
    let counts: Vec<usize> = setting.cells.iter().map(|cell| cell.runs.len()).collect();
    let (least, most) = (counts.iter().min().copied().unwrap_or(0), counts.iter().max().copied().unwrap_or(0));
    let seeds = if least == most { text::counted(most, "seed", "seeds") } else { format!("{least} to {most} seeds") };
    let moving = setting.moving();
    if most < 2 {
        "One seed: no bands.".to_owned()
    } else if moving.is_empty() {
        format!("Bands: 95% intervals of the mean over {seeds}.")
    } else {
        format!("Bands: 95% intervals of the mean over {seeds}; varying: {}.", words::list(&moving))
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
