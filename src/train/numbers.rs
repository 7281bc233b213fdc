//! The numbers that a phase reports.

/// Means over a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Mean cross-entropy against the labels of the split.
    pub loss: f64,
    /// Fraction misclassified, against the labels of the split.
    pub error: f64,
    /// Errors split by whether the label is corrupted; absent if none is.
    pub by_corruption: Option<ByCorruption>,
}

/// Errors on both parts of a noisy split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByCorruption {
    /// On examples with true labels; absent if all are corrupted.
    pub clean: Option<f64>,
    /// On corrupted examples, against the wrong label given.
    pub corrupted: f64,
    /// On corrupted examples, against the true label.
    pub corrupted_true: f64,
}

/// Euclidean norms after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norms {
    /// Of the trainable weights.
    pub weights: f64,
    /// Of the head's weights.
    pub head: f64,
    /// Of the change of the trainable weights since the start of training.
    pub distance: f64,
    /// Of the gradient, averaged over the epoch's steps; absent at epoch 0. A step that the loss scaler skipped counts as 0.
    pub gradient: Option<f64>,
}

/// The numbers of one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochReport {
    /// The epoch, from 1; 0 is before the first step.
    pub epoch: u64,
    /// Optimizer steps so far.
    pub step: u64,
    /// The learning rate of the epoch's last step; absent at epoch 0.
    pub learning_rate: Option<f64>,
    /// Means over the epoch's training batches; absent at epoch 0.
    pub running: Option<RunningMeans>,
    /// On the training examples, if measured.
    pub train: Option<Errors>,
    /// On the test examples, if measured.
    pub test: Option<Errors>,
    /// On the validation examples, if measured.
    pub validation: Option<Errors>,
    /// Error of averaged weights on the training examples, if measured.
    pub train_error_averaged: Option<f64>,
    /// Error of averaged weights on the test examples, if measured.
    pub test_error_averaged: Option<f64>,
    /// Norms, if requested.
    pub norms: Option<Norms>,
    /// Which examples were classified correctly, if requested.
    pub correct: Vec<Correctness>,
    /// Seconds of training.
    pub seconds: f64,
    /// Training images processed in these seconds.
    pub images: u64,
    /// Seconds of evaluation.
    pub evaluation_seconds: f64,
}

/// Which examples of a split were classified as labelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correctness {
    /// The split.
    pub examples: Examples,
    /// One entry per example, in the split's order.
    pub correct: Vec<bool>,
}

/// Splits whose answers can be recorded per example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examples {
    /// The training examples, against the given labels.
    Train,
    /// The test examples.
    Test,
}

/// Means over an epoch's training batches: in training mode, augmented, while the weights change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunningMeans {
    /// The training loss.
    pub loss: f64,
    /// Fraction misclassified.
    pub error: f64,
}

/// Sums over examples of the loss and of misclassifications.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::train) struct Totals {
    pub(in crate::train) loss: f64,
    pub(in crate::train) wrong: f64,
}

impl Totals {
    /// Means over `images`.
    pub(in crate::train) fn over(self, images: u64) -> RunningMeans {
        RunningMeans { loss: self.loss / images as f64, error: self.wrong / images as f64 }
    }
}
