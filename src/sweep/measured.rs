//! Whether a finished cell was measured as the sweep asks now. These keys change no training and no name of a run.

use anyhow::Result;
use toml::Table;

use super::state::RunState;
use crate::run::{self, Measured};
use crate::rundir::{Length, RunDirectory};
use crate::spec::Spec;

/// The tables of a spec that decide only what is measured.
const TABLES: [&str; 2] = ["evaluate", "branches"];

/// What a cell has of the measurements that its spec asks for; all of them where it is not finished.
pub(super) fn of_cell(spec: &Spec, directory: &RunDirectory) -> Result<Measured> {
    // Most cells have the same tables, which saves reading their rows.
    let Ok(recorded) = std::fs::read_to_string(directory.spec()) else { return Ok(Measured::AsAsked) };
    let asked = spec.to_toml()?;
    if tables(&recorded).is_some_and(|recorded| tables(&asked) == Some(recorded)) {
        return Ok(Measured::AsAsked);
    }
    let length = Length::of(&spec.experiment.target);
    if RunState::of(directory, Some(length))? != RunState::Done {
        return Ok(Measured::AsAsked);
    }
    Ok(run::measured(spec, directory))
}

fn tables(spec: &str) -> Option<Table> {
    let mut table: Table = toml::from_str(spec).ok()?;
    table.retain(|name, _| TABLES.contains(&name));
    Some(table)
}
