//! Commands that run missing controls, and their specs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use super::control::{RATE, SCHEDULE};
use super::subject::{MeasuredAt, Subject};
use crate::analysis::inference::{LEAST_SEEDS, RealityCheck};
use crate::report::read::Run;
use crate::report::rerun::{self, Rerun, SpecChange, SpecPlaces};
use crate::report::setting::Setting;
use crate::rundir::SpecValues;
use crate::spec::HalfLife;

/// Creates the commands of a report.
pub(in crate::report) struct Commands<'a> {
    /// The report's folder of specs.
    specs: &'a Path,
    /// The specs so far, by file name.
    made: RefCell<BTreeMap<String, Rerun>>,
}

impl<'a> Commands<'a> {
    pub(in crate::report) fn new(specs: &'a Path) -> Self {
        Self { specs, made: RefCell::default() }
    }

    /// The spec and the command of a control; `None` if the runs do not allow it.
    pub(super) fn of(&self, check: RealityCheck, subject: &Subject) -> Option<Rerun> {
        let is_measured = |run: &&Run| subject.layers.contains(&run.frozen.count);
        let runs: Vec<&Run> = subject.settings.iter().flat_map(|setting| setting.runs()).filter(is_measured).collect();
        let folder = runs.first()?.directory.path().parent()?;
        let folder_name = folder.file_name()?.to_string_lossy();
        let name = format!("{folder_name}-{}-{}", subject.name, suffix(check));
        self.named(&runs, &name, &changes(check, subject)?, folder.parent()?)
    }

    /// The spec and the command that reproduce some runs with changes, under a unique name.
    pub(in crate::report) fn named(
        &self,
        runs: &[&Run],
        name: &str,
        changes: &[SpecChange],
        out: &Path,
    ) -> Option<Rerun> {
        let mut made = self.made.borrow_mut();
        let names = std::iter::once(name.to_owned()).chain((2..).map(|copy| format!("{name}-{copy}")));
        for name in names {
            let found = rerun::of(runs, &name, changes, SpecPlaces { specs: self.specs, out })?;
            // Two findings that need the same trainings share the spec of the first.
            if let Some(same) = made.values().find(|known| known.trains_as(&found)) {
                return Some(same.clone());
            }
            if !made.contains_key(&found.file) {
                made.insert(found.file.clone(), found.clone());
                return Some(found);
            }
        }
        None
    }

    /// File name and text of all specs.
    pub(in crate::report) fn into_specs(self) -> BTreeMap<String, String> {
        self.made.into_inner().into_iter().map(|(file, made)| (file, made.text)).collect()
    }
}

fn suffix(check: RealityCheck) -> &'static str {
    match check {
        RealityCheck::AveragedWeights => "averaged",
        RealityCheck::AnnealBranches | RealityCheck::RefittedHead => "branches",
        RealityCheck::LearningRateThird => "rate-third",
        RealityCheck::LearningRateTriple => "rate-triple",
        RealityCheck::FallingRate => "rate-falls",
        RealityCheck::LongerBudget => "longer",
        RealityCheck::Seeds => "seeds",
        RealityCheck::SourceSeeds => "source-seeds",
        RealityCheck::RandomPrefix => "random-prefix",
        RealityCheck::SameTask => "same-task",
        RealityCheck::ValidationSelection => "validation",
    }
}

