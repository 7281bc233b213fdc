//! A finding of a report, and its standing.

use crate::analysis::inference::RealityCheck;
use crate::report::rerun::Rerun;
use crate::report::words::list;
use crate::text;

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
    /// What was claimed, and where it was stated; empty if nothing was.
    pub(in crate::report) claimed: String,
    /// Whether it holds, with its numbers.
    pub(in crate::report) sentence: String,
    /// Objections and limits.
    pub(in crate::report) reasons: Vec<String>,
    /// "Is it real?"; empty without an effect.
    pub(in crate::report) checks: Vec<Check>,
}

impl Finding {
    /// The whole finding as one text.
    pub(in crate::report) fn text(&self) -> String {
        let space = if self.claimed.is_empty() { "" } else { " " };
        format!("{}: {}{space}{}", self.standing.name(), self.claimed, self.sentence)
    }

    /// The controls that an effect does not survive, in words, to stand beside the standing.
    pub(in crate::report) fn lost(&self) -> Option<String> {
        let lost: Vec<&str> =
            self.checks.iter().filter(|check| check.answer == Answer::NotSurvived).map(Check::name).collect();
        (!lost.is_empty() && self.standing != Standing::NotShown).then(|| format!("does not survive {}", list(&lost)))
    }

    /// How many controls the effect survived. Conditions on the design are no controls: they repeat its own numbers.
    pub(in crate::report) fn tally(&self) -> String {
        let count = |answer: Answer| self.checks.iter().filter(|check| check.answer == answer).count();
        let [lost, kept, not_run] = [Answer::NotSurvived, Answer::Survived, Answer::NotRun].map(count);
        format!(
            "Of {} that could change the number, {kept} survived, {lost} did not, {not_run} were not run",
            text::counted(lost + kept + not_run, "control", "controls")
        )
    }
}

/// A line of the checklist.
#[derive(Clone, Debug)]
pub(in crate::report) struct Check {
    pub(in crate::report) control: RealityCheck,
    pub(in crate::report) answer: Answer,
    /// For a control that the effect does not survive: what is left of it.
    pub(in crate::report) words: String,
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
            RealityCheck::FallingRate => "a learning rate that falls",
            RealityCheck::LongerBudget => "longer budget",
            RealityCheck::Seeds => "design, eight seeds or more",
            RealityCheck::SourceSeeds => "design, source seeds vary",
            RealityCheck::RandomPrefix => "random prefix",
            RealityCheck::SameTask => "same task as source",
            RealityCheck::ValidationSelection => "validation selection",
        }
    }
}

/// Whether an effect survived a control, or a condition on the design is met; in the order of the checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Answer {
    NotSurvived,
    Survived,
    NotRun,
    Met,
    NotMet,
}

impl Answer {
    pub(in crate::report) fn name(self) -> &'static str {
        match self {
            Self::Survived => "survived",
            Self::NotSurvived => "not survived",
            Self::NotRun => "not run",
            Self::Met => "met",
            Self::NotMet => "not met",
        }
    }
}
