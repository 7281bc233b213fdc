//! Keys without effect on an experiment's results. They must not change its hash.

use super::experiment::Experiment;
use super::labels::{Labelling, Noise};
use super::source::Source;
use super::task::Task;
use crate::blueprint::{Blueprint, Initial, Operation, TensorSlot};
use crate::catalogue::Dataset;

/// The dotted keys that have no effect on the results.
pub(super) fn keys(experiment: &Experiment) -> Vec<&'static str> {
    let source = match &experiment.source {
        Some(Source::Task(task)) => Some(&**task),
        Some(Source::Weights(_)) | None => None,
    };
    let frozen = &experiment.transfer.frozen;
    let blueprint = experiment.blueprint(&experiment.target);
    let sets = |task: &Task, dataset| task.data.dataset() == dataset;
    let rules = [
        // Their effect on the images counts as the images' shape.
        ("image_size", true),
        ("image_fit", true),
        ("channels", true),
        // The digest of the data covers the choice of arrays and folders.
        ("source.arrays", true),
        ("target.arrays", true),
        ("source.test_folder", true),
        ("target.test_folder", true),
        // A folder's digest covers damaged files too, and without this key they are an error.
        ("source.skip_bad_files", source.is_some_and(|task| sets(task, Dataset::Folder))),
        ("target.skip_bad_files", sets(&experiment.target, Dataset::Folder)),
        ("seeds.source", source.is_none()),
        ("seeds.init", !draws_initial(experiment)),
        ("seeds.noise", !draws_noise(&experiment.target)),
        ("seeds.augment", !experiment.target.training.augmentation.is_some()),
        ("seeds.dropout", !drops(experiment)),
        // No layer is frozen while a source trains.
        ("network.dropout", source.is_none() && !drops(experiment)),
        ("synthetic.latent_similarity", !sets(&experiment.target, Dataset::Synthetic)),
        ("transfer.granularity", frozen.count() == 0),
        ("transfer.frozen_norm", !has(&blueprint, |layer| frozen.has(layer), is_batch_norm)),
        ("transfer.unfrozen_init", frozen.count() == blueprint.layers.len()),
    ];
    let idle = rules.into_iter().filter(|(_, idle)| *idle).map(|(key, _)| key);
    idle.chain(experiment.architecture.family().idle_keys().iter().copied()).collect()
}

/// Whether any initial weight is random. The head of a transformer starts at zero, and its other layers may all be copied.
pub(super) fn draws_initial(experiment: &Experiment) -> bool {
    // Other networks need no blueprint here.
    if experiment.source.is_none() || !experiment.architecture.family().may_drop() {
        return true;
    }
    let blueprint = experiment.blueprint(&experiment.target);
    let is_copied = |layer| experiment.transfer.copies(layer, blueprint.layers.len());
    let own = blueprint.all_layers().enumerate().filter(|(index, _)| !is_copied(*index));
    let is_random = |slot: TensorSlot| !matches!(slot.initial, Initial::Zeros | Initial::Ones);
    own.flat_map(|(_, layer)| layer.slots()).any(is_random)
}

/// Whether any labels are random or corrupted.
pub(super) fn draws_noise(task: &Task) -> bool {
    let corrupts = task.label_noise > 0.0 && !matches!(task.noise, Noise::File(_));
    corrupts || task.validation_noise > 0.0 || task.labelling == Labelling::Random
}

/// Whether target training uses dropout; frozen layers do not.
pub(super) fn drops(experiment: &Experiment) -> bool {
    // Only transformers have dropout; other networks need no blueprint here.
    if !experiment.architecture.family().may_drop() {
        return false;
    }
    let frozen = &experiment.transfer.frozen;
    let blueprint = experiment.blueprint(&experiment.target);
    has(&blueprint, |layer| !frozen.has(layer), |operation| matches!(operation, Operation::Dropout { .. }))
}

fn has(blueprint: &Blueprint, layers: impl Fn(usize) -> bool, wanted: impl Fn(&Operation) -> bool) -> bool {
    let layers = blueprint.all_layers().enumerate().filter(|(index, _)| layers(*index));
    layers.flat_map(|(_, layer)| &layer.operations).any(wanted)
}

fn is_batch_norm(operation: &Operation) -> bool {
    match operation {
        Operation::BatchNorm { .. } => true,
        Operation::OnSkip(inner) => is_batch_norm(inner),
        _ => false,
    }
}
