//! `freezewise check`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::absent::note_absent;
use super::options::{DataRoot, Overrides};
use super::tell;
use crate::error::Exit;
use crate::output;
use crate::spec::{Remembered, Spec, Survey, Sweep};
use crate::sweep::SweepPlan;
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Spec files, .toml or .json
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,

    #[command(flatten)]
    overrides: Overrides,

    #[command(flatten)]
    data: DataRoot,

    /// Print the hash of the run, the hash of its source and the path of each spec; the data must be present
    #[arg(long)]
    hash: bool,

    /// Print the hashes as JSON
    #[arg(long, requires = "hash")]
    json: bool,
}

/// The names of the directories that a spec makes.
#[derive(Serialize)]
struct Hashes {
    spec: String,
    /// As in `<out>/<name>/<folder>`.
    name: String,
    folder: String,
    run: String,
    /// As in `<out>/sources/<source>`; absent without a source.
    source: Option<String>,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let (mut exit, mut all) = (Exit::Complete, Vec::new());
    for path in &arguments.specs {
        match load(arguments, path) {
            Ok(Checked::Run(spec)) if arguments.json => all.push(Hashes::of(path, &spec)),
            Ok(Checked::Run(spec)) if arguments.hash => output::data(&Hashes::of(path, &spec).line())?,
            Ok(Checked::Run(spec)) => {
                output::data(&format!("{}: valid", path.display()))?;
                note_absent(&spec.experiment.datasets().collect::<Vec<_>>(), &arguments.data.data);
            }
            Ok(Checked::Sweep(plan)) => {
                let cells = text::counted(plan.cells.len(), "cell", "cells");
                output::data(&format!("{}: valid, sweep of {cells}", path.display()))?;
                note_absent(&plan.datasets, &arguments.data.data);
            }
            Err(error) => exit = tell(&error),
        }
    }
    if arguments.json {
        output::data(&serde_json::to_string_pretty(&all)?)?;
    }
    Ok(exit)
}

/// A valid spec: of one run, or of a sweep.
enum Checked {
    Run(Box<Spec>),
    Sweep(Box<SweepPlan>),
}

/// Loads and checks a spec. A hash depends on the contents of the data, so `--hash` needs them; without it, missing
/// data is a note.
fn load(arguments: &Arguments, path: &Path) -> Result<Checked> {
    let surveyor = arguments.data.surveyor();
    if arguments.hash {
        return read(arguments, path, &surveyor);
    }
    let absent = |name: &str| {
        output::talk(&format!("{}: data set `{name}` not found, contents not checked", path.display()));
    };
    read(arguments, path, &Remembered::new(surveyor.or_tell(absent)))
}

fn read(arguments: &Arguments, path: &Path, survey: &dyn Survey) -> Result<Checked> {
    let overrides = &arguments.overrides.set;
    if arguments.hash || !Sweep::is_open(path, overrides)? {
        return Ok(Checked::Run(Box::new(Spec::load(path, overrides, survey)?)));
    }
    let sweep = Sweep::load(path, overrides, survey)?;
    Ok(Checked::Sweep(Box::new(SweepPlan::new(&sweep, Path::new("runs"), survey)?)))
}

impl Hashes {
    fn of(path: &Path, spec: &Spec) -> Self {
        Self {
            spec: path.display().to_string(),
            name: spec.experiment.name.clone(),
            folder: spec.run_folder(),
            run: spec.run_hash(),
            source: spec.source_hash(),
        }
    }

    /// The run's hash, the source's or `none`, and the spec's path, last because it may contain spaces.
    fn line(&self) -> String {
        format!("{} {} {}", self.run, self.source.as_deref().unwrap_or("none"), self.spec)
    }
}
