//! Lean runs: finished runs without weights and checkpoints, which a study can keep.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use super::state::RunState;
use crate::error::UserError;
use crate::files;
use crate::run;
use crate::rundir::{Record, RunDirectory, directories};

/// The result of pruning.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pruned {
    /// Runs that were pruned, or would be.
    pub lean: Vec<PathBuf>,
    /// Bytes that were freed, or would be.
    pub bytes: u64,
    /// Skipped runs, and why.
    pub left: Vec<(PathBuf, String)>,
}

/// What to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneOptions {
    /// Keep the final weights.
    pub weights: bool,
    /// Report without deleting anything.
    pub dry_run: bool,
}

/// Deletes weights and checkpoints of the finished runs in a folder.
pub fn prune(folder: &Path, keep: PruneOptions) -> Result<Pruned> {
    let (mut pruned, runs) = (Pruned::default(), directories(folder)?);
    if runs.is_empty() {
        let message = format!("there are no runs in `{}`", folder.display());
        return Err(UserError::new(message)
            .hint("give a run, the folder of a sweep, or the folder of all runs")
            .into());
    }
    for directory in runs {
        match RunState::of(&directory, None)? {
            RunState::Done => prune_run(&directory, keep, &mut pruned)?,
            other => pruned.left.push((directory.path().to_path_buf(), other.name().to_owned())),
        }
    }
    Ok(pruned)
}

fn prune_run(directory: &RunDirectory, keep: PruneOptions, pruned: &mut Pruned) -> Result<()> {
    let mut gone: Vec<PathBuf> = Vec::new();
    if !keep.weights {
        gone.extend(Some(directory.weights()).filter(|path| path.is_file()));
    }
    let states = directory.checkpoints();
    if states.is_dir() {
        gone.extend(files::names(&states)?.iter().map(|name| states.join(name)));
    }
    if gone.is_empty() {
        return Ok(());
    }
    // A process that extends the run needs its checkpoints.
    let Some(_lock) = run::hold(directory.path())? else {
        pruned.left.push((directory.path().to_path_buf(), "locked by another process".to_owned()));
        return Ok(());
    };
    if !keep.dry_run
        && !keep.weights
        && let Some(mut record) = Record::read(directory)?
    {
        // Before deleting anything: an unmarked run without weights would be trained again.
        record.lean = true;
        record.write(directory)?;
    }
    for path in gone {
        pruned.bytes += path.metadata().map_or(0, |data| data.len());
        if !keep.dry_run {
            files::remove(&path)?;
        }
    }
    if !keep.dry_run {
        // Fails if the user's files are in there too: then the folder stays.
        let _ = std::fs::remove_dir(&states);
    }
    pruned.lean.push(directory.path().to_path_buf());
    Ok(())
}
