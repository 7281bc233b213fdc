//! All epochs of all runs as one tidy table: one row per epoch, with the run's axes as columns.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::record::SweepRecords;
use crate::error::UserError;
use crate::rundir::{COLUMNS, Record, RunDirectory, Status, Summary, directories_of};
use crate::text;

/// The first columns; those of the axes, of similarity and of `metrics.csv` follow.
const OWN: [&str; 6] = ["run", "directory", "status", "frozen_layers", "train_examples", "seed"];

/// Columns from `similarity.json`, if `freezewise similarity` wrote one.
const SIMILARITY: [(&str, &str); 3] =
    [("frechet_share", "/after/frechet/relative"), ("leep", "/after/leep"), ("logme", "/after/logme")];

/// Writes the table of the runs in some folders as CSV. Returns the number of runs, and a reason for each skipped one.
pub fn collect(folders: &[&Path], out: &mut dyn Write) -> Result<(usize, Vec<String>)> {
    let mut runs = Vec::new();
    let (mut left_out, mut sweeps) = (Vec::new(), SweepRecords::default());
    for directory in directories_of(folders)? {
        match CollectedRun::read(&directory, &mut sweeps) {
            Ok(Some(run)) => runs.push(run),
            Ok(None) => left_out.push(format!("{}: no rows yet", directory.path().display())),
            Err(error) => left_out.push(format!("{}: {error:#}", directory.path().display())),
        }
    }
    if runs.is_empty() {
        let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let error = UserError::new(format!("there are no runs with results in {}", text::listed(&names)));
        let error = left_out.into_iter().take(1).fold(error, UserError::hint);
        return Err(error.hint("`freezewise status DIR` shows the state of each run").into());
    }
    let mut axes: Vec<String> = Vec::new();
    for key in runs.iter().flat_map(|run| run.axes.keys()) {
        if !axes.contains(key) && !OWN.contains(&short(key)) {
            axes.push(key.clone());
        }
    }
    let mut table = csv::Writer::from_writer(out);
    let columns: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let similarity = SIMILARITY.iter().map(|(name, _)| *name);
    let header =
        OWN.into_iter().chain(axes.iter().map(String::as_str)).chain(similarity).chain(columns.iter().copied());
    table.write_record(header)?;
    for run in &runs {
        let mut own: Vec<String> = run.own.to_vec();
        own.extend(axes.iter().map(|key| run.axes.get(key).cloned().unwrap_or_default()));
        own.extend(run.similarity.iter().cloned());
        for row in &run.rows {
            let fields = columns.iter().map(|column| row.get(*column).map_or("", String::as_str));
            table.write_record(own.iter().map(String::as_str).chain(fields))?;
        }
    }
    table.flush()?;
    Ok((runs.len(), left_out))
}

/// A run's rows and the columns that identify it.
struct CollectedRun {
    own: [String; 6],
    axes: BTreeMap<String, String>,
    similarity: Vec<String>,
    rows: Vec<BTreeMap<String, String>>,
}

impl CollectedRun {
    fn read(directory: &RunDirectory, sweeps: &mut SweepRecords) -> Result<Option<Self>> {
        let Some(record) = Record::read(directory)? else { return Ok(None) };
        let rows = rows(directory)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let name = directory.name();
        let (cell, axes) = sweeps.of(directory)?.and_then(|sweep| sweep.cell(&name)).unzip();
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let axes = axes.into_iter().flatten().map(owned).collect();
        let summary = Summary::read(directory);
        let facts = facts_in_name(&name);
        let number = |from: Option<usize>, letter: char| {
            let named = || facts.iter().find(|(own, _)| *own == letter).map(|(_, number)| number.clone());
            from.map(|number| number.to_string()).or_else(named).unwrap_or_default()
        };
        let status = match record.status {
            Status::Running => "running",
            Status::Finished => "finished",
            Status::Stopped => "stopped",
            Status::Diverged => "diverged",
            Status::Failed => "failed",
        };
        let own = [
            cell.map_or(name, |cell| cell.name.clone()),
            directory.path().display().to_string(),
            status.to_owned(),
            number(summary.as_ref().and_then(|summary| summary.frozen_layers), 'k'),
            number(summary.as_ref().and_then(|summary| summary.train_examples), 'n'),
            number(None, 's'),
        ];
        Ok(Some(Self { own, axes, similarity: similarity(directory), rows }))
    }
}

/// Rows by column name: a table from an older version may have fewer columns.
fn rows(directory: &RunDirectory) -> Result<Vec<BTreeMap<String, String>>> {
    let path = directory.metrics();
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut reader = csv::Reader::from_path(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let rows = reader.deserialize().collect::<Result<_, _>>();
    rows.with_context(|| format!("cannot read `{}`", path.display()))
}

fn similarity(directory: &RunDirectory) -> Vec<String> {
    let read = || serde_json::from_slice::<serde_json::Value>(&std::fs::read(directory.similarity()).ok()?).ok();
    let json = read().unwrap_or_default();
    let field = |pointer: &str| json.pointer(pointer).and_then(serde_json::Value::as_f64);
    SIMILARITY.iter().map(|(_, pointer)| field(pointer).map(|value| value.to_string()).unwrap_or_default()).collect()
}

/// The facts in a directory's name, such as `k4-n4000-s0-…`.
fn facts_in_name(name: &str) -> Vec<(char, String)> {
    let fact = |part: &str| {
        let letter = part.chars().next().filter(|letter| "kns".contains(*letter))?;
        let number = &part[1..];
        number.parse::<u64>().is_ok().then(|| (letter, number.to_owned()))
    };
    name.split('-').take(3).filter_map(fact).collect()
}

/// The last part of a dotted key.
fn short(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}
