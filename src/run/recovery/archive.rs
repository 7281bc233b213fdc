//! Moves an existing run aside for `--fresh`, and deletes what a kill left half written.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::files;
use crate::run::recovery::checkpoint::{CheckpointStore, has_leftovers};
use crate::run::recovery::lock::{self, Lock, LockOutcome};
use crate::rundir::{Record, RunDirectory};
use crate::spec::{Checkpoints, Task};

/// Beside the runs of an experiment; hidden, so that nothing mistakes it for one of them.
const FOLDER: &str = ".old";

/// Whether a directory holds more than its lock.
pub(in crate::run) fn is_begun(directory: &RunDirectory) -> Result<bool> {
    Ok(files::names(directory.path())?.iter().any(|name| !lock::is_lock(name)))
}

/// Moves a directory to the first free name `<name>/.old/<folder>-N`, and releases its lock there.
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

/// Deletes what a kill left in the directory of a finished task: half-written files and checkpoints that are no longer
/// needed. A folder that is read-only or locked stays as it is.
pub(in crate::run) fn sweep(directory: &RunDirectory, task: &Task, checkpoints: &Checkpoints) {
    let folder = directory.path();
    if (files::has_unfinished(folder) || has_leftovers(directory, task, checkpoints))
        && let Ok(LockOutcome::Ours(lock)) = Lock::take(folder)
        // Another process may have begun to extend it in the meantime.
        && let Ok(Some(record)) = Record::read(directory)
        && record.has_finished(task)
    {
        let _ = files::remove_unfinished(folder);
        let _ = CheckpointStore::open(directory, &lock, task).and_then(|store| store.finish(checkpoints));
    }
}
