//! Runs the cells of a plan on this machine, each in its own process, so that a crash ends only one cell.
//!
//! Sources come first; a cell starts once its source is trained. A cell or source that another process has locked is
//! left to it. Progress is reported as events; nothing here writes to a terminal.

mod child;
mod event;
mod job;
mod load;
mod log;
mod pace;
mod queue;
mod slots;

use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::Result;

pub use event::{Active, CellCounts, CellFailure, CellOutcome, SweepEvent, SweepObserver};
pub use load::Jobs;
pub use slots::SweepDevice;

use super::plan::SweepPlan;
use super::program::Program;
use crate::files;
use crate::run::{Fixed, Stop};
use child::Child;
use job::RunningJob;
use load::DeviceLoad;
use queue::Queue;

/// How often children are polled. The end of a child's output wakes the sweep before that.
const TICK: Duration = Duration::from_millis(50);
/// From the end of a child's output to its exit.
const EXIT_DELAY: Duration = Duration::from_millis(1);

/// How to run a sweep.
#[derive(Debug)]
pub struct Options {
    /// Where cells run.
    pub devices: Vec<SweepDevice>,
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
    /// Bytes of memory for each cell on a CPU, if known: cells that start together see the same free memory.
    pub memory: Option<u64>,
    /// Settings of every cell.
    pub fixed: Fixed,
    /// Whether cells and sources write event files for TensorBoard.
    pub tensorboard: bool,
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
    files::create_folder(&plan.folder.join("logs"))?;
    let mut slots: Slots = slots::slots(&options.devices).into_iter().map(|device| (device, None)).collect();
    let outcomes = run_in(&mut slots, plan, chosen, options, stop, observer);
    if outcomes.is_err() {
        end_all(&mut slots);
    }
    outcomes
}

/// The device of each slot, by its index, and the job in it.
type Slots = Vec<(usize, Option<RunningJob>)>;

/// After an error, lets the jobs write their checkpoints and waits for them.
fn end_all(slots: &mut Slots) {
    let mut running: Vec<RunningJob> = slots.iter_mut().filter_map(|(_, running)| running.take()).collect();
    running.iter_mut().for_each(RunningJob::stop);
    while !running.is_empty() {
        running.retain_mut(|job| matches!(job.poll(), Ok(None)));
        std::thread::sleep(TICK);
    }
}

fn run_in(
    slots: &mut Slots,
    plan: &SweepPlan,
    chosen: &[usize],
    options: &Options,
    stop: &Stop,
    observer: &mut dyn SweepObserver,
) -> Result<Outcomes> {
    let logs = plan.folder.join("logs");
    let program = Program::own()?;
    let mut queue = Queue::new(plan, chosen, options)?;
    let mut loads: Vec<DeviceLoad> = options.devices.iter().map(|device| DeviceLoad::new(device.jobs)).collect();
    let (ended, wake) = channel();
    let mut started = 0;
    queue.report_finished(observer);
    loop {
        let stopping = stop.reason();
        for (index, running) in slots.iter_mut() {
            let (device, load) = (&options.devices[*index], &mut loads[*index]);
            let allowed = load.allowed();
            poll(running, load, &mut queue, stopping.is_some(), observer)?;
            if stopping.is_some() {
                if let Some(running) = running {
                    running.stop();
                }
            } else if running.is_none()
                && load.has_room()
                && let Some(job) = queue.next()?
            {
                let mut command = job.command(&program, plan, device.name.as_deref(), options);
                let log = logs.join(job.log(plan));
                let child = Child::start(&mut command, &log, options.cell_time, ended.clone())?;
                observer.on_event(&SweepEvent::Started { job: &job.name(plan), device });
                *running = Some(RunningJob::new(started, job, child, plan));
                load.started(started);
                started += 1;
            }
            if load.allowed() != allowed {
                observer.on_event(&SweepEvent::Jobs { device, count: load.allowed() });
            }
        }
        let idle = slots.iter().all(|(_, running)| running.is_none());
        if idle && (stopping.is_some() || queue.is_empty()) {
            return Ok(queue.into_outcomes(observer));
        }
        observer.on_event(&SweepEvent::Tick { running: &running_cells(plan, slots), counts: queue.counts() });
        if wake.recv_timeout(TICK).is_ok() {
            std::thread::sleep(EXIT_DELAY);
        }
    }
}

/// Records a job that has ended, or the epoch that a running one has finished.
fn poll(
    slot: &mut Option<RunningJob>,
    load: &mut DeviceLoad,
    queue: &mut Queue<'_>,
    stopping: bool,
    observer: &mut dyn SweepObserver,
) -> Result<()> {
    let Some(running) = slot else { return Ok(()) };
    let number = running.number;
    match running.poll()? {
        None if load.is_searching() => {
            if let Some(row) = running.pace.new_row() {
                load.epoch(number, row.seconds, row.free_memory_bytes);
            }
        }
        None => {}
        Some(status) => {
            let Some((job, ended)) = slot.take().map(|running| running.end(status)) else { return Ok(()) };
            load.ended(number);
            if !stopping && ended.is_out_of_memory() && load.out_of_memory() {
                queue.put_back(job, observer)?;
            } else {
                queue.ended((job, ended), stopping, observer)?;
            }
        }
    }
    Ok(())
}

fn running_cells(plan: &SweepPlan, slots: &[(usize, Option<RunningJob>)]) -> Vec<Active> {
    let active = slots.iter().filter_map(|(_, running)| running.as_ref());
    active.map(|running| running.active(plan)).collect()
}
