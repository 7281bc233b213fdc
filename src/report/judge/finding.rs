//! A finding of a report, and its standing.

use crate::analysis::inference::RealityCheck;
use crate::report::rerun::Rerun;

/// How much a finding shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Standing {
    /// A claim stated before the first run that holds.
    Holds,
    /// A claim stated before the first run that does not hold, or not fully.
    NotShown,
    /// Found by exploring: not a claim.
    Exploratory,
    /// Too little data to infer anything from.
    Description,
}

impl Standing {
    /// Its name in a badge.
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
    /// The finding with its numbers.
    pub(in crate::report) sentence: String,
    /// Objections and limits.
    pub(in crate::report) reasons: Vec<String>,
    /// "Is it real?"; empty without an effect.
    pub(in crate::report) checks: Vec<Check>,
}

/// A line of the checklist.
#[derive(Clone, Debug)]
pub(in crate::report) struct Check {
    pub(in crate::report) control: RealityCheck,
    pub(in crate::report) answer: Answer,
    /// Numbers, in words.
    pub(in crate::report) detail: String,
    /// The command that runs the control, if it was not run.
    pub(in crate::report) command: Option<Rerun>,
}

impl Check {
    /// The name of the control.
    pub(in crate::report) fn name(&self) -> &'static str {
        match self.control {
            RealityCheck::AveragedWeights => "averaged weights",
            RealityCheck::AnnealBranches => "anneal branches",
            RealityCheck::RefittedHead => "refitted head",
            RealityCheck::LearningRateThird => "a third of the learning rate",
            RealityCheck::LearningRateTriple => "three times the learning rate",
            RealityCheck::LongerBudget => "longer budget",
            RealityCheck::Seeds => "eight seeds or more",
            RealityCheck::SourceSeeds => "source seeds",
            RealityCheck::RandomPrefix => "random prefix",
            RealityCheck::SameTask => "same task as source",
            RealityCheck::ValidationSelection => "validation selection",
        }
    }
}

/// Whether an effect survived a control.
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
