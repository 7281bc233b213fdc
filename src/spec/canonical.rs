//! One experiment, one spelling: before a spec is hashed, what can be written in several ways is written in one.

use super::experiment::{Experiment, Source};
use super::written::{Augment, CountOrAll, LayersOrAll, Task, Written};

/// The spec in its one spelling.
pub(super) fn canonical(spec: &Written, experiment: &Experiment) -> Written {
    let mut spec = spec.clone();
    let frozen = &experiment.transfer.frozen;
    if frozen.leading() == frozen.count() {
        spec.transfer.frozen.clear();
        spec.transfer.frozen_layers = LayersOrAll::Count(frozen.count() as u64);
    }
    let own_size = experiment.target.data.dataset().shape();
    if spec.image_size.is_some_and(|side| side as usize == own_size.height) {
        spec.image_size = None;
    }
    one_spelling(&mut spec.target, experiment.target.train_size);
    if let (Some(written), Some(Source::Task(source))) = (&mut spec.source, &experiment.source) {
        one_spelling(&mut written.task, source.train_size);
    }
    spec
}

fn one_spelling(task: &mut Task, train_size: usize) {
    task.train_size = CountOrAll::Count(train_size as u64);
    task.train.augment.sort_by_key(|augment| match augment {
        Augment::Crop => 0,
        Augment::Flip => 1,
    });
}

/// The keys that were written and change nothing in this experiment.
pub(super) fn without_effect(experiment: &Experiment) -> Vec<&'static str> {
    let target = &experiment.target;
    let rules = [
        ("transfer.frozen_norm", experiment.transfer.frozen.count() == 0),
        ("seeds.noise", target.label_noise == 0.0),
        ("seeds.augment", !target.training.augmentation.is_some()),
    ];
    rules.into_iter().filter(|(_, idle)| *idle).map(|(key, _)| key).collect()
}
