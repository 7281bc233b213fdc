//! The task of a phase.

use crate::blueprint::FrozenSet;
use crate::run::recovery::lock::Lock;
use crate::run::recovery::stop::Stop;
use crate::rundir::RunDirectory;
use crate::spec::{Checkpoints, Evaluation, Experiment, FrozenNorm, Position, Side, Task};

/// What a phase trains, and where.
pub(in crate::run) struct PhaseWork<'a> {
    pub(in crate::run) side: Side,
    pub(in crate::run) experiment: &'a Experiment,
    pub(in crate::run) task: &'a Task,
    pub(in crate::run) directory: &'a RunDirectory,
    pub(in crate::run) lock: &'a Lock,
    pub(in crate::run) stop: &'a Stop,
    /// The resolved spec, as TOML.
    pub(in crate::run) spec: String,
    /// The hash of the spec, as in the directory's name.
    pub(in crate::run) hash: String,
    /// The hash of the source, if there is one.
    pub(in crate::run) source_hash: Option<String>,
    pub(in crate::run) frozen: &'a FrozenSet,
    pub(in crate::run) frozen_norm: FrozenNorm,
    pub(in crate::run) evaluation: Evaluation,
    /// Whether to write an event file for TensorBoard. An existing one is always continued.
    pub(in crate::run) tensorboard: bool,
    pub(in crate::run) checkpoints: Checkpoints,
}

impl PhaseWork<'_> {
    /// Steps trained up to a position.
    pub(in crate::run) fn steps_behind(&self, position: Position) -> u64 {
        position.epochs * self.task.training.steps_per_epoch(self.task.train_size) + position.steps
    }

    /// The half-life of averaged weights in steps, if weights are averaged.
    pub(in crate::run) fn averaged_half_life(&self) -> Option<f64> {
        self.evaluation.averaged_half_life(self.task)
    }
}
