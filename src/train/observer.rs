//! The observer of a phase: it receives reports and states, and requests saves and stops.

use std::fmt;

use anyhow::Result;

use crate::train::checkpoint_state::TrainingState;
use crate::train::numbers::EpochReport;

/// What the observer requests at a step boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Take the next step.
    GoOn,
    /// Save the state, then take the next step.
    Save,
    /// Save the state, then stop.
    Stop,
}

/// How a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The whole budget was trained.
    Complete,
    /// The observer stopped it.
    Stopped,
}

/// Observes and controls a phase.
pub trait Observer {
    /// A step was submitted to the device; it may not have been computed yet.
    fn step(&mut self, step: u64);

    /// A note for the user.
    fn note(&mut self, sentence: &str) -> Result<()>;

    /// An epoch ended.
    fn epoch(&mut self, report: &EpochReport) -> Result<()>;

    /// Told, before the first step, whether the prefix cache is in use, if it could be.
    fn cached(&mut self, _is_cached: bool) -> Result<()> {
        Ok(())
    }

    /// Called before every step.
    fn control(&mut self) -> Control {
        Control::GoOn
    }

    /// Whether to stop; called before every batch outside training steps: of norm statistics, the prefix cache and
    /// evaluations.
    fn stops(&mut self) -> bool {
        false
    }

    /// Receives the state when it requested one, and at the end of the budget. If the state is in the middle of an epoch
    /// that was already reported, that report is provisional: a longer budget continues the epoch and reports it again.
    fn save(&mut self, _state: &TrainingState) -> Result<()> {
        Ok(())
    }
}

/// The training diverged: its loss or its weights are no longer finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diverged {
    /// The first step where this was detected; 0 is before the first.
    pub step: u64,
    /// The step's epoch.
    pub epoch: u64,
    /// Optimizer steps taken before it was detected; if 0, the learning rate is not the cause.
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
