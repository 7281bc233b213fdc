//! `freezewise source`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::options::{DataRoot, ProcessOptions, RunsRoot, SpecArguments};
use crate::error::Exit;
use crate::output::{self, Progress};
use crate::run::{self, Beginning, Places, Request, Stop};

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

    /// Print no progress, only the result and errors
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    arguments.process.follow_parent()?;
    let spec = arguments.spec.load(&arguments.data)?;
    let request = Request {
        places: Places { out: &arguments.runs.out, data: &arguments.data.data },
        beginning: Beginning::Resume,
        wait: arguments.process.wait(),
        fixed: arguments.process.fixed,
        tensorboard: false,
        stop: &Stop::listen(arguments.max_time)?,
    };
    let directory = run::source(&spec, &request, &mut Progress::new(arguments.quiet))?;
    output::data(&directory.path().display().to_string())?;
    Ok(Exit::Complete)
}
