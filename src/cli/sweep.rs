//! `freezewise sweep`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::options::{DataRoot, RunsRoot, SpecArguments};
use super::planned::{CellSelection, Planned};
use crate::error::{Exit, UserError};
use crate::output::{self, SweepView};
use crate::run::{Places, Stop};
use crate::sweep::runner::{self, CellOutcome, DeviceSlot, Options};
use crate::sweep::{self, keep_spec};
use crate::text;

const EXAMPLES: &str = "\
Examples:
  freezewise sweep sweep.toml --dry-run                   What would run, and what it costs
  freezewise sweep sweep.toml                             Run or resume it
  freezewise sweep sweep.toml --devices cuda:0,cuda:1     On two GPUs
  freezewise sweep sweep.toml --shard 1/2                 The first of two machines' shares
  freezewise sweep sweep.toml --export lines | parallel   With another engine";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // Each is a flag of the command line.
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    runs: RunsRoot,

    #[command(flatten)]
    data: DataRoot,

    #[command(flatten)]
    chosen: CellSelection,

    /// List the cells and their states; run nothing
    #[arg(long, conflicts_with = "dry_run")]
    list: bool,

    /// Print how many cells would run, and their cost, disk space and time; run nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the cells as command lines for another engine, such as GNU parallel; run nothing
    #[arg(long, value_name = "FORM", conflicts_with_all = ["list", "dry_run"])]
    export: Option<ExportFormat>,

    /// Print `--list` or `--dry-run` as JSON
    #[arg(long)]
    json: bool,

    /// Cells that run at once on each device; `auto` is one per CPU core without `--devices` or with `--devices cpu`,
    /// and one per device otherwise
    #[arg(long, value_name = "N", default_value = "auto", value_parser = jobs)]
    jobs: Jobs,

    /// Devices to run on, such as `cuda:0,cuda:1` [default: the spec's `device`]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    devices: Vec<String>,

    /// Start no more cells after the first failure
    #[arg(long, conflicts_with = "max_failures")]
    fail_fast: bool,

    /// Start no more cells after N failures [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_failures: Option<u32>,

    /// Retry cells that failed before, which are skipped otherwise
    #[arg(long)]
    retry_failed: bool,

    /// Stop a cell after this long, such as `2h`, and count it as failed [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    cell_time: Option<Duration>,

    /// Stop after this long, such as `90m`: save checkpoints and exit with 75; run again to resume [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_time: Option<Duration>,

    /// Copy cells that are already finished in this folder of runs instead of running them
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,

    /// Print no progress, only the result and errors
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExportFormat {
    /// One shell line per source and per cell
    Lines,
}

#[derive(Clone, Copy, Debug)]
enum Jobs {
    Auto,
    Count(usize),
}

fn jobs(typed: &str) -> Result<Jobs, String> {
    match typed.parse() {
        Ok(count @ 1..=1024) => Ok(Jobs::Count(count)),
        _ if typed == "auto" => Ok(Jobs::Auto),
        _ => Err("expected a number from 1 to 1024, or `auto`".to_owned()),
    }
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let stop = Stop::listen(arguments.max_time)?;
    let places = Places { out: &arguments.runs.out, data: &arguments.data.data };
    let mut planned = Planned::load(&arguments.spec, places, &stop, arguments.quiet)?;
    let chosen = arguments.chosen.cells(&planned.plan)?;
    if arguments.list {
        return planned.list(&chosen, arguments.json);
    }
    let slots = DeviceSlot::of(&arguments.devices, arguments.jobs.count(&arguments.devices));
    if arguments.dry_run {
        return planned.dry_run(&chosen, slots.len(), arguments.json);
    }
    if let Some(gone) = planned.gone.take() {
        if !planned.are_done(&chosen)? {
            return Err(gone.error);
        }
        output::talk(&gone.sentence());
    }
    let record = planned.settle(&arguments.devices, slots.len())?;
    let spec = keep_spec(&arguments.spec.spec, &planned.plan.folder)?;
    if arguments.export.is_some() {
        let lines = planned.lines(&chosen, &spec, record.fixed, &arguments.data.data, &arguments.spec.overrides.set)?;
        output::data(&lines.join("\n"))?;
        return Ok(Exit::Complete);
    }
    if let Some(archive) = &arguments.archive {
        let copied = sweep::restore(&planned.plan, &chosen, archive)?;
        output::talk(&format!("{} copied from {}", text::counted(copied, "cell", "cells"), archive.display()));
    }
    let options = Options {
        slots,
        most_failures: if arguments.fail_fast { Some(1) } else { arguments.max_failures.map(|most| most as usize) },
        retry_failed: arguments.retry_failed,
        cell_time: arguments.cell_time,
        spec,
        data: arguments.data.data.clone(),
        overrides: arguments.spec.overrides.set.clone(),
        fixed: record.fixed,
        only_sources: arguments.chosen.only_sources(),
    };
    let mut view = SweepView::new(&planned.plan, arguments.quiet);
    let outcomes = runner::run(&planned.plan, &chosen, &options, &stop, &mut view)?;
    output::data(&planned.plan.folder.display().to_string())?;
    exit(&outcomes, stop.reason())
}

/// The exit code of a sweep. A stop counts before failures, and failures before cells that other processes hold.
fn exit(outcomes: &[(usize, CellOutcome)], stopped: Option<String>) -> Result<Exit> {
    let count = |is: fn(&CellOutcome) -> bool| outcomes.iter().filter(|(_, outcome)| is(outcome)).count();
    let failed = count(|outcome| matches!(outcome, CellOutcome::Failed(_)));
    let open = count(|outcome| matches!(outcome, CellOutcome::Held | CellOutcome::Stopped | CellOutcome::NotStarted));
    if let Some(reason) = stopped.filter(|_| open > 0) {
        let message = format!("stopped by {reason}: {} not finished", text::counted(open, "cell", "cells"));
        return Err(UserError::stopped(message).hint("run the same command again to resume").into());
    }
    if failed > 0 {
        return Ok(Exit::CellsFailed);
    }
    if open > 0 {
        let message = format!("{} locked by other processes", text::counted(open, "cell is", "cells are"));
        return Err(UserError::stopped(message).hint("run the same command again when they have ended").into());
    }
    Ok(Exit::Complete)
}

impl Jobs {
    /// On a CPU, two jobs of one thread each train 1.33 times the images of one job with two threads (two Zen 4 cores,
    /// PreAct-ResNet18 of width 8, 16×16 images; `results/speed`), so `auto` is one job per core. On a GPU it is one
    /// per device: whether more pay off depends on the network.
    fn count(self, devices: &[String]) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Auto if devices.iter().all(|device| device == "cpu") => crate::native::reading_threads(None),
            Self::Auto => 1,
        }
    }
}
