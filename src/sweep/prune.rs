//! Lean runs: what a study needs of a finished run without its weights and states.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use super::state::RunState;
use crate::files;
use crate::run;
use crate::rundir::{Record, RunDirectory, directories};

/// What became of a folder of runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pruned {
    /// Runs that are lean now, or would be.
    pub lean: Vec<PathBuf>,
    /// Bytes that were freed, or would be.
    pub bytes: u64,
    /// Runs that were left alone, and why.
    pub left: Vec<(PathBuf, String)>,
}

/// What a pruning keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneOptions {
    /// Whether final weights stay.
    pub weights: bool,
    /// Whether to report without removing anything.
    pub dry_run: bool,
}

/// Drops weights and states of the finished runs in a folder, and of the sources in it where `sources` says so.
pub fn prune(folder: &Path, keep: PruneOptions) -> Result<Pruned> {
    let mut pruned = Pruned::default();
    for directory in directories(folder)? {
        match RunState::of(&directory, None)? {
            RunState::Done => lighten(&directory, keep, &mut pruned)?,
            other => pruned.left.push((directory.path().to_path_buf(), format!("it is {}", other.name()))),
        }
    }
    Ok(pruned)
}

fn lighten(directory: &RunDirectory, keep: PruneOptions, pruned: &mut Pruned) -> Result<()> {
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
    // A process that extends the run needs its states.
    let Some(_lock) = run::hold(directory.path())? else {
        pruned.left.push((directory.path().to_path_buf(), "another process works on it".to_owned()));
        return Ok(());
    };
    if !keep.dry_run
        && !keep.weights
        && let Some(mut record) = Record::read(directory)?
    {
        // Before anything is removed: a run without weights that is not marked would be trained again.
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
        // Something of the user's may lie there too: then the folder stays.
        let _ = std::fs::remove_dir(&states);
    }
    pruned.lean.push(directory.path().to_path_buf());
    Ok(())
}
