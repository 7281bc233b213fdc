//! How settings are named: by the keys in which they differ, without those that follow from others.

use std::collections::{BTreeMap, BTreeSet};

use super::read::Run;
use super::words;
use crate::rundir::SpecValues;

/// The data set that every source has.
const SOURCE: &str = "source.dataset";
/// Layers frozen by name; empty where the first k are.
const FROZEN: &str = "transfer.frozen";
/// Keys whose default depends on whether there is a source.
pub(super) const WITH_SOURCE: [&str; 3] = ["transfer.frozen_norm", "transfer.unfrozen_init", "target.normalisation"];

/// The keys in which runs differ, except seeds and frozen layers.
pub(super) fn axes(runs: &[Run]) -> Vec<String> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.values.keys()).collect();
    let differs = |key: &&&String| {
        let mut values = runs.iter().map(|run| run.values.get(**key));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    keys.iter().filter(differs).map(|key| (*key).clone()).collect()
}

/// The axes that every setting has, that of the source, and of the others those that do not follow from them: those that
/// only some settings have, and where some have no source those that depend on it.
pub(super) fn names(axes: &[String], settings: &[&SpecValues]) -> Vec<String> {
    let all_have = |axis: &str| settings.iter().all(|values| values.contains_key(axis));
    let depends = |axis: &str| WITH_SOURCE.contains(&axis) && !all_have(SOURCE);
    let is_common = |axis: &&String| *axis == SOURCE || all_have(axis) && !depends(axis);
    let (mut named, partial): (Vec<&String>, Vec<&String>) = axes.iter().partition(is_common);
    for axis in partial {
        if !follows(axis, &named, settings) {
            named.push(axis);
        }
    }
    named.into_iter().cloned().collect()
}

/// Whether settings with equal values of some axes have equal values of another.
pub(super) fn follows(axis: &str, from: &[&String], settings: &[&SpecValues]) -> bool {
    let mut known: BTreeMap<Vec<Option<&String>>, Option<&String>> = BTreeMap::new();
    settings.iter().all(|values| {
        let others = from.iter().map(|other| values.get(*other)).collect();
        *known.entry(others).or_insert(values.get(axis)) == values.get(axis)
    })
}

/// The values of some axes in words: `source dataset = mnist, width = 8`.
pub(super) fn in_words(values: &SpecValues, axes: &[&String]) -> String {
    let value = |axis: &&String| match values.get(*axis) {
        Some(value) if *axis == FROZEN && value == "[]" => "first layers frozen".to_owned(),
        Some(value) => format!("{} = {}", words::short(axis), words::value(value)),
        None if *axis == SOURCE => "no source".to_owned(),
        None => format!("no {}", words::short(axis)),
    };
    axes.iter().map(value).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> SpecValues {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn keys_of_an_absent_source_do_not_name_a_setting() {
        let own = values(&[(SOURCE, "cifar100"), ("source.train.epochs", "25"), ("transfer.frozen_norm", "source")]);
        let prefix = values(&[("transfer.frozen_norm", "target")]);
        let axes: Vec<String> = own.keys().cloned().collect();
        let named = names(&axes, &[&own, &prefix]);
        assert_eq!(named, [SOURCE]);
        let named: Vec<&String> = named.iter().collect();
        assert_eq!([&own, &prefix].map(|values| in_words(values, &named)), ["source dataset = cifar100", "no source"]);
        // With another budget of the same source, the budget does.
        let longer = values(&[(SOURCE, "cifar100"), ("source.train.epochs", "50"), ("transfer.frozen_norm", "source")]);
        let named = names(&axes, &[&own, &prefix, &longer]);
        assert_eq!(named, [SOURCE, "source.train.epochs"]);
    }

    #[test]
    fn an_empty_list_of_frozen_layers_is_the_first_ones() {
        let words = |value| in_words(&values(&[(FROZEN, value)]), &[&FROZEN.to_owned()]);
        assert_eq!(words("[]"), "first layers frozen");
        assert_eq!(words("[\"stem\"]"), "frozen = [\"stem\"]");
    }

    #[test]
    fn a_key_that_is_a_function_of_another_is_not_named() {
        let of = |size, epochs| values(&[("size", size), ("epochs", epochs)]);
        let (small, large, longer) = (of("1", "300"), of("4", "150"), of("4", "300"));
        let size = "size".to_owned();
        assert!(follows("epochs", &[&size], &[&small, &large]));
        assert!(!follows("epochs", &[&size], &[&small, &large, &longer]));
    }
}
