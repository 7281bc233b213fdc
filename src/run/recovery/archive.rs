//! What lies in a run's directory and is in the way: `--fresh` keeps a run that is there under another name, and what a
//! kill left half written goes.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::files;
use crate::run::recovery::checkpoint::{CheckpointStore, has_leftovers};
use crate::run::recovery::lock::{self, Lock, LockOutcome};
use crate::rundir::{Record, RunDirectory};
use crate::spec::Task;

/// Beside the runs of an experiment; hidden, so that nobody takes it for one of them.
const FOLDER: &str = ".old";

/// Whether a directory holds more than its lock.
pub(in crate::run) fn is_begun(directory: &RunDirectory) -> Result<bool> {
    Ok(files::names(directory.path())?.iter().any(|name| !lock::is_lock(name)))
}

/// Moves a directory to the first free name `<name>/.old/<folder>-N`; its lock goes with it, and ends.
pub(in crate::run) fn move_aside(directory: &RunDirectory, lock: Lock) -> Result<PathBuf> {
    let (parent, name) = directory.path().parent().zip(directory.path().file_name()).context("a run has a folder")?;
    let folder = parent.join(FOLDER);
    files::create_folder(&folder)?;
    files::check_inside(&folder, parent)?;
    let free = (1u32..).map(|number| folder.join(format!("{}-{number}", name.to_string_lossy())));
    let free = free.into_iter().find(|path| std::fs::symlink_metadata(path).is_err()).context("a name is free")?;
    files::rename(directory.path(), &free)?;
    lock.leave_in(&free)?;
    Ok(free)
}

/// Removes what a kill left in the directory of a finished task: half a file, and states that it has no use for. A folder
/// that cannot be written, or that another works in, stays as it is.
pub(in crate::run) fn sweep(directory: &RunDirectory, task: &Task, last: Option<u64>) {
    let folder = directory.path();
    if (files::has_unfinished(folder) || has_leftovers(directory, task, last))
        && let Ok(LockOutcome::Ours(lock)) = Lock::take(folder)
        // Another may have begun to extend it since it was looked at.
        && let Ok(Some(record)) = Record::read(directory)
        && record.has_finished(task)
    {
        let _ = files::remove_unfinished(folder);
        let _ = CheckpointStore::open(directory, &lock, task).and_then(|store| store.finish(last));
    }
}
