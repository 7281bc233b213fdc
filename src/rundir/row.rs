//! The columns of `metrics.csv`, `timing.csv` and `branches.csv`, each declared once with name, type, unit, meaning and
//! the evaluation that it belongs to. The CSV header, the reader and the choice of columns by schedule come from here.

use serde::{Deserialize, Serialize};

use crate::spec::Evaluation;

/// Which evaluation a column belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredBy {
    /// None: present for every epoch.
    Epoch,
    /// Evaluation of the training examples.
    Train,
    /// Evaluation of the test and validation examples.
    Test,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Header of the column.
    pub name: &'static str,
    /// Unit; empty if there is none.
    pub unit: &'static str,
    /// Description in words.
    pub meaning: &'static str,
    /// Which evaluation it belongs to.
    pub measured: MeasuredBy,
}

macro_rules! columns {
    ($(#[$about:meta])* $row:ident, $table:ident: $($name:ident: $kind:ty, $measured:ident, $unit:literal, $meaning:literal;)*) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $row {
            $(#[doc = $meaning] pub $name: $kind,)*
        }

        /// The columns, in order.
        pub const $table: &[Column] = &[
            $(Column {
                name: stringify!($name),
                unit: $unit,
                meaning: $meaning,
                measured: MeasuredBy::$measured,
            },)*
        ];

        impl $row {
            #[allow(dead_code)] // Unused for tables whose columns are present for every epoch.
            /// The row without the columns of some evaluations.
            fn without(&self, hidden: &[MeasuredBy]) -> Self {
                Self {
                    $($name: if hidden.contains(&MeasuredBy::$measured) { Default::default() } else { self.$name.clone() },)*
                }
            }
        }
    };
}

pub(super) use columns;

columns! {
    /// A row of `metrics.csv`. Errors are fractions; an empty field was not measured.
    Row, COLUMNS:
    phase: String, Epoch, "", "`source` or `target`";
    epoch: u64, Epoch, "epochs", "passes over the training examples; 0 is before the first step";
    step: u64, Epoch, "steps", "optimizer steps so far";
    learning_rate: Option<f64>, Epoch, "", "learning rate of the epoch's last step";
    train_loss: Option<f64>, Train, "nats", "loss of the end-of-epoch weights in evaluation mode, without augmentation, on the labels used in training";
    train_error: Option<f64>, Train, "fraction", "error under the same conditions";
    train_error_running: Option<f64>, Epoch, "fraction", "error over the batches of the epoch: training mode, augmented, with changing weights";
    train_error_clean: Option<f64>, Train, "fraction", "`train_error` on examples whose label is true";
    train_error_corrupted: Option<f64>, Train, "fraction", "`train_error` on examples whose label is wrong";
    corrupted_true_error: Option<f64>, Train, "fraction", "error on these examples against their true label; a rise towards 1 is memorisation";
    validation_error: Option<f64>, Test, "fraction", "error on the examples held out by `validation_size`";
    test_loss: Option<f64>, Test, "nats", "loss on the test examples, whose labels are always true";
    test_error: Option<f64>, Test, "fraction", "error on the test examples";
    train_error_averaged: Option<f64>, Train, "fraction", "`train_error` of averaged weights (`evaluate.averaged_half_life`)";
    test_error_averaged: Option<f64>, Test, "fraction", "`test_error` of averaged weights";
    weight_norm: Option<f64>, Epoch, "", "L2 norm of the trainable weights (`evaluate.norms`)";
    head_norm: Option<f64>, Epoch, "", "L2 norm of the head's weights";
    distance_from_init: Option<f64>, Epoch, "", "L2 distance of the trainable weights from their initial values";
    gradient_norm: Option<f64>, Epoch, "", "L2 norm of the gradient, mean over the epoch's steps";
}

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

impl Row {
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
        let row = Row {
            phase: "target".into(),
            epoch: 3,
            step: 9,
            learning_rate: Some(0.1),
            train_error_running: Some(0.2),
            gradient_norm: Some(1.0),
            ..Row::default()
        };
        let measured =
            Row { train_error: Some(0.1), test_error: Some(0.2), validation_error: Some(0.3), ..row.clone() };
        assert_eq!(measured.without(&[MeasuredBy::Train, MeasuredBy::Test]), row);
        let test = Row { train_error: None, ..measured.clone() };
        assert_eq!(measured.without(&[MeasuredBy::Train]), test);
        assert_eq!(TIMING_COLUMNS.len(), 7);
    }
}
