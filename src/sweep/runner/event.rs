//! Events that a sweep reports.

use std::time::Duration;

use super::slots::SweepDevice;
use crate::rundir::RunDirectory;

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellOutcome {
    /// Trained.
    Done {
        /// Whether it was trained before this call.
        before: bool,
    },
    /// The loss became non-finite; the reason.
    Diverged(String),
    /// Failed now, or in an earlier call.
    Failed(CellFailure),
    /// Another process has locked it or its source.
    Held,
    /// The sweep stopped while it was running.
    Stopped,
    /// The sweep ended before it was started.
    NotStarted,
}

/// Why a cell failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellFailure {
    /// The reason, in one line.
    pub reason: String,
    /// The last lines of its log.
    pub tail: Vec<String>,
    /// Whether it failed before this call.
    pub before: bool,
}

/// How many cells are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellCounts {
    /// Chosen cells.
    pub all: usize,
    /// Trained cells.
    pub done: usize,
    /// Diverged cells.
    pub diverged: usize,
    /// Failed cells.
    pub failed: usize,
    /// Cells that have not started.
    pub waiting: usize,
    /// Finished cells that lack measurements and will not get them.
    pub measured_otherwise: usize,
    /// Finished cells in another precision than the sweep's.
    pub other_precision: usize,
}

/// A running job.
#[derive(Clone, Debug)]
pub struct Active {
    /// The cell's or source's name.
    pub name: String,
    /// Its run directory.
    pub directory: RunDirectory,
    /// Epochs of its budget; 0 for a source.
    pub epochs: u64,
}

/// An event of a sweep.
#[derive(Debug)]
pub enum SweepEvent<'a> {
    /// The sweep begins; the counts before it.
    Begun(CellCounts),
    /// A job was started.
    Started {
        /// The job's name.
        job: &'a str,
        /// Where it runs.
        device: &'a SweepDevice,
    },
    /// The number of cells that a device runs at a time has changed.
    Jobs {
        /// The device.
        device: &'a SweepDevice,
        /// The number.
        count: usize,
    },
    /// A job ran out of memory beside others, and will be started again.
    PutBack {
        /// The job's name.
        job: &'a str,
    },
    /// A cell or a source ended.
    Ended {
        /// The job's name.
        job: &'a str,
        /// How it ended.
        outcome: &'a CellOutcome,
        /// How long it ran in this call.
        elapsed: Duration,
    },
    /// Time passed.
    Tick {
        /// Running jobs.
        running: &'a [Active],
        /// The counts now.
        counts: CellCounts,
    },
    /// The sweep ends; the final counts.
    End(CellCounts),
}

/// Receives the events of a sweep.
pub trait SweepObserver {
    /// Handles one event; called in order.
    fn on_event(&mut self, event: &SweepEvent<'_>);
}
