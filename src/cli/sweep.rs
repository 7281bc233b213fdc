//! `freezewise sweep`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::options::{DataRoot, RunsRoot, SpecArguments, path};
use super::planned::{FoundDevice, Planned};
use super::selection::CellSelection;
use crate::error::{Exit, UserError};
use crate::native;
use crate::output::{self, SweepView};
use crate::run::{Fixed, Places, Stop};
use crate::spec::DeviceChoice;
use crate::sweep::runner::{self, CellOutcome, Options, SweepDevice};
use crate::sweep::{self, Call, keep_spec};
use crate::text;

const EXAMPLES: &str = "\
Examples:
  freezewise sweep sweep.toml --dry-run                   What would run, and what it costs
  freezewise sweep sweep.toml                             Run or resume it
  freezewise sweep sweep.toml --devices cuda:0,cuda:1     On two GPUs
  freezewise sweep sweep.toml --shard 1/2                 The first of two machines' shares
  freezewise sweep sweep.toml --export lines | parallel   With another job runner";

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
    #[arg(long, group = "shown", conflicts_with = "dry_run")]
    list: bool,

    /// Print how many cells would run, and their cost, disk space and time; run nothing
    #[arg(long, group = "shown")]
    dry_run: bool,

    /// Print the cells as shell lines for another job runner, such as GNU parallel; run nothing
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["list", "dry_run"])]
    export: Option<ExportFormat>,

    /// Print `--list` or `--dry-run` as JSON
    #[arg(long, requires = "shown")]
    json: bool,

    /// Cells that run at once on each device; `auto` is the cores divided by the threads of a cell on a CPU, and
    /// found while the sweep runs on a GPU
    #[arg(long, value_name = "N", default_value = "auto", value_parser = jobs)]
    jobs: JobsArgument,

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
    #[arg(long, value_name = "DURATION", value_parser = cell_time)]
    cell_time: Option<Duration>,

    /// Stop after this long, such as `90m`: save checkpoints and exit with 75; run again to resume [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_time: Option<Duration>,

    /// Reuse finished cells from this folder of runs
    #[arg(long, value_name = "DIR", value_parser = path())]
    archive: Option<PathBuf>,

    /// Write event files for TensorBoard to `tensorboard/` in the directories of the cells and sources that are trained
    #[arg(long)]
    tensorboard: bool,

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
enum JobsArgument {
    Auto,
    Count(usize),
}

fn cell_time(typed: &str) -> Result<Duration, String> {
    match humantime::parse_duration(typed) {
        Ok(time) if time.is_zero() => Err("expected more than 0 s".to_owned()),
        time => time.map_err(|error| error.to_string()),
    }
}

