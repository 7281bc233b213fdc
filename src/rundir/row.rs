//! The columns of `timing.csv` and `branches.csv`, and which of an epoch's numbers `metrics.csv` shows.

use serde::{Deserialize, Serialize};

use crate::metrics::{Column, MeasuredBy, Metrics, columns};
use crate::spec::Evaluation;

columns! {
    /// A row of `timing.csv`.
    Timing, TIMING_COLUMNS:
    phase: String, Epoch, "", "`source` or `target`";
    epoch: u64, Epoch, "epochs", "as in `metrics.csv`";
    seconds: f64, Epoch, "seconds", "training time";
    images_per_second: Option<f64>, Epoch, "images/s", "training throughput";
    evaluation_seconds: f64, Epoch, "seconds", "evaluation time after the epoch";
    peak_memory_bytes: Option<u64>, Epoch, "bytes", "peak memory: of tensors on a GPU, of the process on a CPU";
    free_memory_bytes: Option<u64>, Epoch, "bytes", "on a GPU, memory that any process could still allocate";
}

columns! {
    /// A row of `branches.csv`.
    BranchRow, BRANCH_COLUMNS:
    phase: String, Epoch, "", "`target`";
    epoch: u64, Epoch, "epochs", "epoch that the branch starts from";
    step: u64, Epoch, "steps", "optimizer steps of the training up to that epoch";
    anneal_steps: Option<u64>, Epoch, "steps", "steps of the anneal branch; its errors are empty if its loss was not finite";
    anneal_train_error: Option<f64>, Epoch, "fraction", "`train_error` at the end of the anneal branch";
    anneal_test_loss: Option<f64>, Epoch, "nats", "`test_loss` at the end of the anneal branch";
    anneal_test_error: Option<f64>, Epoch, "fraction", "`test_error` at the end of the anneal branch";
    refit_train_error: Option<f64>, Epoch, "fraction", "train error of a newly fitted head without penalty";
    refit_test_error: Option<f64>, Epoch, "fraction", "test error of that head";
    tuned_train_error: Option<f64>, Epoch, "fraction", "train error of a newly fitted head with a tuned penalty";
    tuned_test_error: Option<f64>, Epoch, "fraction", "test error of that head";
    tuned_penalty: Option<f64>, Epoch, "", "the tuned penalty λ: the summed loss plus λ/2 times the squared weights";
}

impl Metrics {
    /// The row as `metrics.csv` shows it: only columns that the schedule asks for. Others were measured for the
    /// summary, or for an earlier schedule of the run.
    #[must_use]
    pub fn shown(&self, evaluation: Evaluation) -> Self {
        if !evaluation.has(self.epoch) {
            self.without(&[MeasuredBy::Train, MeasuredBy::Test])
        } else if !evaluation.has_train(self.epoch) {
            self.without(&[MeasuredBy::Train])
        } else {
            self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_no_evaluation_is_never_hidden() {
        let row = Metrics {
            phase: "target".into(),
            epoch: 3,
            step: 9,
            learning_rate: Some(0.1),
            train_error_running: Some(0.2),
            gradient_norm: Some(1.0),
            ..Metrics::default()
        };
        let measured =
            Metrics { train_error: Some(0.1), test_error: Some(0.2), validation_error: Some(0.3), ..row.clone() };
        assert_eq!(measured.without(&[MeasuredBy::Train, MeasuredBy::Test]), row);
        let test = Metrics { train_error: None, ..measured.clone() };
        assert_eq!(measured.without(&[MeasuredBy::Train]), test);
        assert_eq!(TIMING_COLUMNS.len(), 7);
    }
}
