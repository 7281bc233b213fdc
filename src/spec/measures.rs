//! Measurements besides errors. None of them changes training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation::{EvaluationSchedule, FINAL_EPOCHS};
use super::written;

/// Measurements besides errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExtraMeasures {
    /// Epochs at which `correct/` records which test examples were classified correctly.
    pub correct: Correct,
    /// Whether it records the training examples too.
    pub correct_train: bool,
    /// Half-life of the weight average; `None`: no averaging.
    pub averaging: Option<HalfLife>,
    /// Whether to record norms of weights and gradients.
    pub norms: bool,
}

impl ExtraMeasures {
    /// No measurements besides errors.
    pub const NONE: Self = Self { correct: Correct::Off, correct_train: false, averaging: None, norms: false };

    /// Whether correctness bits of training examples are recorded.
    pub fn keeps_train_answers(self) -> bool {
        self.correct != Correct::Off && self.correct_train
    }

    /// Whether correctness bits of test examples are recorded.
    pub fn keeps_test_answers(self) -> bool {
        self.correct != Correct::Off
    }
}

/// Evaluated epochs at which correctness bits are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Correct {
    /// All evaluated epochs.
    All,
    /// Log-spaced epochs, and the last five of the budget.
    #[default]
    Log,
    /// None.
    Off,
}

impl Correct {
    /// Whether bits are recorded after `epoch`, in a budget of `epochs`.
    pub fn has(self, epoch: u64, epochs: u64) -> bool {
        match self {
            Self::Off => false,
            Self::Log => EvaluationSchedule::Log.has(epoch) || epoch + FINAL_EPOCHS > epochs,
            Self::All => true,
        }
    }
}

/// Half-life of an exponential moving average of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HalfLife {
    /// In steps.
    Steps(u64),
    /// As a fraction of the budget.
    Share(f64),
}

impl HalfLife {
    /// The half-life in steps, for a budget in steps.
    pub fn steps(self, budget: u64) -> f64 {
        match self {
            Self::Steps(steps) => steps as f64,
            Self::Share(share) => share * budget as f64,
        }
    }
}

/// Resolves the keys of measurements.
pub(super) fn measures(written: &written::Evaluate) -> ExtraMeasures {
    ExtraMeasures {
        correct: written.correct,
        correct_train: written.correct_train,
        averaging: written.averaged_half_life.map(|half_life| match half_life {
            written::HalfLife::Steps(steps) => HalfLife::Steps(steps),
            written::HalfLife::Share(share) => HalfLife::Share(share),
        }),
        norms: written.norms,
    }
}
