//! What is measured of a training beside its errors. None of it changes the training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::procedure::{EvaluationSchedule, FINAL_EPOCHS};

/// What is measured beside errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExtraMeasures {
    /// After which epochs it is kept which examples were right.
    pub correct: Correct,
    /// Whether that is kept of the training examples too.
    pub correct_train: bool,
    /// The half-life of averaged weights, where they are wanted.
    pub averaging: Option<HalfLife>,
    /// Norms of weights and gradients.
    pub norms: bool,
}

impl ExtraMeasures {
    /// Nothing.
    pub const NONE: Self = Self { correct: Correct::Off, correct_train: false, averaging: None, norms: false };

    /// Whether answers to training examples are kept.
    pub fn keeps_train_answers(self) -> bool {
        self.correct != Correct::Off && self.correct_train
    }

    /// Whether answers to test examples are kept.
    pub fn keeps_test_answers(self) -> bool {
        self.correct != Correct::Off
    }
}

/// After which of the epochs that are evaluated it is kept which examples were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Correct {
    /// All.
    All,
    /// Log-spaced ones, and the last five of the budget.
    #[default]
    Log,
    /// None.
    Off,
}

impl Correct {
    /// Whether the answers after an epoch are kept, in a budget of so many epochs.
    pub fn has(self, epoch: u64, epochs: u64) -> bool {
        match self {
            Self::Off => false,
            Self::Log => EvaluationSchedule::Log.has(epoch) || epoch + FINAL_EPOCHS > epochs,
            Self::All => true,
        }
    }
}

/// The steps after which a weight's share in an average has halved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HalfLife {
    /// So many.
    Steps(u64),
    /// A share of the budget.
    Share(f64),
}

impl HalfLife {
    /// The steps, in a budget of so many.
    pub fn steps(self, budget: u64) -> f64 {
        match self {
            Self::Steps(steps) => steps as f64,
            Self::Share(share) => share * budget as f64,
        }
    }
}
