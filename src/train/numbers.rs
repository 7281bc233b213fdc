//! The numbers that a phase reports.

/// Means over a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Cross-entropy against the labels of the split.
    pub loss: f64,
    /// Share of wrong answers, against the labels of the split.
    pub error: f64,
    /// The same, by whether the label is corrupted; absent where none is.
    pub by_corruption: Option<ByCorruption>,
}

/// Errors on both parts of a noisy split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByCorruption {
    /// On examples whose label is true; absent where all are corrupted.
    pub clean: Option<f64>,
    /// On corrupted examples, against the wrong label given.
    pub corrupted: f64,
    /// On corrupted examples, against the true label.
    pub corrupted_true: f64,
}

/// The norms after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norms {
    /// Of the weights that train.
    pub weights: f64,
    /// Of the head's weights.
    pub head: f64,
    /// Of the weights that train less those that they began with.
    pub distance: f64,
    /// Of the loss's gradient, the mean over the epoch's steps; absent before the first. A step that a loss scaler skipped
    /// counts as 0.
    pub gradient: Option<f64>,
}

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
    pub running: Option<RunningMeans>,
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
pub struct RunningMeans {
    /// The loss that is trained.
    pub loss: f64,
    /// Share of wrong answers.
    pub error: f64,
}

/// Loss and wrong answers, each times the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::train) struct Totals {
    pub(in crate::train) loss: f64,
    pub(in crate::train) wrong: f64,
}

impl Totals {
    /// Means over so many images.
    pub(in crate::train) fn over(self, images: u64) -> RunningMeans {
        RunningMeans { loss: self.loss / images as f64, error: self.wrong / images as f64 }
    }
}
