//! Defaults that depend on other keys. Afterwards a key of `written` is `None` only where it does not apply.

use super::augment;
use super::transfer_choices::{FrozenNorm, UnfrozenInit};
use super::written::{Normalise, Optimizer, Schedule, Synthetic, Task, Train, Written};

/// Nakkiran et al., "Deep Double Descent" (arXiv 1912.02292): Adam at 1e-4, SGD at 0.1, period 512.
const ADAM_RATE: f64 = 1e-4;
const SGD_RATE: f64 = 0.1;
const PERIOD: u64 = 512;

/// Fills in the defaults; `name` is used if the spec has no `name`.
pub(super) fn fill(spec: &mut Written, name: &str) {
    spec.name.get_or_insert_with(|| name.to_owned());
    let (seeds, seed) = (&mut spec.seeds, spec.seed);
    let drawn = [&mut seeds.init, &mut seeds.subset, &mut seeds.noise, &mut seeds.order];
    for purpose in drawn.into_iter().chain([&mut seeds.augment, &mut seeds.dropout]) {
        purpose.get_or_insert(seed);
    }
    spec.network.fill();
    fill_train(&mut spec.target.train);
    if let Some(source) = &mut spec.source {
        fill_train(&mut source.task.train);
        source.task.normalisation.get_or_insert(Normalise::Subset);
    }
    // By default the target is normalised like the source's images, which the frozen layers were trained on.
    let trained = spec.source.as_ref().is_some_and(|source| source.weights.is_none());
    spec.target.normalisation.get_or_insert(if trained { Normalise::Source } else { Normalise::Subset });
    let (norm, init) = match spec.source {
        Some(_) => (FrozenNorm::Source, UnfrozenInit::Source),
        None => (FrozenNorm::Target, UnfrozenInit::Random),
    };
    spec.transfer.frozen_norm.get_or_insert(norm);
    spec.transfer.unfrozen_init.get_or_insert(init);
    let synthetic = |task: &Task| task.dataset == "synthetic";
    if synthetic(&spec.target) || spec.source.as_ref().is_some_and(|source| synthetic(&source.task)) {
        spec.synthetic.get_or_insert_with(Synthetic::default);
    }
}

fn fill_train(train: &mut Train) {
    if train.steps.is_none() {
        train.epochs.get_or_insert(100);
    }
    // PyTorch's defaults. Without weight decay AdamW is Adam.
    train.weight_decay.get_or_insert(if train.optimizer == Optimizer::Adamw { 0.01 } else { 0.0 });
    match train.optimizer {
        Optimizer::Sgd => {
            train.learning_rate.get_or_insert(SGD_RATE);
            train.momentum.get_or_insert(0.0);
            train.nesterov.get_or_insert(false);
        }
        Optimizer::Adam | Optimizer::Adamw => {
            train.learning_rate.get_or_insert(ADAM_RATE);
            train.beta1.get_or_insert(0.9);
            train.beta2.get_or_insert(0.999);
            train.epsilon.get_or_insert(1e-8);
        }
    }
    match train.schedule {
        Schedule::InverseSqrt => {
            train.period.get_or_insert(PERIOD);
        }
        Schedule::Step => {
            train.decay.get_or_insert(0.1);
        }
        Schedule::Constant | Schedule::Cosine | Schedule::Linear => {}
    }
    augment::fill(train);
}
