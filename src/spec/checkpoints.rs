//! When to write checkpoints, and which branches start from them.

/// When to write checkpoints, and which to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoints {
    /// Epochs between checkpoints; `None`: by time only.
    pub every_epochs: Option<u64>,
    /// Seconds between checkpoints.
    pub every_seconds: f64,
    /// Largest fraction of run time to spend on checkpoints.
    pub time_share: f64,
    /// Epochs whose checkpoints stay on disk.
    pub keep: Keep,
    /// Whether to keep the final checkpoint, so that the budget can be extended.
    pub keep_final: bool,
    /// Epochs whose checkpoints are kept until the branches from them are done.
    pub branches: Keep,
}

impl Checkpoints {
    /// Whether to keep the checkpoint at the end of an epoch.
    pub fn keeps(&self, epoch: u64) -> bool {
        self.keep.has(epoch) || self.branches.has(epoch)
    }
}

/// A set of epochs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// These epochs.
    Epochs(Vec<u64>),
    /// 1, 2, 5, 10, 20, 50 and so on.
    Log,
}

impl Keep {
    /// Whether an epoch is in the set.
    pub fn has(&self, epoch: u64) -> bool {
        match self {
            Self::Epochs(epochs) => epochs.contains(&epoch),
            Self::Log => {
                let decade = 10u64.pow(epoch.checked_ilog10().unwrap_or(0));
                [1, 2, 5].contains(&(epoch / decade)) && epoch.is_multiple_of(decade)
            }
        }
    }
}

/// Branches from checkpoints of target training.
#[derive(Clone, Debug, PartialEq)]
pub struct Branches {
    /// Epochs to branch from.
    pub at: Keep,
    /// Whether to train on with the learning rate decaying to 0.
    pub anneal: bool,
    /// Steps of the anneal; `None`: a tenth of the steps so far, from 10 to 300.
    pub anneal_steps: Option<u64>,
    /// Whether to fit a new linear head.
    pub refit: bool,
}
