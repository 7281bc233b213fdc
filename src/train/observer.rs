//! The observer of a phase: it receives the reports and the state, and asks for saves and stops.

use std::fmt;

use anyhow::Result;

use crate::train::checkpoint_state::TrainingState;
use crate::train::numbers::EpochReport;

/// What the observer wants at a step boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The next step.
    GoOn,
    /// The state, then the next step.
    Save,
    /// The state, then the end.
    Stop,
}

/// How a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its budget is done.
    Complete,
    /// The observer wanted it to stop.
    Stopped,
}

/// Who listens to a phase.
pub trait Observer {
    /// A step was handed to the device; it may not have been computed yet.
    fn step(&mut self, step: u64);

    /// Something that people should know.
    fn note(&mut self, sentence: &str) -> Result<()>;

    /// An epoch has ended.
    fn epoch(&mut self, report: &EpochReport) -> Result<()>;

    /// Is asked before every step.
    fn control(&mut self) -> Control {
        Control::GoOn
    }

    /// Whether the phase is to stop; asked before every batch that is no step: while statistics are computed, outputs
    /// of frozen layers are kept, or errors are measured.
    fn stops(&mut self) -> bool {
        false
    }

    /// Is given the state where it was wished for, and at the end of the budget. A state in which an epoch is under
    /// way takes the place of that epoch's report, if it was made already: a longer budget makes another.
    fn save(&mut self, _state: &TrainingState) -> Result<()> {
        Ok(())
    }
}

/// A training whose numbers are no longer finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diverged {
    /// The first step at which that was seen; 0 is before the first.
    pub step: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Optimizer steps that were taken before it was seen: with none, no learning rate is at fault.
    pub updates: u64,
}

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, epoch, updates } = self;
        if *updates == 0 {
            return f.write_str("the loss is not finite before the first optimizer step");
        }
        write!(f, "the loss was not finite at step {step}, in epoch {epoch}: the training diverged")
    }
}

impl std::error::Error for Diverged {}
