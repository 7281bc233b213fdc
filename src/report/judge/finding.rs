//! What a report says, and how sure it is of it.

use crate::analysis::inference::RealityCheck;
use crate::report::rerun::Rerun;

/// What may be made of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Standing {
    /// Stated before the first run, and it holds.
    Holds,
    /// Stated before the first run, and it does not hold, or not fully.
    NotShown,
    /// Found by looking: no claim.
    Exploratory,
    /// Too little to infer anything from.
    Description,
}

impl Standing {
    /// For a badge.
    pub(in crate::report) fn name(self) -> &'static str {
        match self {
            Self::Holds => "claim holds",
            Self::NotShown => "claim not shown",
            Self::Exploratory => "exploratory",
            Self::Description => "description",
        }
    }
}

/// A statement with its reasons.
#[derive(Clone, Debug)]
pub(in crate::report) struct Finding {
    pub(in crate::report) standing: Standing,
    /// In words, with numbers.
    pub(in crate::report) sentence: String,
    /// What stands against it, or limits it.
    pub(in crate::report) reasons: Vec<String>,
    /// "Is it real?"; empty where there is no effect to ask about.
    pub(in crate::report) checks: Vec<Check>,
}

/// A line of the checklist.
#[derive(Clone, Debug)]
pub(in crate::report) struct Check {
    pub(in crate::report) check: RealityCheck,
    pub(in crate::report) name: &'static str,
    pub(in crate::report) answer: Answer,
    /// In words.
    pub(in crate::report) detail: String,
    /// What to run, where it was not.
    pub(in crate::report) command: Option<Rerun>,
}

/// What became of an effect under a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Answer {
    Survived,
    NotSurvived,
    NotRun,
}

impl Answer {
    pub(in crate::report) fn name(self) -> &'static str {
        match self {
            Self::Survived => "survived",
            Self::NotSurvived => "not survived",
            Self::NotRun => "not run",
        }
    }
}
