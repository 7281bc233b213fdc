//! The contents of a report, independent of the page format.

use std::path::Path;

use anyhow::Result;

use super::chart::{self, Plotted};
use super::judge::{self, Judgement};
use super::read::{self, LeftOut, ReadRuns, SweepFolder};
use super::setting::{self, ComparedSettings};
use super::words;
use crate::error::UserError;

/// Everything that the pages show.
pub(super) struct ReportContents {
    pub(super) title: String,
    pub(super) settings: ComparedSettings,
    pub(super) judgement: Judgement,
    pub(super) figures: Vec<Plotted>,
    /// A note about figures that were not drawn.
    pub(super) not_drawn: Option<String>,
    pub(super) sweeps: Vec<SweepFolder>,
    pub(super) left_out: Vec<LeftOut>,
}

impl ReportContents {
    /// Reads, groups and judges the runs in some folders.
    pub(super) fn new(folders: &[&Path]) -> Result<Self> {
        let ReadRuns { runs, sweeps, mut left_out } = read::read(folders)?;
        let settings = setting::sort(runs, &mut left_out);
        left_out.sort();
        if settings.all.is_empty() {
            let shown = left_out.iter().take(3).map(|out| format!("{}: {}", out.place, out.reason));
            let error = UserError::new("no run is finished and readable");
            return Err(shown.fold(error, UserError::hint).into());
        }
        let judgement = judge::judge(&settings.all, &sweeps);
        let (figures, not_drawn) = chart::all(&settings);
        let names: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
        Ok(Self { title: words::list(&names), settings, judgement, figures, not_drawn, sweeps, left_out })
    }
}

fn name(folder: &Path) -> String {
    let named = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    named.unwrap_or_else(|| folder.display().to_string())
}
