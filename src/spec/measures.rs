//! Measurements besides errors. None of them changes training.

use super::correct::Correct;
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

/// Half-life of an exponential moving average of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HalfLife {
    /// In steps.
    Steps(u64),
    /// As a fraction of the budget.
    Share(f64),
}

impl HalfLife {
    /// Averaged weights count from this many half-lives on: the initial weights are then at most an eighth of them.
    pub const SETTLED: f64 = 3.0;

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
