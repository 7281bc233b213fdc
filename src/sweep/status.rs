//! The state of every run in a folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use super::record::{CellRecord, SweepRecord, SweepRecords};
use super::state::RunState;
use crate::error::UserError;
use crate::files;
use crate::rundir::{Record, RunDirectory, directories};

/// The state of every run in a folder.
#[derive(Clone, Debug, Serialize)]
pub struct FolderStatus {
    /// Cells in the order of their grid, then other runs.
    pub runs: Vec<RunStatus>,
}

/// The state of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunStatus {
    /// The cell's name in a sweep, otherwise the directory's.
    pub name: String,
    /// The run directory.
    pub directory: PathBuf,
    /// Whether the sweep's grid no longer contains it.
    pub outside: bool,
    /// Its place in the grid, if it is a cell.
    pub index: Option<usize>,
    #[serde(flatten)]
    /// Its state.
    pub state: RunState,
    /// Epochs trained and epochs of its budget, if known.
    pub epochs: Option<[u64; 2]>,
    /// Seconds of all attempts together.
    pub seconds: Option<f64>,
    /// The machine that ran it last.
    pub host: Option<String>,
    /// Why it cannot start: its source failed.
    pub blocked: Option<String>,
}

/// The runs in a folder: of a sweep, of all experiments, or the folder itself if it is a run. Includes cells of a sweep
/// that have not started.
pub fn status(folder: &Path) -> Result<FolderStatus> {
    let (mut runs, mut sweeps) = (Vec::new(), SweepRecords::default());
    for directory in directories(folder)? {
        let sweep = sweeps.of(&directory)?;
        runs.push(of(&directory, sweep)?);
    }
    let begun: HashSet<PathBuf> = runs.iter().map(|run| run.directory.clone()).collect();
    for sweep in sweep_folders(folder)? {
        if let Some(record) = SweepRecord::read(&sweep)? {
            runs.extend(not_begun(&record, &sweep, &begun)?);
        }
    }
    // By folder; in each, cells in the order of the grid, then other runs.
    runs.sort_by_key(|run| (run.directory.parent().map(Path::to_path_buf), run.index.unwrap_or(usize::MAX)));
    if runs.is_empty() {
        let message = format!("there are no runs in `{}`", folder.display());
        return Err(UserError::new(message)
            .hint("give a run, the folder of a sweep, or the folder of all runs")
            .into());
    }
    Ok(FolderStatus { runs })
}

/// A folder and those in it, any of which may be a sweep's.
fn sweep_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let within = files::names(folder)?.into_iter().map(|name| folder.join(name)).filter(|path| path.is_dir());
    Ok(std::iter::once(folder.to_path_buf()).chain(within).collect())
}

/// The cells of a sweep without a directory.
fn not_begun(sweep: &SweepRecord, folder: &Path, begun: &HashSet<PathBuf>) -> Result<Vec<RunStatus>> {
    let mut failures = FailedSources::beside(folder)?;
    let absent = sweep.cells.iter().map(|(name, cell)| (folder.join(name), cell));
    let waiting = |(directory, cell): (PathBuf, &CellRecord)| RunStatus {
        name: cell.name.clone(),
        directory,
        outside: false,
        index: Some(cell.index),
        state: RunState::Waiting,
        epochs: None,
        seconds: None,
        host: None,
        blocked: cell.source.as_deref().and_then(|source| failures.of(source)),
    };
    Ok(absent.filter(|(directory, _)| !begun.contains(directory)).map(waiting).collect())
}

/// Why sources failed, each looked up once.
struct FailedSources {
    out: PathBuf,
    known: HashMap<String, Option<String>>,
}

impl FailedSources {
    fn beside(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        Ok(Self { out: folder.parent().unwrap_or(&folder).to_path_buf(), known: HashMap::new() })
    }

    fn of(&mut self, source: &str) -> Option<String> {
        if let Some(known) = self.known.get(source) {
            return known.clone();
        }
        let reason = match RunState::of(&RunDirectory::of_source(&self.out, source), None) {
            Ok(RunState::Failed(reason) | RunState::Diverged(reason)) => Some(format!("source {source}: {reason}")),
            _ => None,
        };
        self.known.insert(source.to_owned(), reason.clone());
        reason
    }
}

fn of(directory: &RunDirectory, sweep: Option<&SweepRecord>) -> Result<RunStatus> {
    // A record that cannot be read is reported by the state.
    let (record, name) = (Record::read(directory).ok().flatten(), directory.name());
    let entry = sweep.and_then(|sweep| sweep.cells.get(&name));
    let gone = sweep.and_then(|sweep| sweep.outside.get(&name));
    let epochs = record.as_ref().map(|record| {
        let done = directory.last_row().map_or(0, |row| row.epoch);
        [done, record.length.epochs]
    });
    Ok(RunStatus {
        name: entry.or(gone).map_or(name, |entry| entry.name.clone()),
        directory: directory.path().to_path_buf(),
        outside: gone.is_some(),
        index: entry.map(|entry| entry.index),
        state: RunState::of(directory, entry.and_then(|entry| entry.length))?,
        epochs,
        seconds: record.as_ref().and_then(|record| record.seconds),
        host: record.map(|record| record.host),
        blocked: None,
    })
}
