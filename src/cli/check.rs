//! `freezewise check`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::options::{DataRoot, Overrides};
use super::tell;
use crate::error::Exit;
use crate::output;
use crate::spec::{Remembered, Spec, Survey, Sweep};
use crate::sweep::SweepPlan;
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The specs, .toml or .json files
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,

    #[command(flatten)]
    overrides: Overrides,

    #[command(flatten)]
    data: DataRoot,

    /// Print the hashes that name the run and its source, then the spec; the data must be there
    #[arg(long)]
    hash: bool,

    /// Print the hashes as JSON
    #[arg(long, requires = "hash")]
    json: bool,
}

/// The names of what a spec makes.
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
            Ok(Checked::Run(_)) => output::data(&format!("{}: valid", path.display()))?,
            Ok(Checked::Sweep(cells)) => {
                let cells = text::counted(cells, "cell", "cells");
                output::data(&format!("{}: valid, a sweep of {cells}", path.display()))?;
            }
            Err(error) => exit = tell(&error),
        }
    }
    if arguments.json {
        output::data(&serde_json::to_string_pretty(&all)?)?;
    }
    Ok(exit)
}

/// A valid spec: of one run, or of so many cells.
enum Checked {
    Run(Box<Spec>),
    Sweep(usize),
}

/// A valid spec. A hash counts the content of data, so without them there is none to print.
fn load(arguments: &Arguments, path: &Path) -> Result<Checked> {
    let surveyor = arguments.data.surveyor();
    if arguments.hash {
        return read(arguments, path, &surveyor);
    }
    let absent = |name: &str| {
        output::talk(&format!("{}: `{name}` is not here, so what it holds is not checked", path.display()));
    };
    read(arguments, path, &Remembered::new(surveyor.or_tell(absent)))
}

fn read(arguments: &Arguments, path: &Path, survey: &dyn Survey) -> Result<Checked> {
    let overrides = &arguments.overrides.set;
    if arguments.hash || !Sweep::is_open(path, overrides)? {
        return Ok(Checked::Run(Box::new(Spec::load(path, overrides, survey)?)));
    }
    let sweep = Sweep::load(path, overrides, survey)?;
    Ok(Checked::Sweep(SweepPlan::new(&sweep, Path::new("runs"), survey)?.cells.len()))
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

    /// The run's, the source's or `none`, and the spec, which may have spaces in its name.
    fn line(&self) -> String {
        format!("{} {} {}", self.run, self.source.as_deref().unwrap_or("none"), self.spec)
    }
}
