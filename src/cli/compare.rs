//! `freezewise compare`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::capacity;
use super::form::{Form, markdown};
use crate::analysis::INTERPOLATION_EPSILON;
use crate::error::Exit;
use crate::output::{self, Table};
use crate::sweep::{self, Comparison, RESULTS, RunState};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Runs, or folders of them
    #[arg(value_name = "DIR", default_value = "runs")]
    folders: Vec<PathBuf>,

    /// Sort by a key or a result, such as `seed` or `last_test_error` [default: by the keys]
    #[arg(long, value_name = "COLUMN")]
    sort: Option<String>,

    /// Show the capacity of each number of frozen layers: the n at which train error crosses `--epsilon`
    #[arg(long, conflicts_with = "sort")]
    capacity: bool,

    /// Threshold of train error for `--capacity`
    #[arg(long, value_name = "ERROR", default_value_t = INTERPOLATION_EPSILON, requires = "capacity", value_parser = epsilon)]
    epsilon: f64,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Form,

    /// Short for `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// A share of examples. No error is below 0, and every one is at most 1.
fn epsilon(typed: &str) -> Result<f64, String> {
    let epsilon = typed.parse().ok().filter(|epsilon| (0.0..1.0).contains(epsilon) && *epsilon > 0.0);
    epsilon.ok_or_else(|| "expected an error between 0 and 1, such as 0.01".to_owned())
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let folders: Vec<&Path> = arguments.folders.iter().map(PathBuf::as_path).collect();
    let form = if arguments.json { Form::Json } else { arguments.format };
    if arguments.capacity {
        capacity::print(&folders, arguments.epsilon, form)?;
        return Ok(Exit::Complete);
    }
    let mut comparison = sweep::compare(&folders)?;
    if let Some(column) = &arguments.sort {
        comparison.sort_by(column)?;
    }
    let text = match form {
        Form::Table => table(&comparison).to_string(),
        Form::Csv => csv(&comparison)?,
        Form::Markdown => {
            let (header, rows) = cells(&comparison, true);
            markdown(&header, &rows)
        }
        Form::Json => serde_json::to_string_pretty(&comparison)?,
    };
    output::data(&text)?;
    Ok(Exit::Complete)
}

/// Header and rows: keys that differ, state, results. Errors are fractions, or percentages if `percent`.
fn cells(comparison: &Comparison, percent: bool) -> (Vec<String>, Vec<Vec<String>>) {
    let results = RESULTS.iter().map(|(name, _)| (*name).to_owned());
    let header = comparison.keys.iter().cloned().chain(["state".to_owned()]).chain(results).collect();
    let rows = comparison.runs.iter().map(|run| {
        let results = RESULTS.iter().map(|(name, value)| {
            let value = run.summary.as_ref().filter(|_| run.state == RunState::Done).and_then(value);
            match value {
                None => String::new(),
                Some(value) if percent && name.ends_with("error") => format!("{:.2}%", value * 100.0),
                Some(value) => value.to_string(),
            }
        });
        run.values.iter().cloned().chain([run.state.name().to_owned()]).chain(results).collect()
    });
    (header, rows.collect())
}

fn table(comparison: &Comparison) -> Table {
    let (header, rows) = cells(comparison, true);
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&header);
    for row in rows {
        table.row(row);
    }
    table
}

fn csv(comparison: &Comparison) -> Result<String> {
    let (mut header, rows) = cells(comparison, false);
    header.push("directory".to_owned());
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(&header)?;
    for (row, run) in rows.iter().zip(&comparison.runs) {
        table.write_record(row.iter().chain([&run.directory]))?;
    }
    Ok(String::from_utf8(table.into_inner()?)?)
}
