//! The canonical form of a spec: specs that mean the same experiment are rewritten to one form before they are hashed.
//! Each rule merges two specs into one run, so it must hold bit for bit: the table in `tests/suite/identity` trains
//! both and compares.

use super::data::Side;
use super::experiment::Experiment;
use super::idle;
use super::observed::Observed;
use super::size::Draw;
use super::source::Source;
use super::task::Task;
use super::training::Budget;
use super::written::{self, Augment, ClassName, Labelling, LayersOrAll, NoiseKind, Optimizer, Schedule, Size, Written};

/// The canonical form of a spec.
pub(super) fn canonical(spec: &Written, experiment: &Experiment, observed: &Observed) -> Written {
    let mut spec = spec.clone();
    one_frozen_set(&mut spec.transfer, experiment);
    one_seed_each(&mut spec, experiment);
    // All sizes are written out in the spec by now, so names that differ in nothing else are one.
    spec.network.architecture = spec.network.architecture.canonical(&spec.network);
    one_task(&mut spec.target, &experiment.target, observed.is_whole(Side::Target));
    if let (Some(written), Some(Source::Task(source))) = (&mut spec.source, &experiment.source) {
        one_task(&mut written.task, source, observed.is_whole(Side::Source));
        end_with_budget(&mut written.task.train, source);
    }
    spec
}

/// Writes the first k layers as a number, and any other set by names.
fn one_frozen_set(transfer: &mut written::Transfer, experiment: &Experiment) {
    let frozen = &experiment.transfer.frozen;
    if frozen.leading() == frozen.count() {
        transfer.frozen.clear();
        transfer.frozen_layers = LayersOrAll::Count(frozen.count() as u64);
    } else {
        let layers = experiment.blueprint(&experiment.target).layers.into_iter().enumerate();
        transfer.frozen = layers.filter(|(index, _)| frozen.has(*index)).map(|(_, layer)| layer.name).collect();
    }
}

/// Writes the most common seed as `seed` and the others by purpose. The seed of a purpose that draws nothing is
/// dropped.
fn one_seed_each(spec: &mut Written, experiment: &Experiment) {
    let shared = shared_seed(experiment);
    let own = |used: bool, seed: u64| Some(if used { seed } else { shared });
    let (target, seeds) = (&experiment.target, experiment.target.seeds);
    spec.seed = shared;
    spec.seeds = written::Seeds {
        source: spec.seeds.source,
        init: own(idle::draws_initial(experiment), seeds.initial),
        subset: Some(seeds.subset),
        noise: own(idle::draws_noise(target), seeds.noise),
        order: Some(seeds.order),
        augment: own(target.training.augmentation.is_some(), seeds.augment),
        dropout: own(idle::drops(experiment), seeds.dropout),
    };
}

/// The seed shared by most purposes of the target that draw anything; in a tie, the one that comes first.
pub(super) fn shared_seed(experiment: &Experiment) -> u64 {
    let (target, seeds) = (&experiment.target, experiment.target.seeds);
    let purposes = [
        (idle::draws_initial(experiment), seeds.initial),
        (true, seeds.subset),
        (true, seeds.order),
        (idle::draws_noise(target), seeds.noise),
        (target.training.augmentation.is_some(), seeds.augment),
        (idle::drops(experiment), seeds.dropout),
    ];
    let used: Vec<u64> = purposes.into_iter().filter(|(used, _)| *used).map(|(_, seed)| seed).collect();
    let count = |seed: u64| used.iter().filter(|&&other| other == seed).count();
    used.iter().rev().copied().max_by_key(|&seed| count(seed)).unwrap_or_default()
}

fn one_task(task: &mut written::Task, means: &Task, is_whole: bool) {
    task.train_size = Size::Count(means.train_size as u64);
    task.balanced = means.draw == Draw::Balanced;
    let numbers = means.selection.classes.iter().map(|&class| ClassName::Number(class as u64));
    task.classes = if is_whole { Vec::new() } else { numbers.collect() };
    // One class per superclass in the same order gives the same labels as the classes themselves.
    if let Some(groups) = means.selection.groups
        && means.selection.classes.is_sorted_by(|&one, &next| groups.of[one] < groups.of[next])
    {
        task.labels = Labelling::Class;
    }
    let part = means.selection.part;
    task.split = (!part.is_whole()).then(|| format!("{}/{}", part.index + 1, part.of));
    // With two classes, the next class is the only wrong one.
    if means.classes == 2 && task.label_noise_kind == NoiseKind::Pairs {
        task.label_noise_kind = NoiseKind::Uniform;
    }
    one_training(&mut task.train, means);
}

fn one_training(train: &mut written::Train, means: &Task) {
    train.augment.sort_by_key(|augment| match augment {
        Augment::Crop => 0,
        Augment::Flip => 1,
        Augment::ResizedCrop => 2,
        Augment::Jitter => 3,
        Augment::Cutout => 4,
    });
    // A batch larger than the training set is the whole training set.
    train.batch_size = train.batch_size.min(means.train_size as u64);
    if train.optimizer == Optimizer::Adamw && train.weight_decay == Some(0.0) {
        train.optimizer = Optimizer::Adam;
    }
    if train.warmup_steps == 1 {
        train.warmup_steps = 0;
    }
    if train.decay == Some(1.0) {
        keep_rate(train);
    }
    let per_epoch = means.training.steps_per_epoch(means.train_size);
    if let Budget::Steps(steps) = means.training.budget
        && steps.is_multiple_of(per_epoch)
    {
        (train.epochs, train.steps) = (Some(steps / per_epoch), None);
    }
}

/// Drops what a schedule does after the end of the budget. Only for sources: the budget of a target may be extended.
fn end_with_budget(train: &mut written::Train, means: &Task) {
    let steps = means.training.steps(means.train_size);
    let per_epoch = means.training.steps_per_epoch(means.train_size);
    if let Some(milestones) = &mut train.milestones {
        milestones.retain(|&epoch| epoch * per_epoch < steps);
    }
    if train.milestones.as_ref().is_some_and(Vec::is_empty) || train.period.is_some_and(|period| period >= steps) {
        keep_rate(train);
    }
}

/// Replaces a schedule that never changes the learning rate by a constant one.
fn keep_rate(train: &mut written::Train) {
    train.schedule = Schedule::Constant;
    (train.period, train.milestones, train.decay) = (None, None, None);
}
