//! Decides which job comes next, and records the outcomes.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::child::{ChildExit, ExitCause, Reason};
use super::event::{CellCounts, CellFailure, CellOutcome, SweepEvent, SweepObserver};
use super::job::{Job, reason};
use super::{Options, Outcomes, SweepPlan};
use crate::files;
use crate::run::{self, Measured};
use crate::rundir::{Record, RunDirectory, Status};
use crate::sweep::RunState;
use crate::sweep::plan::PlannedCell;

/// How often to check a source that another process trains.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A source of the sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
enum SourceState {
    /// To be trained; if another process had locked it, not before this time.
    Open(Option<Instant>),
    Training,
    Trained,
    Failed(String),
}

/// The jobs of a sweep.
pub(super) struct Queue<'a> {
    plan: &'a SweepPlan,
    options: &'a Options,
    sources: Vec<SourceState>,
    /// Cells that have not started, in order.
    waiting: Vec<usize>,
    /// Number of chosen cells.
    all: usize,
    outcomes: Outcomes,
    failures: usize,
    /// Number of finished cells that lack measurements and will not get them.
    measured_otherwise: usize,
    /// Number of finished cells in another precision than the sweep's.
    other_precision: usize,
}

impl<'a> Queue<'a> {
    pub(super) fn new(plan: &'a SweepPlan, chosen: &[usize], options: &'a Options) -> Result<Self> {
        let mut queue = Self {
            plan,
            options,
            sources: vec![SourceState::Trained; plan.sources.len()],
            waiting: Vec::new(),
            all: chosen.len(),
            outcomes: Vec::new(),
            failures: 0,
            measured_otherwise: 0,
            other_precision: 0,
        };
        if options.only_sources {
            queue.open_sources(chosen)?;
            return Ok(queue);
        }
        for &index in chosen {
            let cell = &plan.cells[index];
            let state = RunState::of(&cell.directory, Some(cell.length))?;
            if state == RunState::Done {
                let other = cell.other_precision(&cell.directory, options.fixed)?;
                queue.other_precision += usize::from(other.is_some());
            }
            match state {
                RunState::Done if queue.is_to_branch(cell) => queue.waiting.push(index),
                RunState::Done => queue.outcomes.push((index, CellOutcome::Done { before: true })),
                RunState::Diverged(reason) => queue.outcomes.push((index, CellOutcome::Diverged(reason))),
                RunState::Failed(reason) if !options.retry_failed => {
                    let failure = CellFailure { reason, tail: Vec::new(), before: true };
                    queue.outcomes.push((index, CellOutcome::Failed(failure)));
                }
                // Also one that another process has locked: it may be free when its turn comes.
                _ => queue.waiting.push(index),
            }
        }
        queue.open_sources(&queue.waiting.clone())?;
        Ok(queue)
    }

    /// Whether a finished cell is to get branches; counts those that lack something else.
    fn is_to_branch(&mut self, cell: &PlannedCell) -> bool {
        self.measured_otherwise += usize::from(cell.measured == Measured::Otherwise);
        cell.measured == Measured::LacksBranches
    }

    /// Marks the untrained sources of some cells as open.
    fn open_sources(&mut self, cells: &[usize]) -> Result<()> {
        for &index in cells {
            let Some(source) = self.plan.cells[index].source else { continue };
            if !run::is_trained(&self.plan.sources[source].directory)? {
                self.sources[source] = SourceState::Open(None);
            } else if self.options.only_sources {
                self.outcomes.push((index, CellOutcome::Done { before: true }));
            }
        }
        Ok(())
    }

    pub(super) fn report_finished(&self, observer: &mut dyn SweepObserver) {
        observer.on_event(&SweepEvent::Begun(self.counts()));
    }

    /// The next job that can start now; sources come before cells.
    pub(super) fn next(&mut self) -> Result<Option<Job>> {
        if self.is_over() {
            return Ok(None);
        }
        if let Some(index) = self.open_source()? {
            self.sources[index] = SourceState::Training;
            return Ok(Some(Job::Source(index)));
        }
        let ready = self.waiting.iter().position(|&cell| self.is_ready(cell));
        Ok(ready.map(|at| Job::Cell(self.waiting.remove(at))))
    }

    /// Whether too many cells failed to start more.
    fn is_over(&self) -> bool {
        self.options.most_failures.is_some_and(|most| self.failures >= most)
    }

