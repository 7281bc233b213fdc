//! What `--fresh` does with a run that is there: it is kept, under another name.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::directory::RunDirectory;
use super::lock::Lock;
use crate::files;

/// Beside the runs of an experiment; hidden, so that nobody takes it for one of them.
const FOLDER: &str = ".old";

/// Moves a directory to the first free name `<name>/.old/<folder>-N`; its lock goes with it, and ends.
pub(super) fn move_aside(directory: &RunDirectory, lock: Lock) -> Result<PathBuf> {
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
