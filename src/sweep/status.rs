//! Where the runs of a folder stand.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use super::record::SweepRecord;
use super::state::RunState;
use crate::error::UserError;
use crate::rundir::{Record, RunDirectory, directories};

/// Where the runs of a folder stand.
#[derive(Clone, Debug, Serialize)]
pub struct FolderStatus {
    /// Each of them.
    pub runs: Vec<RunStatus>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunStatus {
    /// Its cell's name in a sweep, else its directory's.
    pub name: String,
    /// Its directory.
    pub directory: PathBuf,
    /// Whether its sweep's grid no longer has it.
    pub outside: bool,
    /// Its place in the grid, where it is a cell.
    pub index: Option<usize>,
    #[serde(flatten)]
    /// Where it stands.
    pub state: RunState,
    /// Epochs trained, and epochs of its budget, where that is known.
    pub epochs: Option<[u64; 2]>,
    /// Seconds of all its attempts.
    pub seconds: Option<f64>,
    /// The machine that ran it last.
    pub host: Option<String>,
}

/// The runs below a folder: of a sweep, of all experiments, or the folder itself where it is a run. Cells of a sweep
/// that were not begun are among them.
pub fn status(folder: &Path) -> Result<FolderStatus> {
    let mut runs = Vec::new();
    for directory in directories(folder)? {
        let parent = directory.path().parent().unwrap_or(folder);
        let sweep = SweepRecord::read(parent)?;
        runs.push(of(&directory, sweep.as_ref())?);
    }
    if let Some(sweep) = SweepRecord::read(folder)? {
        let begun: Vec<String> = runs.iter().map(|run| RunDirectory::at(&run.directory).name()).collect();
        let absent = sweep.cells.iter().filter(|(name, _)| !begun.contains(name));
        runs.extend(absent.map(|(name, entry)| RunStatus {
            name: entry.name.clone(),
            directory: folder.join(name),
            outside: false,
            index: Some(entry.index),
            state: RunState::Waiting,
            epochs: None,
            seconds: None,
            host: None,
        }));
    }
    // Cells in the order of the grid, then what is no cell of it; other folders one after the other.
    runs.sort_by_key(|run| (run.directory.parent().map(Path::to_path_buf), run.index.unwrap_or(usize::MAX)));
    if runs.is_empty() {
        let message = format!("there are no runs in `{}`", folder.display());
        return Err(UserError::new(message).hint("give a run, the folder of a sweep, or that of all runs").into());
    }
    Ok(FolderStatus { runs })
}

fn of(directory: &RunDirectory, sweep: Option<&SweepRecord>) -> Result<RunStatus> {
    let (record, name) = (Record::read(directory)?, directory.name());
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
        state: RunState::of(directory, None)?,
        epochs,
        seconds: record.as_ref().and_then(|record| record.seconds),
        host: record.map(|record| record.host),
    })
}
