//! "Is it real?": whether an effect survives each control, and the commands for controls that were not run.

use super::commands::Commands;
use super::finding::{Answer, Check};
use super::sources::Sources;
use super::subject::Subject;
use crate::analysis::inference::{
    Effect, LEAST_SEEDS, NotSurviving, RealityCheck, Survival, survival, survival_of_equivalence,
};
use crate::report::words::{list, p_value, points};

/// The unit of an effect's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EffectUnit {
    /// A difference of errors.
    Points,
    /// The logarithm of a ratio of epochs.
    LogRatio,
    /// A difference within a margin.
    WithinMargin,
}

impl EffectUnit {
    fn survival(self, effect: &Effect, control: Option<&Effect>) -> Survival {
        match self {
            Self::Points | Self::LogRatio => survival(effect, control),
            Self::WithinMargin => survival_of_equivalence(control),
        }
    }

    fn words(self, size: f64, p: f64) -> String {
        let size = match self {
            Self::Points => format!("{} points", points(size)),
            Self::LogRatio => format!("{:.2} times as late", size.exp()),
            Self::WithinMargin => format!("a difference of {} points", points(size)),
        };
        format!("{size}, {}", p_value(p))
    }
}

/// The checklist of an effect, with a line for each control that applies to it.
pub(super) fn checklist(
    subject: &Subject,
    (effect, unit): (&Effect, EffectUnit),
    controls: &[(RealityCheck, Effect)],
    commands: &Commands,
) -> Vec<Check> {
    let line = |check: RealityCheck| {
        let control = controls.iter().find(|(known, _)| *known == check).map(|(_, effect)| effect);
        let (answer, detail) = match unit.survival(effect, control) {
            Survival::Survived { p, size } => (Answer::Survived, unit.words(size, p)),
            Survival::NotSurvived { p, size, losses } => {
                (Answer::NotSurvived, format!("{}: {}", unit.words(size, p), losses_in_words(&losses)))
            }
            Survival::NotRun => (Answer::NotRun, String::new()),
        };
        let command = (answer == Answer::NotRun).then(|| commands.of(check, subject)).flatten();
        Check { control: check, answer, detail, command }
    };
    RealityCheck::ALL.into_iter().filter(|check| subject.admits(*check)).map(line).collect()
}

/// The checks that the seeds of the measurement itself answer.
pub(super) fn of_seeds(effect: &Effect, independent: usize, sources: Sources) -> Vec<(RealityCheck, Effect)> {
    let seeds = (independent >= LEAST_SEEDS).then_some((RealityCheck::Seeds, *effect));
    let of_sources = matches!(sources, Sources::Own | Sources::Clusters);
    seeds.into_iter().chain(of_sources.then_some((RealityCheck::SourceSeeds, *effect))).collect()
}

/// Which controls the effect survived, which not, and whether the learning rate was varied.
pub(super) fn survived(checks: &[Check]) -> String {
    let names = |answer: Answer| {
        let of_seeds = [RealityCheck::Seeds, RealityCheck::SourceSeeds];
        let of = checks.iter().filter(|check| check.answer == answer && !of_seeds.contains(&check.control));
        of.map(Check::name).collect::<Vec<_>>()
    };
    let mut text = String::new();
    for (answer, words) in [(Answer::Survived, "survives"), (Answer::NotSurvived, "does not survive")] {
        let names = names(answer);
        if !names.is_empty() {
            text.extend(["; ", words, " ", &list(&names)]);
        }
    }
    let rates = [RealityCheck::LearningRateThird, RealityCheck::LearningRateTriple];
    if checks.iter().filter(|check| rates.contains(&check.control) && check.answer == Answer::NotRun).count() == 2 {
        text.push_str("; learning rate not varied");
    }
    text
}

/// Why an effect does not survive a control.
pub(super) fn losses_in_words(losses: &[NotSurviving]) -> String {
    let word = |loss: &NotSurviving| match loss {
        NotSurviving::NoEffect => "there is no effect to begin with",
        NotSurviving::NotSignificant => "not significant",
        NotSurviving::TooSmall => "less than half the size",
    };
    list(&losses.iter().map(word).collect::<Vec<_>>())
}
