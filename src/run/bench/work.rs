//! The arithmetic of a network for one image.

use crate::blueprint::{Blueprint, FrozenSet};

/// Multiply-adds for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run) struct Work {
    /// Of the layers that run.
    pub(in crate::run) forward: u64,
    /// Of the gradients with respect to trainable weights, and to the inputs of every later layer.
    pub(in crate::run) backward: u64,
}

impl Work {
    /// Of a step that starts at the layer `first`; earlier ones come from the prefix cache.
    pub(in crate::run) fn of(blueprint: &Blueprint, frozen: &FrozenSet, first: usize) -> Self {
        Self {
            forward: blueprint.facts()[first..].iter().map(|layer| layer.multiply_adds).sum(),
            backward: blueprint.gradient_multiply_adds(frozen).iter().sum(),
        }
    }

    pub(in crate::run) fn step(self) -> u64 {
        self.forward + self.backward
    }
}
