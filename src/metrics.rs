//! The numbers that a training reports of an epoch, each declared once with name, type, unit, meaning and the evaluation
//! that it belongs to. A measure fills in its own; the header of `metrics.csv`, its reader, the choice of columns by
//! schedule and the documentation come from here.

use serde::{Deserialize, Serialize};

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
            /// The row without the columns of some evaluations.
            #[allow(dead_code)] // Unused for tables whose columns are present for every epoch.
            pub(crate) fn without(&self, hidden: &[MeasuredBy]) -> Self {
                Self {
                    $($name: if hidden.contains(&MeasuredBy::$measured) { Default::default() } else { self.$name.clone() },)*
                }
            }
        }
    };
}

pub(crate) use columns;

columns! {
    /// The numbers of an epoch, a row of `metrics.csv`. Errors are fractions; `None` was not measured.
    Metrics, COLUMNS:
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
