//! The keys of `[checkpoint]` and `[branches]`. None of them changes the numbers of a training run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scalars::Log;

/// When to write checkpoints, and which to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Checkpoints {
    /// Write a checkpoint after every N epochs.
    #[schemars(
        range(min = 1, max = 1_000_000_000),
        extend("x-unit" = "epochs", "x-default" = "none: by time only", "x-identity" = false)
    )]
    pub(in crate::spec) every_epochs: Option<u64>,
    /// Write a checkpoint at the first step after this many seconds, even in the middle of an epoch.
    #[schemars(range(min = 0.0, max = 1e9), extend("x-unit" = "seconds", "x-identity" = false))]
    pub(in crate::spec) every_seconds: f64,
    /// Largest fraction of run time to spend on writing checkpoints; slow writes make them rarer. Epochs in `keep`, an
    /// interrupted run and the end of training always get one.
    #[schemars(range(min = 0.001, max = 1.0), extend("x-unit" = "fraction", "x-identity" = false))]
    pub(in crate::spec) time_share: f64,
    /// Epochs of target training whose checkpoints stay on disk: a list, or `log` for 1, 2, 5, 10, 20, 50 and so on. Of
    /// the others, the latest two stay while the target trains.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false))]
    pub(in crate::spec) keep: Keep,
    /// Whether to keep the target's checkpoint at the end of its budget; it holds the weights and the optimizer state.
    /// Without it, a finished run cannot be extended or evaluated on another schedule.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) keep_final: bool,
}

/// A list of epochs, or `log`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum Keep {
    /// These epochs.
    Epochs(#[schemars(inner(range(min = 1, max = 1_000_000_000)))] Vec<u64>),
    /// 1, 2, 5, 10, 20, 50 and so on.
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

/// Side trainings and refits that start from checkpoints of target training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Branches {
    /// Epochs to branch from: a list, or `log` for 1, 2, 5, 10, 20, 50 and so on. Branches run after the training, from
    /// its checkpoints, which are kept until then. A finished run accepts branches from the epochs that its
    /// `checkpoint.keep` kept.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false))]
    pub(in crate::spec) at: Keep,
    /// Whether to continue training from each branch epoch with the learning rate decaying linearly to 0. A peak that
    /// is only optimizer noise disappears.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) anneal: bool,
    /// Number of optimizer steps of `anneal`.
    #[schemars(
        range(min = 1, max = 1_000_000_000),
        extend("x-unit" = "steps", "x-default" = "a tenth of the steps so far, from 10 to 300", "x-identity" = false)
    )]
    pub(in crate::spec) anneal_steps: Option<u64>,
    /// Whether to fit a new linear head to the features of each branch epoch, on the same labels: once without L2
    /// penalty, and once with the penalty that is best on a held-out fifth of the training examples.
    #[schemars(extend("x-identity" = false))]
    pub(in crate::spec) refit: bool,
}

impl Default for Branches {
    fn default() -> Self {
        Self { at: Keep::Epochs(Vec::new()), anneal: true, anneal_steps: None, refit: true }
    }
}
