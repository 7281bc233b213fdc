//! Finds the control of a setting: another setting that differs only in what the control changes.

use crate::analysis::inference::RealityCheck;
use crate::report::setting::Setting;
use crate::rundir::SpecValues;

const RATE: &str = "target.train.learning_rate";
const BUDGETS: [&str; 2] = ["target.train.epochs", "target.train.steps"];
/// Keys whose default depends on whether there is a source.
const WITH_SOURCE: [&str; 3] = ["transfer.frozen_norm", "transfer.unfrozen_init", "target.normalisation"];

/// The setting that is this control of `setting`, if any.
pub(super) fn find<'a>(check: RealityCheck, setting: &Setting, all: &'a [Setting]) -> Option<&'a Setting> {
    all.iter().find(|other| is_control(check, &setting.values, &other.values))
}

fn is_control(check: RealityCheck, own: &SpecValues, other: &SpecValues) -> bool {
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
        RealityCheck::LongerBudget => {
            only(&|key| BUDGETS.contains(&key)) && BUDGETS.iter().any(|key| ratio(key).is_some_and(|ratio| ratio > 1.0))
        }
        RealityCheck::RandomPrefix => {
            let has_source = |values: &SpecValues| values.keys().any(|key| key.starts_with("source."));
            has_source(own) && !has_source(other) && only(&of_source)
        }
        RealityCheck::SameTask => {
            let dataset = |values: &SpecValues, task: &str| values.get(&format!("{task}.dataset")).cloned();
            let same = |values: &SpecValues| dataset(values, "source") == dataset(values, "target");
            same(other) && !same(own) && only(&of_source)
        }
        _ => false,
    }
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
    fn a_control_differs_in_nothing_else() {
        let own = values(&[(RATE, "0.003"), ("target.train.epochs", "10"), ("source.dataset", "a")]);
        let with = |key: &str, value: &str| {
            let mut other = own.clone();
            other.insert(key.to_owned(), value.to_owned());
            other
        };
        let is = |check, other: &SpecValues| is_control(check, &own, other);
        assert!(is(RealityCheck::LearningRateThird, &with(RATE, "0.001")));
        assert!(!is(RealityCheck::LearningRateTriple, &with(RATE, "0.001")));
        assert!(is(RealityCheck::LongerBudget, &with("target.train.epochs", "30")));
        assert!(!is(RealityCheck::LongerBudget, &with("target.train.epochs", "5")));
        let mut third = with(RATE, "0.001");
        third.insert("network.width".to_owned(), "8".to_owned());
        assert!(!is(RealityCheck::LearningRateThird, &third));
        let prefix = values(&[(RATE, "0.003"), ("target.train.epochs", "10"), ("transfer.frozen_norm", "target")]);
        assert!(is(RealityCheck::RandomPrefix, &prefix));
    }
}
