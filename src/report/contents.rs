//! The contents of a report, independent of the page format.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::chart::{self, Plotted};
use super::judge::{self, Commands, Judgement};
use super::read::{self, LeftOut, ReadRuns, Run};
use super::setting::{self, ComparedSettings, Setting};
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
    /// Commands that reproduce the runs.
    pub(super) again: Vec<String>,
    /// File name and text of the specs of those commands and of missing controls.
    pub(super) specs: BTreeMap<String, String>,
    pub(super) left_out: Vec<LeftOut>,
}

impl ReportContents {
    /// Reads, sorts and judges the runs in some folders. Its commands expect the specs in the folder `specs`.
    pub(super) fn new(folders: &[&Path], specs: &Path) -> Result<Self> {
        let ReadRuns { runs, sweeps, mut left_out, .. } = read::read(folders)?;
        let settings = setting::sort(runs, &mut left_out);
        left_out.sort();
        if settings.all.is_empty() {
            let shown = left_out.iter().take(3).map(|out| format!("{}: {}", out.place, out.reason));
            let error = UserError::new("no run is finished and readable");
            return Err(shown.fold(error, UserError::hint).into());
        }
        let commands = Commands::new(specs);
        let again = again(&settings, &commands);
        let judgement = judge::judge(&settings.all, &sweeps, &commands);
        let (figures, not_drawn) = chart::all(&settings);
        let names: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
        let specs = commands.into_specs();
        Ok(Self { title: words::list(&names), settings, judgement, figures, not_drawn, again, specs, left_out })
    }
}

/// For each folder of runs, a command that reproduces them in another folder.
fn again(settings: &ComparedSettings, commands: &Commands) -> Vec<String> {
    let mut folders: BTreeMap<&Path, Vec<&Run>> = BTreeMap::new();
    for run in settings.all.iter().flat_map(Setting::runs) {
        folders.entry(run.directory.path().parent().unwrap_or(Path::new(""))).or_default().push(run);
    }
    let of = |(folder, runs): (&Path, Vec<&Run>)| {
        let name = folder.file_name().map_or_else(|| "runs".into(), |name| name.to_string_lossy());
        Some(commands.named(&runs, &name, &[], Path::new("again"))?.command)
    };
    folders.into_iter().filter_map(of).collect()
}

fn name(folder: &Path) -> String {
    let named = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    named.unwrap_or_else(|| folder.display().to_string())
}
