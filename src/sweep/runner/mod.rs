//! Runs the cells of a plan on this machine, each in its own process, so that a crash ends only one cell.
//!
//! Sources come first; a cell starts once its source is trained. A cell or source that another process has locked is
//! left to it. Progress is reported as events; nothing here writes to a terminal.

mod child;
mod event;
mod job;
mod log;
mod queue;
mod slots;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

pub use event::{Active, CellCounts, CellFailure, CellOutcome, SweepEvent, SweepObserver};
pub use slots::DeviceSlot;

use super::plan::SweepPlan;
use super::program::Program;
use crate::files;
use crate::run::{Fixed, Stop};
use child::Child;
use job::RunningJob;
use queue::Queue;

/// How often children are polled.
const TICK: Duration = Duration::from_millis(20);

/// How to run a sweep.
#[derive(Debug)]
pub struct Options {
    /// Where cells run, one at a time in each slot.
    pub slots: Vec<DeviceSlot>,
    /// Start no more cells after this many failures.
    pub most_failures: Option<usize>,
    /// Retry cells that failed in an earlier call.
    pub retry_failed: bool,
    /// Time limit of a cell.
    pub cell_time: Option<Duration>,
    /// The spec that children read.
    pub spec: PathBuf,
    /// Folder of the data sets.
    pub data: PathBuf,
    /// `--set` arguments of the whole sweep.
    pub overrides: Vec<String>,
    /// Settings of every cell.
    pub fixed: Fixed,
    /// Train only the sources of the chosen cells.
    pub only_sources: bool,
}

/// The outcome of each chosen cell, by its index in the plan.
pub type Outcomes = Vec<(usize, CellOutcome)>;

/// Runs the chosen cells of a plan.
pub fn run(
    plan: &SweepPlan,
    chosen: &[usize],
    options: &Options,
    stop: &Stop,
    observer: &mut dyn SweepObserver,
) -> Result<Outcomes> {
    let logs = plan.folder.join("logs");
    files::create_folder(&logs)?;
    let program = Program::own()?;
    let mut queue = Queue::new(plan, chosen, options)?;
    let mut slots: Vec<(&DeviceSlot, Option<RunningJob>)> = options.slots.iter().map(|slot| (slot, None)).collect();
    queue.report_finished(observer);
    loop {
        let stopping = stop.reason();
        for (slot, running) in &mut slots {
            if let Some(ended) = RunningJob::poll(running)? {
                queue.ended(ended, stopping.is_some(), observer)?;
            }
            if stopping.is_some() {
                if let Some(running) = running {
                    running.stop();
                }
            } else if running.is_none()
                && let Some(job) = queue.next()?
            {
                let mut command = job.command(&program, plan, slot, options);
                let child = Child::start(&mut command, &logs.join(job.log(plan)), options.cell_time)?;
                observer.on_event(&SweepEvent::Started { job: &job.name(plan), slot });
                *running = Some(RunningJob { job, child });
            }
        }
        let idle = slots.iter().all(|(_, running)| running.is_none());
        if idle && (stopping.is_some() || queue.is_empty()) {
            return Ok(queue.into_outcomes(observer));
        }
        observer.on_event(&SweepEvent::Tick { running: &running_cells(plan, &slots), counts: queue.counts() });
        std::thread::sleep(TICK);
    }
}

/// The running jobs.
fn running_cells(plan: &SweepPlan, slots: &[(&DeviceSlot, Option<RunningJob>)]) -> Vec<Active> {
    let active = slots.iter().filter_map(|(_, running)| running.as_ref());
    active.map(|running| running.active(plan)).collect()
}