fn jobs(typed: &str) -> Result<JobsArgument, String> {
    match typed.parse() {
        Ok(count @ 1..=1024) => Ok(JobsArgument::Count(count)),
        _ if typed == "auto" => Ok(JobsArgument::Auto),
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
    planned.note_obstacles(places.data);
    let host = Host { cores: native::own_cores(), threads: planned.threads()? };
    if arguments.dry_run {
        let asked = planned.asked_devices(&arguments.devices)?;
        let jobs = asked.iter().map(|(_, choice)| arguments.jobs.expected(*choice, host)).sum();
        return planned.dry_run(&chosen, jobs, arguments.json);
    }
    if let Some(gone) = planned.gone.take() {
        if !planned.are_done(&chosen)? {
            return Err(gone.error);
        }
        output::talk(&gone.sentence());
    }
    let found = planned.devices(&arguments.devices)?;
    let devices: Vec<SweepDevice> = found.iter().map(|one| arguments.jobs.on(one, found.len(), host)).collect();
    let most: usize = devices.iter().map(SweepDevice::most).sum();
    let record = planned.settle(&found[0].chosen, host.threads.unwrap_or((host.cores / most).max(1)))?;
    let spec = keep_spec(&arguments.spec.spec, &planned.plan.folder)?;
    if arguments.export.is_some() {
        let call = Call {
            program: &std::env::current_exe().context("cannot find this program's file")?,
            spec: &spec,
            out: &planned.plan.out,
            data: &arguments.data.data,
            overrides: &arguments.spec.overrides.set,
            fixed: record.fixed,
            tensorboard: arguments.tensorboard,
        };
        output::data(&planned.lines(&chosen, call)?.join("\n"))?;
        return Ok(Exit::Complete);
    }
    if let Some(archive) = &arguments.archive {
        let copied = sweep::restore(&planned.plan, &chosen, archive, record.fixed)?;
        output::talk(&format!("{} copied from {}", text::counted(copied, "cell", "cells"), archive.display()));
    }
    let options = options(arguments, devices, record.fixed, spec);
    let mut view = SweepView::new(&planned.plan, arguments.quiet);
    let outcomes = runner::run(&planned.plan, &chosen, &options, &stop, &mut view)?;
    output::data(&planned.plan.folder.display().to_string())?;
    exit(&outcomes, stop.reason())
}

fn options(arguments: &Arguments, devices: Vec<SweepDevice>, fixed: Fixed, spec: PathBuf) -> Options {
    let most: usize = devices.iter().map(SweepDevice::most).sum();
    Options {
        devices,
        most_failures: if arguments.fail_fast { Some(1) } else { arguments.max_failures.map(|most| most as usize) },
        retry_failed: arguments.retry_failed,
        cell_time: arguments.cell_time,
        spec,
        data: arguments.data.data.clone(),
        overrides: arguments.spec.overrides.set.clone(),
        memory: native::free_host_bytes().map(|free| free / most as u64),
        fixed,
        tensorboard: arguments.tensorboard,
        only_sources: arguments.chosen.only_sources(),
    }
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
    let held = count(|outcome| *outcome == CellOutcome::Held);
    if held > 0 {
        let message = format!("{} locked by other processes", text::counted(held, "cell is", "cells are"));
        return Err(UserError::stopped(message).hint("run the same command again when they have ended").into());
    }
    if open > 0 {
        let message = format!("{} stopped from outside this sweep", text::counted(open, "cell was", "cells were"));
        return Err(UserError::stopped(message).hint("run the same command again to resume").into());
    }
    Ok(Exit::Complete)
}

/// What jobs share.
#[derive(Clone, Copy, Debug)]
struct Host {
    cores: usize,
    /// Threads per cell, if they are set.
    threads: Option<usize>,
}

impl Host {
    /// Cells at a time on the CPU. Two jobs of one thread each train 1.33 times the images of one job with two threads (two
    /// Zen 4 cores, PreAct-ResNet18 of width 8, 16×16 images; docs/sweeps.md), so a cell has one thread by default.
    fn jobs(self) -> usize {
        (self.cores / self.threads.unwrap_or(1)).max(1)
    }
}

/// An upper bound for the search; a choice, not a measurement.
const MOST_ON_GPU: usize = 16;

impl JobsArgument {
    /// The jobs on one of `devices` devices. Each cell on a GPU keeps a core of the host busy.
    fn on(self, found: &FoundDevice, devices: usize, host: Host) -> SweepDevice {
        let jobs = match (self, &found.chosen.gpu) {
            (Self::Count(count), _) => runner::Jobs::Fixed(count),
            (Self::Auto, None) => runner::Jobs::Fixed(host.jobs()),
            (Self::Auto, Some(gpu)) => {
                let most = (host.cores / devices).clamp(1, MOST_ON_GPU);
                runner::Jobs::Adaptive { most, memory: gpu.memory_bytes }
            }
        };
        SweepDevice { name: found.name.clone(), jobs }
    }

    /// The jobs that a device starts with. CUDA is not loaded: a dry run may be on a machine without a GPU.
    fn expected(self, choice: DeviceChoice, host: Host) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Auto if native::is_gpu(choice) => 1,
            Self::Auto => host.jobs(),
        }
    }
}
