//! Restores finished cells from another folder: lean runs of a study, committed or copied from another machine.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::plan::SweepPlan;
use super::state::RunState;
use crate::error::UserError;
use crate::files;
use crate::run::{self, Fixed};
use crate::rundir::{self, Metrics, RunDirectory, Summary, directories};

/// Copies the chosen cells that are finished in an archive and have not started here. Returns how many. An error if one is
/// damaged, or was computed in another precision than the sweep.
pub fn restore(plan: &SweepPlan, chosen: &[usize], archive: &Path, fixed: Fixed) -> Result<usize> {
    let there = directories(archive)?;
    let mut copied = 0;
    for &index in chosen {
        let cell = &plan.cells[index];
        let name = cell.directory.name();
        let Some(kept) = there.iter().find(|directory| directory.name() == name) else { continue };
        let length = Some(cell.length);
        if cell.directory.is_begun() || RunState::of(kept, length)? != RunState::Done {
            continue;
        }
        check_table(kept)?;
        if let Some(precision) = cell.other_precision(kept, fixed)? {
            let (found, own) = (precision.name(), fixed.precision.name());
            let message =
                format!("`{}` was computed in {found}, and this sweep computes in {own}", kept.path().display());
            return Err(UserError::new(message).hint("set `precision` and another `name` in the spec").into());
        }
        files::create_folder(cell.directory.path())?;
        // Another process may have begun the cell meanwhile.
        let Some(_lock) = run::hold(cell.directory.path())? else { continue };
        if !cell.directory.is_begun() {
            copy(kept, &cell.directory)?;
            copied += 1;
        }
    }
    Ok(copied)
}

/// An error if the table of a finished run is damaged: nothing would repair it here.
fn check_table(run: &RunDirectory) -> Result<()> {
    let rows: Result<Vec<Metrics>> = rundir::read(&run.metrics());
    let is_torn = fs::read(run.metrics()).is_ok_and(|bytes| !bytes.ends_with(b"\n"));
    let ends_with = rows.ok().and_then(|rows| rows.last().map(|row| row.step));
    if !is_torn && ends_with == Summary::read(run).map(|summary| summary.steps) {
        return Ok(());
    }
    let message = format!("`{}` is damaged: it does not end with the last step of the run", run.metrics().display());
    Err(UserError::new(message).hint("move that run out of the archive, and the sweep trains it").into())
}

/// Copies the record last: without it the cell does not count as finished.
fn copy(from: &RunDirectory, to: &RunDirectory) -> Result<()> {
    let record = from.record();
    copy_folder(from.path(), to.path(), &record)?;
    copy_file(&record, &to.record())
}

fn copy_folder(from: &Path, to: &Path, except: &Path) -> Result<()> {
    files::create_folder(to)?;
    for name in files::names(from)?.iter().filter(|name| !name.starts_with('.')) {
        let (source, target) = (from.join(name), to.join(name));
        if source.is_dir() {
            copy_folder(&source, &target, except)?;
        } else if source != except {
            copy_file(&source, &target)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("cannot read `{}`", from.display()))?;
    files::write_atomically(to, &bytes)
}
