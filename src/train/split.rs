//! A split as the layers that run on it see it: images from the first layer on, or what a frozen prefix made of them.

use tch::Tensor;

use super::augment::Batch;
use super::batch_index::BatchIndex;
use super::device_split::DeviceSplit;
use super::prefix::Prefix;
use crate::native::Part;
use crate::network::{Flow, Network};
use crate::spec::Augmentation;

/// A split of a data set, with the outputs of the frozen prefix where they are kept.
#[derive(Debug)]
pub(super) struct Split {
    pub(super) data: DeviceSplit,
    prefix: Option<(usize, Prefix)>,
}

impl Split {
    /// A split of which nothing is kept.
    pub(super) fn new(data: DeviceSplit) -> Self {
        Self { data, prefix: None }
    }

    /// A split with what its first `leading` layers give.
    pub(super) fn keep(&mut self, leading: usize, prefix: Prefix) {
        self.prefix = Some((leading, prefix));
    }

    /// The first layer that is still to run.
    pub(super) fn first_layer(&self) -> usize {
        self.prefix.as_ref().map_or(0, |(leading, _)| *leading)
    }

    /// What enters that layer for the examples of a batch, in the split's own order.
    pub(super) fn batch(&self, network: &Network, batch_index: &BatchIndex, batch: i64, length: i64) -> Flow {
        match (batch_index, &self.prefix) {
            (BatchIndex::Host(index), Some((_, prefix))) => prefix.stretch(index * batch, length),
            (BatchIndex::Host(index), None) => network.enter(self.data.stretch(index * batch, length)),
            (BatchIndex::Device(..), _) => self.gather(network, &batch_index.places(batch)),
        }
    }

    /// What enters that layer for the examples `indices`, `[batch]`.
    pub(super) fn gather(&self, network: &Network, indices: &Tensor) -> Flow {
        match &self.prefix {
            Some((_, prefix)) => prefix.gather(indices),
            None => network.enter(self.data.gather(indices, network.layout())),
        }
    }

    /// The same after what was drawn for each image; what is kept is of whole ones, so there must be none.
    pub(super) fn augmented(&self, network: &Network, indices: &Tensor, draws: &Batch, how: Augmentation) -> Flow {
        let _part = Part::Augment.begin();
        network.enter(self.data.augmented(indices, draws, how, network.layout()))
    }
}
