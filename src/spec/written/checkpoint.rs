//! The keys of `[checkpoint]` and `[branches]`. None of them changes a number of the training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scalars::Log;

/// When the state of a training is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Checkpoints {
    /// After every so many epochs.
    #[schemars(
        range(min = 1, max = 1_000_000_000),
        extend("x-unit" = "epochs", "x-default" = "none: time alone counts", "x-identity" = false)
    )]
    pub(in crate::spec) every_epochs: Option<u64>,
    /// At the first step after so many seconds, in the middle of an epoch too.
    #[schemars(range(min = 0.0, max = 1e9), extend("x-unit" = "seconds", "x-identity" = false))]
    pub(in crate::spec) every_seconds: f64,
    /// The largest share of time that checkpoints may take: where they take long, there are fewer. What is in `keep`,
    /// a stop and the end are always kept.
    #[schemars(range(min = 0.001, max = 1.0), extend("x-unit" = "fraction", "x-identity" = false))]
    pub(in crate::spec) time_share: f64,
    /// The target's epochs whose state stays on disk: a list, or `log` for 1, 2, 5, 10, 20, 50 and so on. Of the others
    /// the last two stay while the target trains.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false))]
    pub(in crate::spec) keep: Keep,
    /// Whether the target's state at the end of its budget stays on disk; it takes the room of the weights and the
    /// optimizer's state. Without it a finished run cannot be extended, nor be given another schedule of evaluation.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) keep_final: bool,
}

/// A list of epochs or the word for logarithmic spacing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum Keep {
    /// These.
    Epochs(#[schemars(inner(range(min = 1, max = 1_000_000_000)))] Vec<u64>),
    /// Log-spaced.
    Word(Log),
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self {
            every_epochs: None,
            every_seconds: 600.0,
            time_share: 0.05,
            keep: Keep::Epochs(Vec::new()),
            keep_final: true,
        }
    }
}

/// Controls that leave from states of the target's training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Branches {
    /// The epochs that branches leave from: a list, or `log` for 1, 2, 5, 10, 20, 50 and so on. They are made after the
    /// training, from its checkpoints, which are kept until then. A finished run can be asked for branches from the
    /// epochs that its `checkpoint.keep` kept.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false))]
    pub(in crate::spec) at: Keep,
    /// Whether to train on from there with a learning rate that goes linearly to 0: an optimizer's spike goes away.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) anneal: bool,
    /// How many steps that takes.
    #[schemars(
        range(min = 1, max = 1_000_000_000),
        extend("x-unit" = "steps", "x-default" = "a tenth of the steps so far, from 10 to 300", "x-identity" = false)
    )]
    pub(in crate::spec) anneal_steps: Option<u64>,
    /// Whether to fit a new linear head to the features there, on the same labels: without a penalty, and with the
    /// penalty that is best on a held-out fifth of the training examples.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) refit: bool,
}

impl Default for Branches {
    fn default() -> Self {
        Self { at: Keep::Epochs(Vec::new()), anneal: true, anneal_steps: None, refit: true }
    }
}
