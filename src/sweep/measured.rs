//! Whether a finished cell was measured as the sweep asks now. These keys change no training and no name of a run.

use anyhow::Result;
use toml::Table;

use super::state::RunState;
use crate::run;
use crate::rundir::{Length, Record, RunDirectory};
use crate::spec::Spec;

/// The tables of a spec that decide only what is measured.
const TABLES: [&str; 2] = ["evaluate", "branches"];

/// How what a cell has compares with what the sweep asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// It has all of it, or is not finished.
    AsAsked,
    /// It was measured otherwise; its checkpoint allows to measure it again without training.
    Otherwise,
    /// It was measured otherwise and has no checkpoint, so that it stays as it is.
    Fixed,
}

/// How a cell was measured.
pub(super) fn measured(spec: &Spec, directory: &RunDirectory) -> Result<Measured> {
    // Most cells have the same tables, which saves reading their rows.
    let Ok(recorded) = std::fs::read_to_string(directory.spec()) else { return Ok(Measured::AsAsked) };
    if tables(&recorded).is_some_and(|recorded| tables(&spec.to_toml().unwrap_or_default()) == Some(recorded)) {
        return Ok(Measured::AsAsked);
    }
    let length = Length::of(&spec.experiment.target);
    if RunState::of(directory, Some(length))? != RunState::Done || run::has_everything(spec, directory) {
        return Ok(Measured::AsAsked);
    }
    let is_lean = Record::read(directory)?.is_some_and(|record| record.lean);
    Ok(if !is_lean && directory.checkpoints().is_dir() { Measured::Otherwise } else { Measured::Fixed })
}

fn tables(spec: &str) -> Option<Table> {
    let mut table: Table = toml::from_str(spec).ok()?;
    table.retain(|name, _| TABLES.contains(&name));
    Some(table)
}