/// The changes that turn a spec into a control; `None` if there are none.
fn changes(check: RealityCheck, subject: &Subject) -> Option<Vec<SpecChange>> {
    let values = &subject.settings.first()?.values;
    let budget = ["target.train.epochs", "target.train.steps"].into_iter().find(|key| values.contains_key(*key));
    Some(match check {
        RealityCheck::AveragedWeights => vec![SpecChange::Set("evaluate.averaged_half_life", half_life(subject))],
        RealityCheck::AnnealBranches | RealityCheck::RefittedHead => {
            // A budget in steps may end within an epoch, where there are no branches.
            let last = values.get("target.train.epochs")?.parse::<i64>().ok()?;
            let at = match &subject.place {
                MeasuredAt::End => vec![last],
                MeasuredAt::Epochs(epochs) => epochs.iter().map(|epoch| *epoch as i64).collect(),
                MeasuredAt::Interpolation | MeasuredAt::Peak => spaced(last),
            };
            vec![SpecChange::Set("branches.at", at.into())]
        }
        RealityCheck::LearningRateThird => vec![SpecChange::Multiply(RATE, 1.0 / 3.0)],
        RealityCheck::LearningRateTriple => vec![SpecChange::Multiply(RATE, 3.0)],
        RealityCheck::FallingRate => vec![SpecChange::Set(SCHEDULE, "cosine".into())],
        RealityCheck::LongerBudget => vec![SpecChange::Multiply(budget?, 3.0)],
        RealityCheck::Seeds => vec![SpecChange::MoreSeeds(LEAST_SEEDS)],
        RealityCheck::SourceSeeds => vec![SpecChange::OwnSources(LEAST_SEEDS)],
        RealityCheck::RandomPrefix => vec![
            SpecChange::Remove("source"),
            SpecChange::Remove("seeds.source"),
            SpecChange::Remove("transfer.unfrozen_init"),
            SpecChange::Remove("target.normalisation"),
            SpecChange::Set("transfer.frozen_norm", "target".into()),
        ],
        RealityCheck::SameTask => same_task(values)?,
        RealityCheck::ValidationSelection => vec![SpecChange::Set("target.validation_size", 1000.into())],
    })
}

/// A half-life with which averaged weights have settled at the first epoch of the effect, in steps; without epochs, a
/// hundredth of the budget.
fn half_life(subject: &Subject) -> toml::Value {
    let steps = |setting: &&Setting| {
        let batch = setting.values.get("target.train.batch_size")?.parse::<usize>().ok()?;
        Some(setting.runs().next()?.train_examples?.div_ceil(batch))
    };
    let per_epoch =
        subject.settings.iter().map(steps).collect::<Option<Vec<usize>>>().and_then(|all| all.into_iter().min());
    let first = match &subject.place {
        MeasuredAt::Epochs(epochs) => epochs.iter().min().copied(),
        _ => None,
    };
    let most = first.zip(per_epoch).map_or(0.0, |(epoch, steps)| epoch as f64 * steps as f64 / HalfLife::SETTLED);
    if most >= 1.0 { (most as i64).into() } else { 0.01.into() }
}

/// Source and target become two halves of the target's images.
fn same_task(values: &SpecValues) -> Option<Vec<SpecChange>> {
    if values.contains_key("target.split") {
        return None;
    }
    let of_target: BTreeMap<&str, &'static str> =
        [("target.dataset", "source.dataset"), ("target.path", "source.path")].into();
    let mut changes = vec![
        SpecChange::Set("source.classes", toml::Value::Array(Vec::new())),
        SpecChange::Set("source.labels", "class".into()),
        SpecChange::Set("source.split", "1/2".into()),
        SpecChange::Set("target.split", "2/2".into()),
    ];
    for (target, source) in of_target {
        let value = values.get(target).map(|value| SpecChange::Set(source, value.as_str().into()));
        changes.push(value.unwrap_or(SpecChange::Remove(source)));
    }
    Some(changes)
}

/// Epochs of branches, about evenly spaced on a logarithmic axis, including the last one.
fn spaced(last: i64) -> Vec<i64> {
    const BRANCHES: i32 = 10;
    let at = |step: i32| (last as f64).powf(f64::from(step) / f64::from(BRANCHES)).round() as i64;
    let mut epochs: Vec<i64> = (0..=BRANCHES).map(at).collect();
    epochs.dedup();
    epochs
}

#[cfg(test)]
mod tests {
    #[test]
    fn branches_are_spaced() {
        assert_eq!(super::spaced(80), [1, 2, 4, 6, 9, 14, 21, 33, 52, 80]);
        assert_eq!(super::spaced(1), [1]);
    }
}
