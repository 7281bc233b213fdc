//! Finds the control of a setting: another setting that differs only in what the control changes.

use std::path::Path;

use super::effect::SizedEffect;
use crate::analysis::inference::RealityCheck;
use crate::report::read::View;
use crate::report::setting::Setting;
use crate::report::setting_names::WITH_SOURCE;
use crate::rundir::SpecValues;

pub(super) const RATE: &str = "target.train.learning_rate";
pub(super) const SCHEDULE: &str = "target.train.schedule";
/// Keys of schedules.
const OF_SCHEDULES: [&str; 4] = [SCHEDULE, "target.train.period", "target.train.milestones", "target.train.decay"];
pub(super) const BUDGETS: [&str; 2] = ["target.train.epochs", "target.train.steps"];
const VALIDATION: [&str; 2] = ["target.validation_size", "target.validation_noise"];

/// Measures the same contrast in other settings, one for each of its own, with a view of their errors.
pub(super) type Remeasure<'a> = &'a dyn Fn(&[&Setting], View, RealityCheck) -> Option<SizedEffect>;

/// The contrast under each control that was run: with another view of the same runs, or with the claim's own view in
/// settings of `all` that are controls of those in `own`.
pub(super) fn under(
    own: &[&Setting],
    all: &[Setting],
    view: View,
    measure: Remeasure,
) -> Vec<(RealityCheck, SizedEffect)> {
    let others = |check: RealityCheck| -> Option<Vec<&Setting>> {
        own.iter().map(|setting| all.iter().find(|other| is_control(check, setting, other))).collect()
    };
    let of = |check: RealityCheck| match check {
        // A claim about averaged weights cannot be its own control.
        RealityCheck::AveragedWeights if view == View::Averaged => None,
        RealityCheck::AveragedWeights => measure(own, View::Averaged, check),
        RealityCheck::AnnealBranches => measure(own, View::Annealed, check),
        RealityCheck::RefittedHead => measure(own, View::Refitted, check),
        RealityCheck::ValidationSelection => {
            measure(own, View::Validation, check).or_else(|| measure(&others(check)?, View::Validation, check))
        }
        RealityCheck::Seeds | RealityCheck::SourceSeeds => None,
        other => measure(&others(other)?, view, other),
    };
    RealityCheck::ALL.into_iter().filter_map(|check| Some((check, of(check)?))).collect()
}

/// Whether a setting is a control of one from another folder. Settings in one folder are axes of a grid. Of two that are
/// controls of each other, as with learning rates, it is the one without a claim, or else the later one.
pub(super) fn is_control_of_any(setting: &Setting, all: &[Setting], is_claimed: impl Fn(&Setting) -> bool) -> bool {
    let rank = |setting: &Setting| (!is_claimed(setting), setting.order);
    let comes_first = |own: &Setting| !is_control_of(setting, own) || rank(own) < rank(setting);
    all.iter().filter(|own| folder(own) != folder(setting)).any(|own| is_control_of(own, setting) && comes_first(own))
}

/// Whether a setting differs from another only in what some control changes.
pub(super) fn is_control_of(own: &Setting, other: &Setting) -> bool {
    RealityCheck::ALL.iter().any(|check| is_control(*check, own, other))
}

fn folder(setting: &Setting) -> Option<&Path> {
    setting.runs().next()?.directory.path().parent()
}

fn is_control(check: RealityCheck, own: &Setting, other: &Setting) -> bool {
    changes_that(check, &own.values, &other.values)
}

