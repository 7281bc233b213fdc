//! One experiment, one spelling: before a spec is hashed, what can be written in several ways is written in one.

use super::experiment::{Draw, Experiment, Noise, Source, Task};
use super::written::{self, Augment, ClassName, LayersOrAll, Size, Written};
use crate::catalogue::Facts;

/// The spec in its one spelling.
pub(super) fn canonical(spec: &Written, experiment: &Experiment) -> Written {
    let mut spec = spec.clone();
    let frozen = &experiment.transfer.frozen;
    if frozen.leading() == frozen.count() {
        spec.transfer.frozen.clear();
        spec.transfer.frozen_layers = LayersOrAll::Count(frozen.count() as u64);
    }
    let own = Facts::known(experiment.target.data.dataset(), 0).map(|facts| facts.shape);
    if own.is_some_and(|own| spec.image_size.is_some_and(|side| side as usize == own.height)) {
        spec.image_size = None;
    }
    if own.is_some_and(|own| spec.channels.is_some_and(|channels| channels as usize == own.channels)) {
        spec.channels = None;
    }
    one_spelling(&mut spec.target, &experiment.target);
    if let (Some(written), Some(Source::Task(source))) = (&mut spec.source, &experiment.source) {
        one_spelling(&mut written.task, source);
    }
    spec
}

fn one_spelling(task: &mut written::Task, means: &Task) {
    task.train_size = Size::Count(means.train_size as u64);
    task.balanced = means.draw == Draw::Balanced;
    if !task.classes.is_empty() {
        task.classes = means.selection.classes.iter().map(|&class| ClassName::Number(class as u64)).collect();
    }
    let part = means.selection.part;
    task.split = (!part.is_whole()).then(|| format!("{}/{}", part.index + 1, part.of));
    task.train.augment.sort_by_key(|augment| match augment {
        Augment::Crop => 0,
        Augment::Flip => 1,
        Augment::ResizedCrop => 2,
        Augment::Jitter => 3,
        Augment::Cutout => 4,
    });
}

/// The keys that were written and change nothing in this experiment.
pub(super) fn without_effect(experiment: &Experiment) -> Vec<&'static str> {
    let target = &experiment.target;
    let rules = [
        ("transfer.frozen_norm", experiment.transfer.frozen.count() == 0),
        ("seeds.noise", target.label_noise == 0.0 || matches!(target.noise, Noise::File(_))),
        ("seeds.augment", !target.training.augmentation.is_some()),
    ];
    rules.into_iter().filter(|(_, idle)| *idle).map(|(key, _)| key).collect()
}
