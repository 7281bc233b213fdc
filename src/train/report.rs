//! What a phase tells while it trains.

use std::fmt;

use anyhow::Result;

use super::evaluate::Errors;
use super::state::State;
use crate::spec::Evaluation;

/// The numbers of one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochReport {
    /// The epoch, from 1; 0 is before the first step.
    pub epoch: u64,
    /// Optimizer steps so far.
    pub step: u64,
    /// The rate of the epoch's last step; absent at epoch 0.
    pub learning_rate: Option<f64>,
    /// Over the epoch's own batches; absent at epoch 0.
    pub running: Option<Running>,
    /// On the training examples, where it was measured.
    pub train: Option<Errors>,
    /// On the test examples, where it was measured.
    pub test: Option<Errors>,
    /// On the examples held out of training, where it was measured.
    pub validation: Option<Errors>,
    /// Seconds of training.
    pub seconds: f64,
    /// Training images in those seconds.
    pub images: u64,
    /// Seconds of evaluation.
    pub evaluation_seconds: f64,
}

/// Which errors are to be measured after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// On the training examples.
    pub train: bool,
    /// On the test examples and on those held out.
    pub test: bool,
}

/// The last epochs of a budget are always evaluated on the test examples: a run's last test error is the mean over them.
/// The training examples have their turn in the last one.
pub const FINAL_EPOCHS: u64 = 5;

impl Due {
    /// After an epoch of a budget of so many: what the schedule asks for, and what the end of the budget does.
    pub fn after(epoch: u64, epochs: u64, evaluation: Evaluation) -> Self {
        Self {
            train: evaluation.has_train(epoch) || epoch == epochs,
            test: evaluation.has(epoch) || epoch + FINAL_EPOCHS > epochs,
        }
    }

    /// All of them.
    pub const ALL: Self = Self { train: true, test: true };
}

/// Means over an epoch's own batches, in training mode, augmented, with weights that move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Running {
    /// The loss that is trained.
    pub loss: f64,
    /// Share of wrong answers.
    pub error: f64,
}

/// What the observer wants at a step boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
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
    fn wish(&mut self) -> Wish {
        Wish::GoOn
    }

    /// Is given the state where it was wished for, and at the end of the budget. A state in which an epoch is under
    /// way takes the place of that epoch's report, if it was made already: a longer budget makes another.
    fn save(&mut self, _state: &State) -> Result<()> {
        Ok(())
    }
}

/// A training whose numbers are no longer finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diverged {
    /// The first step at which that was seen.
    pub step: u64,
    /// Its epoch.
    pub epoch: u64,
}

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, epoch } = self;
        write!(f, "the loss was not finite at step {step}, in epoch {epoch}: the training diverged")
    }
}

impl std::error::Error for Diverged {}
