//! The cost of a run, computed from its spec and never measured; used to estimate time left and disk space.

use serde::Serialize;

use crate::blueprint::FrozenSet;
use crate::run::SOURCE_EVALUATION;
use crate::spec::{Evaluation, Experiment, FrozenNorm, Switch, Task};

/// The cost of training a target or a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Multiply-adds of its training and its evaluations.
    pub multiply_adds: f64,
    /// Trainable parameters.
    pub trainable_parameters: u64,
    /// Bytes of its final weights and its last checkpoint.
    pub disk_bytes: u64,
}

impl Cost {
    /// The cost of an experiment's target phase.
    pub fn of(experiment: &Experiment) -> Self {
        let frozen = &experiment.transfer.frozen;
        let first = if computes_prefix_once(experiment, frozen) { frozen.leading() } else { 0 };
        Self::of_training(experiment, &experiment.target, (frozen, first), experiment.evaluation)
    }

    /// The cost of an experiment's source phase, for its task.
    pub(super) fn of_source(experiment: &Experiment, source: &Task) -> Self {
        let nothing = FrozenSet::first(0, experiment.blueprint(source).layers.len());
        Self::of_training(experiment, source, (&nothing, 0), SOURCE_EVALUATION)
    }

    /// The cost of a phase whose `first` layers run once per example.
    fn of_training(
        experiment: &Experiment,
        task: &Task,
        (frozen, first): (&FrozenSet, usize),
        evaluation: Evaluation,
    ) -> Self {
        let blueprint = experiment.blueprint(task);
        let layers: Vec<f64> = blueprint.facts().iter().map(|layer| layer.multiply_adds as f64).collect();
        let forward: f64 = layers[first..].iter().sum();
        let backward = blueprint.gradient_multiply_adds(frozen).iter().sum::<u64>() as f64;
        let (epochs, steps) = (task.training.epochs(task.train_size), task.training.steps(task.train_size));
        let trained = (steps * task.training.batch_size as u64).min(epochs * task.train_size as u64) as f64;
        let count = |has: &dyn Fn(u64) -> bool| (0..=epochs).filter(|epoch| has(*epoch)).count() as f64;
        let evaluated = count(&|epoch| evaluation.has(epoch)) * (task.test_size + task.validation_size) as f64
            + count(&|epoch| evaluation.has_train(epoch)) * task.train_size as f64;
        let once = layers[..first].iter().sum::<f64>() * (task.train_size + task.test_size) as f64;
        let trainable = blueprint.trainable_parameters(frozen);
        let all: u64 = blueprint.all_layers().map(crate::blueprint::Layer::parameters).sum();
        Self {
            multiply_adds: trained * (forward + backward) + evaluated * forward + once,
            trainable_parameters: trainable,
            // fp32: the weights twice, and the optimizer's two moments of trainable parameters.
            disk_bytes: 4 * (2 * all + 2 * trainable),
        }
    }
}

/// Whether the prefix cache applies: frozen layers are then computed once per example.
fn computes_prefix_once(experiment: &Experiment, frozen: &FrozenSet) -> bool {
    frozen.leading() > 0
        && experiment.compute.cache == Switch::Auto
        && experiment.transfer.frozen_norm != FrozenNorm::Batch
        && !experiment.target.training.augmentation.is_some()
}
