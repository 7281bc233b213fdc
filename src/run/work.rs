//! What a network's arithmetic comes to for one image.

use crate::blueprint::{Blueprint, FrozenSet};

/// Multiply-adds for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Of the layers that run.
    pub(super) forward: u64,
    /// Of gradients, by weights that train and by the inputs of what comes after them.
    pub(super) backward: u64,
}

impl Work {
    /// Of a step that begins at the layer `first`.
    pub(super) fn of(blueprint: &Blueprint, frozen: &FrozenSet, first: usize) -> Self {
        Self {
            forward: blueprint.facts()[first..].iter().map(|layer| layer.multiply_adds).sum(),
            backward: blueprint.gradient_multiply_adds(frozen).iter().sum(),
        }
    }

    pub(super) fn step(self) -> u64 {
        self.forward + self.backward
    }
}
