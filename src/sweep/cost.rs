//! The cost of a run, computed from its spec and never measured; used to estimate time left and disk space.

use serde::Serialize;

use crate::blueprint::FrozenSet;
use crate::spec::{Experiment, FrozenNorm, Switch};

/// The cost of a cell.
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
        let target = &experiment.target;
        let (blueprint, frozen) = (experiment.blueprint(target), &experiment.transfer.frozen);
        let layers: Vec<f64> = blueprint.facts().iter().map(|layer| layer.multiply_adds as f64).collect();
        let first = if computes_prefix_once(experiment, frozen) { frozen.leading() } else { 0 };
        let forward: f64 = layers[first..].iter().sum();
        let backward = blueprint.gradient_multiply_adds(frozen).iter().sum::<u64>() as f64;
        let (epochs, steps) = (target.training.epochs(target.train_size), target.training.steps(target.train_size));
        let trained = (steps * target.training.batch_size as u64).min(epochs * target.train_size as u64) as f64;
        let count = |has: &dyn Fn(u64) -> bool| (0..=epochs).filter(|epoch| has(*epoch)).count() as f64;
        let evaluated = count(&|epoch| experiment.evaluation.has(epoch))
            * (target.test_size + target.validation_size) as f64
            + count(&|epoch| experiment.evaluation.has_train(epoch)) * target.train_size as f64;
        let once = layers[..first].iter().sum::<f64>() * (target.train_size + target.test_size) as f64;
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
