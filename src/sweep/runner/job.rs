//! The job of one child: a source or a cell.

use std::process::Command;

use super::child::{Child, ChildExit, ExitCause, Reason};
use super::event::Active;
use super::pace::Pace;
use super::{Options, Program, SweepPlan};
use crate::error::ERROR;
use crate::native::{self, Cause};
use crate::rundir::RunDirectory;

/// Longer names are cut for the log's file name.
const LONGEST_NAME: usize = 120;

/// What a child trains, by its index in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Source(usize),
    Cell(usize),
}

#[derive(Debug)]
pub(super) struct RunningJob {
    /// Counts the starts of this call, from 0.
    pub(super) number: usize,
    pub(super) pace: Pace,
    job: Job,
    child: Child,
}

impl Job {
    pub(super) fn name(self, plan: &SweepPlan) -> String {
        match self {
            Self::Source(index) => format!("source {}", plan.sources[index].hash),
            Self::Cell(index) => plan.cells[index].name.clone(),
        }
    }

    /// The file name of its log.
    pub(super) fn log(self, plan: &SweepPlan) -> String {
        let stays = |letter: char| letter.is_ascii_alphanumeric() || "-_.,=+".contains(letter);
        let name: String = self.name(plan).chars().map(|letter| if stays(letter) { letter } else { '_' }).collect();
        match self {
            Self::Cell(index) if name.len() > LONGEST_NAME => {
                let directory = plan.cells[index].directory.name();
                format!("{}-{directory}.log", &name[..LONGEST_NAME])
            }
            _ => format!("{name}.log"),
        }
    }

    /// Its run directory, or its source's.
    pub(super) fn directory(self, plan: &SweepPlan) -> &RunDirectory {
        match self {
            Self::Source(index) => &plan.sources[index].directory,
            Self::Cell(index) => &plan.cells[index].directory,
        }
    }

    /// The command that runs it.
    pub(super) fn command(
        self,
        program: &Program,
        plan: &SweepPlan,
        device: Option<&str>,
        options: &Options,
    ) -> Command {
        let (verb, cell) = match self {
            Self::Source(index) => ("source", &plan.cells[plan.sources[index].cell]),
            Self::Cell(index) => ("run", &plan.cells[index]),
        };
        let mut command = program.command();
        command.arg(verb).arg(&options.spec).arg("--out").arg(&plan.out).arg("--data").arg(&options.data);
        command.args(["--wait", "0s", "--parent", &std::process::id().to_string()]);
        let name = plan.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let own = [format!("name={name}"), format!("threads={}", options.fixed.threads)];
        let device = device.iter().map(|device| format!("device={device}"));
        let sets = options.overrides.iter().chain(&cell.overrides).cloned().chain(own).chain(device);
        sets.for_each(|set| {
            command.arg("--set").arg(set);
        });
        command.arg("--fixed").arg(options.fixed.argument());
        if let Some(memory) = options.memory {
            command.arg("--memory").arg(memory.to_string());
        }
        if options.tensorboard {
            command.arg("--tensorboard");
        }
        // OpenMP reads these once, when it starts. Spinning threads would take cores from other cells.
        command.env("OMP_NUM_THREADS", options.fixed.threads.to_string()).env("OMP_WAIT_POLICY", "passive");
        command
    }
}

impl RunningJob {
    pub(super) fn new(number: usize, job: Job, child: Child, plan: &SweepPlan) -> Self {
        Self { number, pace: Pace::of(job.directory(plan)), job, child }
    }

    /// Its exit status, if it has ended.
    pub(super) fn poll(&mut self) -> anyhow::Result<Option<ExitCause>> {
        self.child.poll()
    }

    /// Collects the result of a job that has ended.
    pub(super) fn end(self, status: ExitCause) -> (Job, ChildExit) {
        (self.job, self.child.end(status))
    }

    pub(super) fn stop(&mut self) {
        self.child.stop(Reason::Sweep);
    }

    pub(super) fn active(&self, plan: &SweepPlan) -> Active {
        let epochs = match self.job {
            Job::Source(_) => 0,
            Job::Cell(index) => plan.cells[index].length.epochs,
        };
        Active { name: self.job.name(plan), directory: self.job.directory(plan).clone(), epochs }
    }
}

impl ChildExit {
    /// The last error that it printed.
    fn error(&self) -> Option<&str> {
        self.tail.iter().rev().find_map(|line| line.strip_prefix(ERROR))
    }

    /// Whether it failed because memory ran out.
    pub(super) fn is_out_of_memory(&self) -> bool {
        match self.status {
            ExitCause::Code(0) => false,
            ExitCause::Signal(KILLED) => self.asked.is_none(),
            _ => self.error().is_some_and(|error| native::cause_of(error) == Cause::Memory),
        }
    }
}

/// The signal that nothing handles, which a system out of memory sends.
const KILLED: i32 = 9;

/// Why a child failed, in one line.
pub(super) fn reason(ended: &ChildExit) -> String {
    match (ended.asked, ended.status) {
        (Some(Reason::TimeLimit), _) => {
            format!("stopped: `--cell-time` reached after {}", crate::text::duration(ended.elapsed.as_secs_f64()))
        }
        (_, ExitCause::Signal(KILLED)) => "killed (signal 9), often because the system was out of memory".to_owned(),
        (_, ExitCause::Signal(signal)) => format!("killed by signal {signal}"),
        (_, ExitCause::Code(code)) => ended.error().map_or_else(|| format!("exit code {code}"), str::to_owned),
    }
}
