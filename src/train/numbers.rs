//! The numbers that a phase reports.

use crate::metrics::Metrics;

/// The report of one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochReport {
    /// All measurements; the observer fills in the phase.
    pub metrics: Metrics,
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

/// Sums over examples of the loss and of misclassifications.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::train) struct Totals {
    pub(in crate::train) loss: f64,
    pub(in crate::train) wrong: f64,
}
