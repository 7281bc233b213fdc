//! The contents of a report, independent of the page format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use super::chart::{self, Plotted};
use super::judge::{self, Commands, Judgement};
use super::read::{self, LeftOut, ReadRuns, Run, SweepFolder};
use super::rerun::SpecChange;
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
    /// Cells that were planned and not run, in sentences.
    pub(super) not_run: Vec<String>,
}

impl ReportContents {
    /// Reads, sorts and judges the runs in some folders. Its commands expect the specs in the folder `specs`.
    pub(super) fn new(folders: &[&Path], specs: &Path) -> Result<Self> {
        let ReadRuns { runs, sweeps, mut left_out, not_run, .. } = read::read(folders)?;
        let settings = setting::sort(runs, &mut left_out);
        left_out.sort();
        if settings.all.is_empty() {
            let shown = left_out.iter().take(3).map(|out| format!("{}: {}", out.place, out.reason));
            let error = UserError::new("no run is finished and readable");
            return Err(shown.fold(error, UserError::hint).into());
        }
        let commands = Commands::new(specs);
        let again = again(&settings, &sweeps, &commands);
        let judgement = judge::judge(&settings.all, &sweeps, &commands);
        let (figures, not_drawn) = chart::all(&settings);
        let names: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
        let specs = commands.into_specs();
        Ok(Self {
            title: words::list(&names),
            settings,
            judgement,
            figures,
            not_drawn,
            again,
            specs,
            left_out,
            not_run,
        })
    }
}

/// For each folder of runs and schedule of evaluations, a command that reproduces them in another folder. Its spec states
/// the claims of the folder's sweep.
fn again(settings: &ComparedSettings, sweeps: &[SweepFolder], commands: &Commands) -> Vec<String> {
    let mut folders: BTreeMap<(&Path, Option<&str>), Vec<&Run>> = BTreeMap::new();
    for run in settings.all.iter().flat_map(Setting::runs) {
        let folder = run.directory.path().parent().unwrap_or(Path::new(""));
        folders.entry((folder, run.schedule.as_deref())).or_default().push(run);
    }
    let keys: Vec<(&Path, Option<&str>)> = folders.keys().copied().collect();
    let several = |folder: &Path| keys.iter().filter(|(known, _)| *known == folder).count() > 1;
    let of = |((folder, schedule), runs): ((&Path, Option<&str>), Vec<&Run>)| {
        let mut name = name(folder);
        if several(folder) {
            let _ = write!(name, "-every-{}", schedule.unwrap_or("default"));
        }
        let sweep = sweeps.iter().find(|sweep| sweep.folder == folder);
        let claims = sweep.and_then(|sweep| sweep.claims_table.clone()).map(|table| SpecChange::Set("report", table));
        let changes: Vec<SpecChange> = claims.into_iter().collect();
        Some(commands.named(&runs, &name, &changes, Path::new("again"))?.command)
    };
    folders.into_iter().filter_map(of).collect()
}

fn name(folder: &Path) -> String {
    let named = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    named.unwrap_or_else(|| folder.display().to_string())
}
