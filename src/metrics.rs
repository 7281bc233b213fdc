//! The numbers that a training reports of an epoch, each declared once with name, type, unit, meaning and what
//! measures it. A measure fills in its own; the header of `metrics.csv`, its reader, the choice of columns by schedule,
//! what a row lacks and the documentation come from here.

use serde::{Deserialize, Serialize};

/// What measures a column, if a schedule or a key of the spec decides whether it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredBy {
    /// Evaluation of the test and validation examples.
    Test,
    /// Evaluation of the training examples.
    Train,
    /// The same with averaged weights, on the test examples.
    TestAveraged,
    /// On the training examples.
    TrainAveraged,
    /// Norms, in every epoch.
    Norms,
}

impl MeasuredBy {
    /// Every measure.
    pub const ALL: [Self; 5] = [Self::Test, Self::Train, Self::TestAveraged, Self::TrainAveraged, Self::Norms];

    /// Whether it is off unless a key of the spec turns it on.
    pub const fn is_optional(self) -> bool {
        match self {
            Self::Test | Self::Train => false,
            Self::TestAveraged | Self::TrainAveraged | Self::Norms => true,
        }
    }
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
    /// What measures it; `None` if every row has it.
    pub measured: Option<MeasuredBy>,
}

macro_rules! columns {
    (@measured) => { None };
    (@measured $measured:ident) => { Some($crate::metrics::MeasuredBy::$measured) };
    ($(#[$about:meta])* $row:ident, $table:ident:
        $($name:ident: $kind:ty, $($measured:ident,)? $unit:literal, $meaning:literal;)*) => {
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
                measured: columns!(@measured $($measured)?),
            },)*
        ];

        impl $row {
            /// The row without the columns of some measures.
            #[allow(dead_code)] // Unused for tables that have no measured columns.
            pub(crate) fn without(&self, hidden: impl Fn($crate::metrics::MeasuredBy) -> bool) -> Self {
                let hides = |measured: Option<$crate::metrics::MeasuredBy>| measured.is_some_and(&hidden);
                Self {
                    $($name: if hides(columns!(@measured $($measured)?)) {
                        <$kind>::default()
                    } else {
                        self.$name.clone()
                    },)*
                }
            }
        }
    };
}

pub(crate) use columns;

columns! {
    /// The numbers of an epoch, a row of `metrics.csv`. Errors are fractions; `None` was not measured. What a schedule
    /// shows and asks for is in `rundir/scheduled.rs`, the line of the log in `run/phase/log.rs`.
    Metrics, COLUMNS:
    phase: String, "", "`source` or `target`";
    epoch: u64, "epochs", "passes over the training examples; 0 is before the first step";
    step: u64, "steps", "optimizer steps so far";
    learning_rate: Option<f64>, "", "learning rate of the epoch's last step";
    train_loss: Option<f64>, Train, "nats", "loss of the end-of-epoch weights in evaluation mode, without augmentation, on the labels used in training";
    train_error: Option<f64>, Train, "fraction", "error under the same conditions";
    train_error_running: Option<f64>, "fraction", "error over the batches of the epoch: training mode, augmented, with changing weights";
    train_error_clean: Option<f64>, Train, "fraction", "`train_error` on examples whose label is true";
    train_error_corrupted: Option<f64>, Train, "fraction", "`train_error` on examples whose label is wrong";
    corrupted_true_error: Option<f64>, Train, "fraction", "error on these examples against their true label; a rise towards 1 is memorisation";
    validation_error: Option<f64>, Test, "fraction", "error on the examples held out by `validation_size`";
    test_loss: Option<f64>, Test, "nats", "loss on the test examples, whose labels are always true";
    test_error: Option<f64>, Test, "fraction", "error on the test examples";
    train_error_averaged: Option<f64>, TrainAveraged, "fraction", "`train_error` of averaged weights (`evaluate.averaged_half_life`)";
    test_error_averaged: Option<f64>, TestAveraged, "fraction", "`test_error` of averaged weights";
    weight_norm: Option<f64>, Norms, "", "L2 norm of the trainable weights (`evaluate.norms`)";
    head_norm: Option<f64>, Norms, "", "L2 norm of the head's weights";
    distance_from_init: Option<f64>, Norms, "", "L2 distance of the trainable weights from their initial values";
    gradient_norm: Option<f64>, Norms, "", "L2 norm of the gradient, mean over the epoch's steps";
}

impl Metrics {
    /// The row as it is if no key of the spec turns an optional measure on.
    #[must_use]
    pub fn without_optional(&self) -> Self {
        self.without(MeasuredBy::is_optional)
    }
}
