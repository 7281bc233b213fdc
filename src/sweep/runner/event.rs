//! What a sweep tells those who watch it.

use std::time::Duration;

use super::slots::DeviceSlot;
use crate::rundir::RunDirectory;

/// What became of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellOutcome {
    /// It is trained; `before` where it was already.
    Done {
        /// Whether there was nothing to do.
        before: bool,
    },
    /// Its numbers were no longer finite.
    Diverged(String),
    /// It failed, or did before.
    Failed(CellFailure),
    /// Another process works on it, or on its source.
    Held,
    /// The sweep stopped before its end.
    Stopped,
    /// The sweep ended before it was started.
    NotStarted,
}

/// Why a cell failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellFailure {
    /// One line.
    pub reason: String,
    /// The end of its log.
    pub tail: Vec<String>,
    /// Whether it was so before this call.
    pub before: bool,
}

/// How many cells stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellCounts {
    /// All that were chosen.
    pub all: usize,
    /// Trained.
    pub done: usize,
    /// Diverged.
    pub diverged: usize,
    /// Failed.
    pub failed: usize,
    /// Neither started nor ended.
    pub waiting: usize,
}

/// A job under way.
#[derive(Clone, Debug)]
pub struct Active {
    /// The cell's or source's name.
    pub name: String,
    /// Where it writes.
    pub directory: RunDirectory,
    /// Epochs of its budget; 0 for a source.
    pub epochs: u64,
}

/// Something that happened.
#[derive(Debug)]
pub enum SweepEvent<'a> {
    /// So many cells were done before.
    Begun(CellCounts),
    /// A job was started.
    Started {
        /// Its name.
        job: &'a str,
        /// Where.
        slot: &'a DeviceSlot,
    },
    /// A cell or a source ended.
    Ended {
        /// Its name.
        job: &'a str,
        /// How.
        outcome: &'a CellOutcome,
        /// How long it took in this call.
        elapsed: Duration,
    },
    /// Time passed.
    Tick {
        /// What is under way.
        running: &'a [Active],
        /// How many cells stand how.
        counts: CellCounts,
    },
    /// No more will happen; so the cells stand.
    End(CellCounts),
}

/// Who watches.
pub trait SweepObserver {
    /// Called for each event, in order.
    fn on_event(&mut self, event: &SweepEvent<'_>);
}