fn changes_that(check: RealityCheck, own: &SpecValues, other: &SpecValues) -> bool {
    let differing = differing(own, other);
    let only = |allowed: &dyn Fn(&str) -> bool| !differing.is_empty() && differing.iter().all(|key| allowed(key));
    let number = |values: &SpecValues, key: &str| values.get(key).and_then(|value| value.parse::<f64>().ok());
    let ratio = |key: &str| Some(number(other, key)? / number(own, key)?);
    let rate = |low: f64, high: f64| {
        only(&|key| key == RATE) && ratio(RATE).is_some_and(|ratio| (low..=high).contains(&ratio))
    };
    match check {
        RealityCheck::LearningRateThird => rate(0.3, 0.37),
        RealityCheck::LearningRateTriple => rate(2.7, 3.4),
        RealityCheck::FallingRate => {
            has_constant_rate(own) && !has_constant_rate(other) && only(&|key| OF_SCHEDULES.contains(&key))
        }
        RealityCheck::LongerBudget => {
            only(&|key| BUDGETS.contains(&key)) && BUDGETS.iter().any(|key| ratio(key).is_some_and(|ratio| ratio > 1.0))
        }
        RealityCheck::RandomPrefix => {
            let has_source = |values: &SpecValues| values.keys().any(|key| key.starts_with("source."));
            has_source(own) && !has_source(other) && only(&of_source)
        }
        RealityCheck::SameTask => {
            is_same_task(other) && !is_same_task(own) && only(&|key| of_source(key) || key == "target.split")
        }
        RealityCheck::ValidationSelection => only(&|key| VALIDATION.contains(&key)),
        _ => false,
    }
}

/// Whether source and target use the same data set.
pub(super) fn is_same_task(values: &SpecValues) -> bool {
    values.get("source.dataset") == values.get("target.dataset")
}

/// Whether the learning rate is constant.
pub(super) fn has_constant_rate(values: &SpecValues) -> bool {
    values.get(SCHEDULE).is_none_or(|schedule| schedule == "constant")
}

fn of_source(key: &str) -> bool {
    key.starts_with("source.") || WITH_SOURCE.contains(&key)
}

fn differing<'a>(own: &'a SpecValues, other: &'a SpecValues) -> Vec<&'a str> {
    let mut keys: Vec<&str> =
        own.keys().chain(other.keys()).filter(|key| own.get(*key) != other.get(*key)).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> SpecValues {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_control_differs_only_in_its_own_keys() {
        let own =
            values(&[(RATE, "0.003"), ("target.train.epochs", "10"), ("source.dataset", "a"), ("target.dataset", "b")]);
        let with = |pairs: &[(&str, &str)]| {
            let mut other = own.clone();
            other.extend(values(pairs));
            other
        };
        let is = |check, pairs: &[(&str, &str)]| changes_that(check, &own, &with(pairs));
        assert!(is(RealityCheck::LearningRateThird, &[(RATE, "0.001")]));
        assert!(!is(RealityCheck::LearningRateTriple, &[(RATE, "0.001")]));
        assert!(!is(RealityCheck::LearningRateThird, &[(RATE, "0.001"), ("network.width", "8")]));
        assert!(is(RealityCheck::FallingRate, &[(SCHEDULE, "inverse-sqrt"), ("target.train.period", "512")]));
        assert!(!is(RealityCheck::FallingRate, &[(SCHEDULE, "cosine"), ("target.train.epochs", "30")]));
        assert!(!changes_that(RealityCheck::FallingRate, &with(&[(SCHEDULE, "cosine")]), &own));
        assert!(is(RealityCheck::LongerBudget, &[("target.train.epochs", "30")]));
        assert!(!is(RealityCheck::LongerBudget, &[("target.train.epochs", "5")]));
        let halves = [("source.dataset", "b"), ("source.split", "1/2"), ("target.split", "2/2")];
        assert!(is(RealityCheck::SameTask, &halves) && !is(RealityCheck::SameTask, &halves[2..]));
        assert!(is(RealityCheck::ValidationSelection, &[("target.validation_size", "1000")]));
        let mut prefix = with(&[("transfer.frozen_norm", "target")]);
        prefix.remove("source.dataset");
        assert!(changes_that(RealityCheck::RandomPrefix, &own, &prefix));
    }
}