    fn open_source(&mut self) -> Result<Option<usize>> {
        for index in 0..self.sources.len() {
            let SourceState::Open(not_before) = self.sources[index] else { continue };
            if not_before.is_some_and(|time| Instant::now() < time) {
                continue;
            }
            let directory = &self.plan.sources[index].directory;
            if run::is_trained(directory)? {
                self.sources[index] = SourceState::Trained;
                if self.options.only_sources {
                    self.outcomes.push((self.plan.sources[index].cell, CellOutcome::Done { before: true }));
                }
            } else if run::holder(directory.path())?.is_some() {
                self.sources[index] = SourceState::Open(Some(Instant::now() + LOOK_AGAIN));
            } else {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn is_ready(&self, cell: usize) -> bool {
        self.plan.cells[cell].source.is_none_or(|source| self.sources[source] == SourceState::Trained)
    }

    /// Whether there is nothing left to start, now or later.
    pub(super) fn is_empty(&self) -> bool {
        let open = |source: &SourceState| matches!(source, SourceState::Open(_));
        self.is_over() || (self.waiting.is_empty() && !self.sources.iter().any(open))
    }

    /// Takes back a job that ran out of memory beside others. It is the next to start.
    pub(super) fn put_back(&mut self, job: Job, observer: &mut dyn SweepObserver) -> Result<()> {
        match job {
            Job::Source(index) => self.sources[index] = SourceState::Open(None),
            Job::Cell(index) => {
                clear_failure(&self.plan.cells[index].directory)?;
                self.waiting.insert(0, index);
            }
        }
        observer.on_event(&SweepEvent::PutBack { job: &job.name(self.plan) });
        Ok(())
    }

    /// Records a job that ended.
    pub(super) fn ended(
        &mut self,
        (job, ended): (Job, ChildExit),
        stopping: bool,
        observer: &mut dyn SweepObserver,
    ) -> Result<()> {
        let outcome = match (ended.status, ended.asked) {
            (ExitCause::Code(0), _) => CellOutcome::Done { before: false },
            (ExitCause::Code(75), Some(Reason::Sweep)) => CellOutcome::Stopped,
            (_, Some(Reason::Sweep)) if stopping => CellOutcome::Stopped,
            (ExitCause::Code(75), None) if run::holder(job.directory(self.plan).path())?.is_some() => CellOutcome::Held,
            // Somebody else asked it to stop.
            (ExitCause::Code(75), None) => CellOutcome::Stopped,
            _ => self.failed(job, &ended)?,
        };
        observer.on_event(&SweepEvent::Ended { job: &job.name(self.plan), outcome: &outcome, elapsed: ended.elapsed });
        match job {
            Job::Cell(index) => {
                self.failures += usize::from(matches!(outcome, CellOutcome::Failed(_)));
                self.outcomes.push((index, outcome));
            }
            Job::Source(index) => self.source_ended(index, &outcome, stopping),
        }
        Ok(())
    }

    fn failed(&self, job: Job, ended: &ChildExit) -> Result<CellOutcome> {
        Ok(match RunState::of(job.directory(self.plan), None)? {
            RunState::Diverged(reason) => CellOutcome::Diverged(reason),
            _ => CellOutcome::Failed(CellFailure { reason: reason(ended), tail: ended.tail.clone(), before: false }),
        })
    }

    fn source_ended(&mut self, index: usize, outcome: &CellOutcome, stopping: bool) {
        // Stopped from outside, it is tried again, as one that is free again.
        let is_open = matches!(outcome, CellOutcome::Held | CellOutcome::Stopped);
        if self.options.only_sources && (stopping || !is_open) {
            self.outcomes.push((self.plan.sources[index].cell, outcome.clone()));
        }
        self.sources[index] = match outcome {
            CellOutcome::Done { .. } => SourceState::Trained,
            CellOutcome::Held | CellOutcome::Stopped => SourceState::Open(Some(Instant::now() + LOOK_AGAIN)),
            CellOutcome::NotStarted => SourceState::Open(None),
            CellOutcome::Diverged(reason) | CellOutcome::Failed(CellFailure { reason, .. }) => {
                SourceState::Failed(reason.clone())
            }
        };
        let SourceState::Failed(reason) = self.sources[index].clone() else { return };
        let plan = self.plan;
        let blocked = self.waiting.extract_if(.., |cell| plan.cells[*cell].source == Some(index));
        let reason = format!("its source {} cannot be trained: {reason}", plan.sources[index].hash);
        let failure = CellFailure { reason, ..CellFailure::default() };
        self.outcomes.extend(blocked.map(|cell| (cell, CellOutcome::Failed(failure.clone()))));
        self.failures += 1;
    }

    pub(super) fn counts(&self) -> CellCounts {
        let count = |is: fn(&CellOutcome) -> bool| self.outcomes.iter().filter(|(_, outcome)| is(outcome)).count();
        CellCounts {
            all: self.all,
            done: count(|outcome| matches!(outcome, CellOutcome::Done { .. })),
            diverged: count(|outcome| matches!(outcome, CellOutcome::Diverged(_))),
            failed: count(|outcome| matches!(outcome, CellOutcome::Failed(_))),
            waiting: self.waiting.len(),
            measured_otherwise: self.measured_otherwise,
            other_precision: self.other_precision,
        }
    }

    pub(super) fn into_outcomes(mut self, observer: &mut dyn SweepObserver) -> Outcomes {
        observer.on_event(&SweepEvent::End(self.counts()));
        self.outcomes.extend(self.waiting.iter().map(|&cell| (cell, CellOutcome::NotStarted)));
        self.outcomes.sort_by_key(|(cell, _)| *cell);
        self.outcomes
    }
}

/// Records a failed run as stopped, so that a later start of the sweep resumes it too.
fn clear_failure(directory: &RunDirectory) -> Result<()> {
    if let Some(mut record) = Record::read(directory)?
        && record.status == Status::Failed
    {
        record.status = Status::Stopped;
        record.write(directory)?;
    }
    files::remove(&directory.error())
}
