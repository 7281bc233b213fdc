//! Finds the runs below a folder.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;

use super::directory::RunDirectory;
use crate::error::UserError;
use crate::files;

/// Depth of runs below the output folder: `<out>/<name>/<run>`.
const DEEPEST: usize = 2;

/// The run directories in a folder and below it, without sources and archived runs.
pub fn directories(folder: &Path) -> Result<Vec<RunDirectory>> {
    if !folder.is_dir() {
        let error = UserError::new(format!("`{}` is not a folder", folder.display()));
        let is_spec = folder.extension().is_some_and(|ending| ending == "toml" || ending == "json");
        let runs = Path::new("runs").join(folder.file_stem().unwrap_or_default());
        let runs = is_spec.then(|| format!("give the folder of its runs, such as `{}`", runs.display()));
        return Err(error.hints_of(runs.as_slice()).into());
    }
    let mut found = Vec::new();
    look(folder, DEEPEST, &mut found)?;
    Ok(found)
}

/// The runs below several folders, each listed once.
pub fn directories_of(folders: &[&Path]) -> Result<Vec<RunDirectory>> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for folder in folders {
        found.extend(directories(folder)?.into_iter().filter(|run| seen.insert(run.path().to_path_buf())));
    }
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Vec<RunDirectory>) -> Result<()> {
    let directory = RunDirectory::at(folder);
    if directory.is_begun() {
        found.push(directory);
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    for name in files::names(folder)?.iter().filter(|name| !name.starts_with('.') && *name != "sources") {
        let below = folder.join(name);
        if below.is_dir() {
            look(&below, depth - 1, found)?;
        }
    }
    Ok(())
}
