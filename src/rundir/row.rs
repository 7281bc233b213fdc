//! The columns of `metrics.csv` and `timing.csv`, each declared once: its name, type, unit, meaning, and the evaluation
//! that it belongs to. Header, reader, what a schedule hides and the table in the README come from here.

use serde::{Deserialize, Serialize};

use crate::spec::Evaluation;

/// What a column is measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredBy {
    /// The epoch itself: it is there for every epoch.
    Epoch,
    /// The evaluation of the training examples.
    Train,
    /// The evaluation of the test and validation examples.
    Test,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its unit; empty where it has none.
    pub unit: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What it is measured with.
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

        /// The columns, in their order.
        pub const $table: &[Column] = &[
            $(Column {
                name: stringify!($name),
                unit: $unit,
                meaning: $meaning,
                measured: MeasuredBy::$measured,
            },)*
        ];

        impl $row {
            #[allow(dead_code)] // A table whose columns all belong to the epoch hides none.
            /// The row without the columns of some measurements.
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
    learning_rate: Option<f64>, Epoch, "", "of the epoch's last step";
    train_loss: Option<f64>, Train, "nats", "end-of-epoch weights, evaluation mode, no augmentation, on the labels that training uses";
    train_error: Option<f64>, Train, "fraction", "the same, share of wrong answers";
    train_error_running: Option<f64>, Epoch, "fraction", "over the epoch's own batches: training mode, augmented, with weights that move";
    train_error_clean: Option<f64>, Train, "fraction", "`train_error` on examples whose label is true";
    train_error_corrupted: Option<f64>, Train, "fraction", "`train_error` on examples whose label is wrong";
    corrupted_true_error: Option<f64>, Train, "fraction", "on the latter, against the true label: its rise towards 1 is memorisation";
    validation_error: Option<f64>, Test, "fraction", "on the examples held out by `validation_size`";
    test_loss: Option<f64>, Test, "nats", "on the test examples, whose labels are always true";
    test_error: Option<f64>, Test, "fraction", "the same, share of wrong answers";
    train_error_averaged: Option<f64>, Train, "fraction", "`train_error` of averaged weights (`evaluate.averaged_half_life`)";
    test_error_averaged: Option<f64>, Test, "fraction", "`test_error` of averaged weights";
    weight_norm: Option<f64>, Epoch, "", "Euclidean norm of the weights that train (`evaluate.norms`)";
    head_norm: Option<f64>, Epoch, "", "the same of the head's weights";
    distance_from_init: Option<f64>, Epoch, "", "Euclidean distance of the weights that train from those that training began with";
    gradient_norm: Option<f64>, Epoch, "", "Euclidean norm of the gradient, mean over the epoch's steps";
}

columns! {
    /// A row of `timing.csv`.
    Timing, TIMING_COLUMNS:
    phase: String, Epoch, "", "`source` or `target`";
    epoch: u64, Epoch, "epochs", "as in `metrics.csv`";
    seconds: f64, Epoch, "seconds", "of training";
    images_per_second: Option<f64>, Epoch, "images/s", "of training";
    evaluation_seconds: f64, Epoch, "seconds", "of evaluation after the epoch";
    peak_memory_bytes: Option<u64>, Epoch, "bytes", "on a GPU of tensors, on a CPU of the process";
}

columns! {
    /// A row of `branches.csv`.
    BranchRow, BRANCH_COLUMNS:
    phase: String, Epoch, "", "`target`";
    epoch: u64, Epoch, "epochs", "that the branch leaves from";
    step: u64, Epoch, "steps", "of the training up to there";
    anneal_steps: Option<u64>, Epoch, "steps", "of the anneal branch; its errors are empty where its loss was not finite";
    anneal_train_error: Option<f64>, Epoch, "fraction", "`train_error` at the end of the anneal branch";
    anneal_test_loss: Option<f64>, Epoch, "nats", "`test_loss` there";
    anneal_test_error: Option<f64>, Epoch, "fraction", "`test_error` there";
    refit_train_error: Option<f64>, Epoch, "fraction", "of a head fitted anew without a penalty";
    refit_test_error: Option<f64>, Epoch, "fraction", "the same, on the test examples";
    tuned_train_error: Option<f64>, Epoch, "fraction", "of a head fitted anew with a tuned penalty";
    tuned_test_error: Option<f64>, Epoch, "fraction", "the same, on the test examples";
    tuned_penalty: Option<f64>, Epoch, "", "that penalty: λ, on half the squared weights beside the sum of the losses";
}

impl Row {
    /// What `metrics.csv` shows of the row: what the schedule asks for, and no more. The rest was measured for a summary,
    /// or for another schedule that the run once had.
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
        assert_eq!(TIMING_COLUMNS.len(), 6);
    }
}
