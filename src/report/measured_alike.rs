//! Controls are only averaged or compared if they were measured in the same way.

use std::collections::BTreeMap;

use super::read::{LeftOut, Run};

/// (key that says how a control was measured, name of the control, function that removes it from a run).
type Rule = (&'static str, &'static str, fn(&mut Run));

const RULES: [Rule; 2] = [
    ("evaluate.averaged_half_life", "averaged weights", Run::forget_averaged),
    ("branches.anneal_steps", "anneal branches", Run::forget_annealed),
];

/// Removes a control from runs of a setting that measured it differently from most of the others.
pub(super) fn keep_what_is_alike(runs: &mut [&mut Run], left_out: &mut Vec<LeftOut>) {
    for (key, what, forget) in RULES {
        let mut votes: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for run in runs.iter().filter(|run| has(run, key)) {
            *votes.entry(run.measurements.get(key).cloned()).or_default() += 1;
        }
        // In a tie the first value, so that the order of directories does not matter.
        let Some(most) = votes.values().max().copied() else { continue };
        let Some(kept) = votes.into_iter().find(|(_, count)| *count == most).map(|(value, _)| value) else { continue };
        for run in runs.iter_mut().filter(|run| has(run, key) && run.measurements.get(key) != kept.as_ref()) {
            let [own, others] = [run.measurements.get(key), kept.as_ref()]
                .map(|value| value.map_or_else(|| "its default".to_owned(), |value| format!("`{value}`")));
            let reason = format!("its {what} are not used: `{key}` is {own}, but {others} in most runs of its setting");
            left_out.push(LeftOut { place: run.place.clone(), reason });
            forget(run);
        }
    }
}

/// Whether a run has the control that `key` is about.
fn has(run: &Run, key: &str) -> bool {
    match key {
        "evaluate.averaged_half_life" => run.measurements.contains_key(key),
        _ => run.branches.iter().any(|row| row.anneal_test_error.is_some()),
    }
}
