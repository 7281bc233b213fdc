//! What a phase tells while it trains.

use std::fmt;

use anyhow::Result;

pub use crate::spec::Due;
use crate::train::checkpoint_state::State;
use crate::train::measure::evaluate::Errors;
use crate::train::measure::norms::Norms;

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
    /// Error of the averaged weights on the training examples, where it was measured.
    pub train_error_averaged: Option<f64>,
    /// The same on the test examples.
    pub test_error_averaged: Option<f64>,
    /// Norms of what trains, where they are wanted.
    pub norms: Option<Norms>,
    /// Which examples were right, where that is kept.
    pub correct: Vec<Correctness>,
    /// Seconds of training.
    pub seconds: f64,
    /// Training images in those seconds.
    pub images: u64,
    /// Seconds of evaluation.
    pub evaluation_seconds: f64,
}

/// Which examples of a split were classified as labelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correctness {
    /// Of which split.
    pub examples: Examples,
    /// In the split's order.
    pub correct: Vec<bool>,
}

/// Examples whose answers can be kept one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examples {
    /// Those that are trained on, against the labels given.
    Train,
    /// The test examples.
    Test,
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
    fn save(&mut self, _state: &State) -> Result<()> {
        Ok(())
    }
}

/// Tells whether to stop, between two batches.
pub type Interrupt<'a> = &'a mut dyn FnMut() -> bool;

/// The phase was stopped in the middle of something that leaves no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::train) struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stopped {}

/// An error where a stop is asked for.
pub(in crate::train) fn proceed(interrupt: Interrupt<'_>) -> Result<(), Stopped> {
    if interrupt() { Err(Stopped) } else { Ok(()) }
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
