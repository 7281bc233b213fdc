//! `freezewise source`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::options::{DataRoot, Loaded, ProcessOptions, RunsRoot, SpecArguments};
use crate::error::Exit;
use crate::output::{self, Progress};
use crate::run::{self, Beginning, Places, Request, Stop};
use crate::rundir::RunDirectory;
use crate::spec::Spec;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    runs: RunsRoot,

    #[command(flatten)]
    data: DataRoot,

    /// Stop after this long, such as `90m`: save a checkpoint and exit with 75; run again to resume [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_time: Option<Duration>,

    #[command(flatten)]
    process: ProcessOptions,

    /// Write an event file for TensorBoard to `tensorboard/` in the source's directory, if it is trained
    #[arg(long)]
    tensorboard: bool,

    /// Print no progress, only the result and errors
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    arguments.process.follow_sweep()?;
    let stop = Stop::listen(arguments.max_time)?;
    let request = Request {
        places: Places { out: &arguments.runs.out, data: &arguments.data.data },
        beginning: Beginning::Resume,
        wait: arguments.process.wait(),
        fixed: arguments.process.fixed,
        tensorboard: arguments.tensorboard,
        stop: &stop,
    };
    let Loaded { value: spec, survey, gone } = arguments.spec.load_until(request.places, &stop, arguments.quiet)?;
    let done = is_trained(&spec, request.places)?;
    match gone {
        Some(gone) if !done => return Err(gone.error),
        Some(gone) if !arguments.quiet => output::talk(&gone.sentence()),
        Some(_) => {}
        // A trained source may be in a read-only archive.
        None => survey.inner().keep().map_err(run::advised).or_else(|error| if done { Ok(()) } else { Err(error) })?,
    }
    let directory = run::source(&spec, &request, &mut Progress::new(arguments.quiet))?;
    output::data(&directory.path().display().to_string())?;
    Ok(Exit::Complete)
}

fn is_trained(spec: &Spec, places: Places<'_>) -> Result<bool> {
    match spec.source_hash() {
        Some(hash) => run::is_trained(&RunDirectory::of_source(places.out, &hash)),
        None => Ok(false),
    }
}
