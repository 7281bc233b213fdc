//! What a phase tells while it trains.

use anyhow::Result;

use super::evaluate::Errors;

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
    /// Whether the schedule asked for the evaluation; otherwise it is for the summary alone.
    pub scheduled: bool,
    /// Seconds of training.
    pub seconds: f64,
    /// Training images in those seconds.
    pub images: u64,
    /// Seconds of evaluation.
    pub evaluation_seconds: f64,
}

/// Means over an epoch's own batches, in training mode, augmented, with weights that move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Running {
    /// The loss that is trained.
    pub loss: f64,
    /// Share of wrong answers.
    pub error: f64,
}

/// Who listens to a phase.
pub trait Observer {
    /// A step was handed to the device; it may not have been computed yet.
    fn step(&mut self, step: u64);

    /// Something that people should know.
    fn note(&mut self, sentence: &str) -> Result<()>;

    /// An epoch has ended.
    fn epoch(&mut self, report: &EpochReport) -> Result<()>;
}
