//! Compares runs: the keys that differ in their specs, and their results.

use std::cmp::Ordering;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::state::RunState;
use crate::error::UserError;
use crate::rundir::{RunDirectory, SpecValues, Summary, directories_of, spec_values};
use crate::text;

/// Keys that do not matter for a comparison.
const IDLE: [&str; 3] = ["threads", "device", "name"];

/// A table of runs.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The dotted keys in which the runs differ.
    pub keys: Vec<String>,
    /// The runs, sorted by the values of `keys`.
    pub runs: Vec<Compared>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The run directory.
    pub directory: String,
    /// Values of `Comparison::keys`; empty for a key that the run lacks.
    pub values: Vec<String>,
    /// The run's state.
    #[serde(flatten)]
    pub state: RunState,
    /// The results, if there are any.
    pub summary: Option<Summary>,
}

/// A column of results: its name, and how to read it from a summary.
type ResultColumn = (&'static str, fn(&Summary) -> Option<f64>);

/// The columns of results.
pub const RESULTS: [ResultColumn; 6] = [
    ("last_train_error", |summary| summary.last_train_error),
    ("last_test_error", |summary| summary.last_test_error),
    ("validation_selected_test_error", |summary| summary.validation_selected_test_error),
    ("oracle_min_test_error", |summary| summary.oracle_min_test_error),
    ("interpolation_epoch", |summary| summary.interpolation_epoch.map(|epoch| epoch as f64)),
    ("trainable_parameters", |summary| summary.trainable_parameters.map(|count| count as f64)),
];

/// Compares the runs in some folders.
pub fn compare(folders: &[&Path]) -> Result<Comparison> {
    let mut found: Vec<(RunDirectory, SpecValues)> = Vec::new();
    for directory in directories_of(folders)? {
        let spec = spec(&directory)?;
        found.push((directory, spec));
    }
    if found.is_empty() {
        return Err(UserError::new("there are no runs to compare")
            .hint("give run directories, or folders of runs")
            .into());
    }
    let mut keys: Vec<String> = found.iter().flat_map(|(_, spec)| spec.keys().cloned()).collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| {
        let mut values = found.iter().map(|(_, spec)| spec.get(key));
        let first = values.next();
        !IDLE.contains(&key.as_str()) && values.any(|value| Some(value) != first)
    });
    let runs = found.into_iter().map(|(directory, spec)| -> Result<Compared> {
        Ok(Compared {
            directory: directory.path().display().to_string(),
            values: keys.iter().map(|key| spec.get(key).cloned().unwrap_or_default()).collect(),
            state: RunState::of(&directory, None)?,
            summary: Summary::read(&directory),
        })
    });
    let mut comparison = Comparison { runs: runs.collect::<Result<_>>()?, keys };
    comparison.runs.sort_by(|one, other| by_values(&one.values, &other.values));
    Ok(comparison)
}

impl Comparison {
    /// Sorts by a key or a result; runs without it come last.
    pub fn sort_by(&mut self, column: &str) -> Result<()> {
        if let Some(at) = self.keys.iter().position(|key| key == column || key.ends_with(&format!(".{column}"))) {
            self.runs.sort_by(|one, other| text::natural(&one.values[at], &other.values[at]));
            return Ok(());
        }
        let Some((_, value)) = RESULTS.iter().find(|(name, _)| *name == column) else {
            let names: Vec<&str> =
                self.keys.iter().map(String::as_str).chain(RESULTS.iter().map(|(name, _)| *name)).collect();
            let near = text::nearest(column, names.iter().copied());
            let hint = near.map_or_else(
                || format!("the columns are {}", text::listed(&names)),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(UserError::usage(format!("`{column}` is not a column of these runs")).hint(hint).into());
        };
        let of = |run: &Compared| run.summary.as_ref().and_then(value).unwrap_or(f64::INFINITY);
        self.runs.sort_by(|one, other| of(one).total_cmp(&of(other)));
        Ok(())
    }
}

fn by_values(one: &[String], other: &[String]) -> Ordering {
    let pairs = one.iter().zip(other).map(|(one, other)| text::natural(one, other));
    pairs.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The resolved spec of a run, by dotted key; empty if it has none.
fn spec(directory: &RunDirectory) -> Result<SpecValues> {
    let path = directory.spec();
    if !path.is_file() {
        return Ok(SpecValues::new());
    }
    let text = std::fs::read_to_string(&path)?;
    spec_values(&text).with_context(|| format!("cannot read `{}`", path.display()))
}
