//! When to write checkpoints, and which branches start from them; both tables resolved.

use super::report::ProblemReport;
use super::training::Training;
use super::written;

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

/// Resolves the `checkpoint` table.
pub(super) fn checkpoints(written: &written::Checkpoints, branches: &Branches) -> Checkpoints {
    Checkpoints {
        every_epochs: written.every_epochs,
        every_seconds: written.every_seconds,
        time_share: written.time_share,
        keep: keep(&written.keep),
        keep_final: written.keep_final,
        branches: branches.at.clone(),
    }
}

fn keep(written: &written::Keep) -> Keep {
    match written {
        written::Keep::Epochs(epochs) => Keep::Epochs(epochs.clone()),
        written::Keep::Word(_) => Keep::Log,
    }
}

/// Resolves the `branches` table, for a training of `examples` training examples.
pub(super) fn branches(
    written: &written::Branches,
    training: &Training,
    examples: usize,
    report: &mut ProblemReport<'_>,
) -> Branches {
    let branches = Branches {
        at: keep(&written.at),
        anneal: written.anneal,
        anneal_steps: written.anneal_steps,
        refit: written.refit,
    };
    let whole = training.steps(examples) / training.steps_per_epoch(examples).max(1);
    if let Keep::Epochs(epochs) = &branches.at {
        if let Some(beyond) = epochs.iter().find(|&&epoch| epoch > whole) {
            let message = format!("epoch {beyond} is beyond the budget of {whole} whole epochs");
            report.add("branches.at", message, "list epochs from 1 to the end of the budget");
        }
        if !epochs.is_empty() && !branches.anneal && !branches.refit {
            let message = "branches do nothing: `branches.anneal` and `branches.refit` are both false";
            report.add("branches.at", message, "enable one of them, or remove `branches.at`");
        }
    }
    branches
}
