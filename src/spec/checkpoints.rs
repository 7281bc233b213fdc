//! When the state of a training is kept, and what is tried on the states.

/// When the state of a training is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoints {
    /// After every so many epochs, if that is asked for.
    pub every_epochs: Option<u64>,
    /// After so many seconds.
    pub every_seconds: f64,
    /// The largest share of time that they may take.
    pub time_share: f64,
    /// The epochs whose state stays.
    pub keep: Keep,
    /// Whether the state at the end stays, so that a longer budget can be asked for.
    pub keep_final: bool,
    /// The epochs whose state stays until branches have left from it.
    pub branches: Keep,
}

impl Checkpoints {
    /// Whether an epoch's state is kept when the epoch ends.
    pub fn keeps(&self, epoch: u64) -> bool {
        self.keep.has(epoch) || self.branches.has(epoch)
    }
}

/// The epochs whose state stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// These.
    Epochs(Vec<u64>),
    /// 1, 2, 5, 10, 20, 50 and so on.
    Log,
}

impl Keep {
    /// Whether an epoch's state stays.
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

/// What is tried on states of the target's training, beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Branches {
    /// The epochs that branches leave from.
    pub at: Keep,
    /// Whether an anneal branch does.
    pub anneal: bool,
    /// Its steps; absent: a tenth of those so far, within bounds.
    pub anneal_steps: Option<u64>,
    /// Whether heads are fitted anew.
    pub refit: bool,
}
