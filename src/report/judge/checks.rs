//! "Is it real?": whether an effect survives each control, and the commands for controls that were not run.

use super::commands::Commands;
use super::effect::{EffectUnit, SizedEffect};
use super::finding::{Answer, Check};
use super::sources::Sources;
use super::subject::Subject;
use crate::analysis::inference::{LEAST_SEEDS, NotSurviving, RealityCheck, Survival};
use crate::report::read::Run;
use crate::report::setting::Setting;
use crate::report::words::{list, p_value, points};

/// The checklist of an effect, with a line for each control that applies to it: first those that it does not survive,
/// and last the conditions on the design.
pub(super) fn checklist(
    subject: &Subject,
    (own, unit): (&SizedEffect, EffectUnit),
    controls: &[(RealityCheck, SizedEffect)],
    commands: &Commands,
) -> Vec<Check> {
    let line = |check: RealityCheck| {
        let control = controls.iter().find(|(known, _)| *known == check).map(|(_, effect)| effect);
        let numbers = control.map(|control| unit.numbers(own, control)).unwrap_or_default();
        let (answer, words, detail) = match (unit.survival(own, control), control) {
            _ if is_of_design(check) => {
                let answer = if control.is_some() { Answer::Met } else { Answer::NotMet };
                (answer, String::new(), String::new())
            }
            (Survival::Survived { .. }, _) => (Answer::Survived, String::new(), numbers),
            (Survival::NotSurvived { losses, .. }, Some(control)) => {
                let words = lost(subject, (control, unit), &losses);
                let detail = match control.parts {
                    Some(_) => format!("{words}; {numbers}"),
                    None => format!("{words}; {}", p_value(control.effect.p)),
                };
                (Answer::NotSurvived, words, detail)
            }
            _ => (Answer::NotRun, String::new(), String::new()),
        };
        let is_missing = matches!(answer, Answer::NotRun | Answer::NotMet);
        let command = is_missing.then(|| commands.of(check, subject)).flatten();
        Check { control: check, answer, words, detail, command }
    };
    let mut checks: Vec<Check> =
        RealityCheck::ALL.into_iter().filter(|check| subject.admits(*check)).map(line).collect();
    checks.sort_by_key(|check| check.answer);
    checks
}

/// Whether a check is a condition on the seeds of the measurement, which cannot change its numbers.
fn is_of_design(check: RealityCheck) -> bool {
    matches!(check, RealityCheck::Seeds | RealityCheck::SourceSeeds)
}

/// The conditions on the design that the seeds of the measurement meet.
pub(super) fn of_seeds(effect: &SizedEffect, independent: usize, sources: Sources) -> Vec<(RealityCheck, SizedEffect)> {
    let seeds = (independent >= LEAST_SEEDS).then_some((RealityCheck::Seeds, *effect));
    let of_sources = matches!(sources, Sources::Own | Sources::Clusters);
    seeds.into_iter().chain(of_sources.then_some((RealityCheck::SourceSeeds, *effect))).collect()
}

/// Sentences on which controls the effect did not survive, which it did, and whether the learning rate was varied.
pub(super) fn survived(checks: &[Check]) -> String {
    let of = |answer: Answer| checks.iter().filter(move |check| check.answer == answer);
    let mut text = String::new();
    let lost: Vec<String> =
        of(Answer::NotSurvived).map(|check| format!("{} ({})", check.name(), check.words)).collect();
    if !lost.is_empty() {
        text.extend([". Does not survive ", &list(&lost)]);
    }
    let kept: Vec<&str> = of(Answer::Survived).map(Check::name).collect();
    if !kept.is_empty() {
        text.extend([". Survives ", &list(&kept)]);
    }
    let rates = [RealityCheck::LearningRateThird, RealityCheck::LearningRateTriple];
    if of(Answer::NotRun).filter(|check| rates.contains(&check.control)).count() == 2 {
        text.push_str(". Learning rate not varied");
    }
    text
}

/// What is left of an effect under a control that it does not survive.
fn lost(subject: &Subject, (control, unit): (&SizedEffect, EffectUnit), losses: &[NotSurviving]) -> String {
    let size = control.effect.size;
    let is_lower = unit == EffectUnit::Points && points(size).starts_with('-');
    match (&subject.peak, control.parts) {
        (Some(peak), Some(_)) if is_lower => format!("{peak} is {} points below the higher end", points(-size)),
        _ => format!("{}: {}", unit.size(size), losses_in_words(losses)),
    }
}

/// Why the control that a claim needs was not run.
pub(super) fn no_control(settings: &[&Setting]) -> String {
    let has = |run: &Run| run.is_averaged();
    let why = if settings.iter().all(|setting| setting.runs().all(has)) {
        "had not settled at these places: they need three half-lives"
    } else {
        "were not measured"
    };
    format!("averaged weights, the control that a claim needs, {why}")
}

/// Why an effect does not survive a control.
pub(super) fn losses_in_words(losses: &[NotSurviving]) -> String {
    let word = |loss: &NotSurviving| match loss {
        NotSurviving::NoEffect => "no effect without the control either",
        NotSurviving::NotSignificant => "not significant",
        NotSurviving::TooSmall => "less than half the size",
    };
    list(&losses.iter().map(word).collect::<Vec<_>>())
}
