//! A split as the layers that run on it see it: images from the first layer on, or what a frozen prefix made of them.

use tch::Tensor;

use crate::native::TrainingPart;
use crate::network::{Flow, Network};
use crate::spec::Augmentation;
use crate::train::data::augment::BatchDraws;
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::prefix_cache::PrefixCache;
use crate::train::step::batch_index::BatchIndex;

/// A split of a data set, with the outputs of the frozen prefix where they are kept.
#[derive(Debug)]
pub(in crate::train) struct Split {
    pub(in crate::train) data: DeviceSplit,
    prefix: Option<(usize, PrefixCache)>,
}

impl Split {
    /// A split of which nothing is kept.
    pub(in crate::train) fn new(data: DeviceSplit) -> Self {
        Self { data, prefix: None }
    }

    /// A split with what its first `leading` layers give.
    pub(in crate::train) fn keep(&mut self, leading: usize, prefix: PrefixCache) {
        self.prefix = Some((leading, prefix));
    }

    /// The first layer that is still to run.
    pub(in crate::train) fn first_layer(&self) -> usize {
        self.prefix.as_ref().map_or(0, |(leading, _)| *leading)
    }

    /// What enters that layer for the examples of a batch, in the split's own order.
    pub(in crate::train) fn batch(&self, network: &Network, batch_index: &BatchIndex, batch: i64, length: i64) -> Flow {
        match (batch_index, &self.prefix) {
            (BatchIndex::Host(index), Some((_, prefix))) => prefix.stretch(index * batch, length),
            (BatchIndex::Host(index), None) => network.enter(self.data.stretch(index * batch, length)),
            (BatchIndex::Device(..), _) => self.gather(network, &batch_index.places(batch)),
        }
    }

    /// What enters that layer for the examples `indices`, `[batch]`.
    pub(in crate::train) fn gather(&self, network: &Network, indices: &Tensor) -> Flow {
        match &self.prefix {
            Some((_, prefix)) => prefix.gather(indices),
            None => network.enter(self.data.gather(indices, network.layout())),
        }
    }

    /// The same after what was drawn for each image; what is kept is of whole ones, so there must be none.
    pub(in crate::train) fn augmented(
        &self,
        network: &Network,
        indices: &Tensor,
        draws: &BatchDraws,
        how: Augmentation,
    ) -> Flow {
        let _part = TrainingPart::Augment.begin();
        network.enter(self.data.augmented(indices, draws, how, network.layout()))
    }
}
