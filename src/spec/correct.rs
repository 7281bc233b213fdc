//! When correctness bits are recorded; one type as written and as resolved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluation_schedule::{EvaluationSchedule, FINAL_EPOCHS};

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
