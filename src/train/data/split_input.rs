//! A split as input of the layers that run: images, or the cached outputs of the frozen prefix.

use tch::Tensor;

use crate::native::TrainingPart;
use crate::network::{Flow, Network};
use crate::spec::Augmentation;
use crate::train::data::augment::BatchDraws;
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::prefix_cache::PrefixCache;
use crate::train::step::batch_index::BatchIndex;

/// A split of a data set, with its prefix cache, if any.
#[derive(Debug)]
pub(in crate::train) struct SplitInput {
    pub(in crate::train) data: DeviceSplit,
    prefix: Option<(usize, PrefixCache)>,
}

impl SplitInput {
    /// A split without a prefix cache.
    pub(in crate::train) fn new(data: DeviceSplit) -> Self {
        Self { data, prefix: None }
    }

    /// Adds the cached outputs of the first `leading` layers.
    pub(in crate::train) fn keep(&mut self, leading: usize, prefix: PrefixCache) {
        self.prefix = Some((leading, prefix));
    }

    /// The first layer that runs.
    pub(in crate::train) fn first_layer(&self) -> usize {
        self.prefix.as_ref().map_or(0, |(leading, _)| *leading)
    }

    /// The input of that layer for a batch, in the split's order.
    pub(in crate::train) fn batch(&self, network: &Network, batch_index: &BatchIndex, batch: i64, length: i64) -> Flow {
        match (batch_index, &self.prefix) {
            (BatchIndex::Host(index), Some((_, prefix))) => prefix.stretch(index * batch, length),
            (BatchIndex::Host(index), None) => network.enter(self.data.stretch(index * batch, length)),
            (BatchIndex::Device(..), _) => self.gather(network, &batch_index.places(batch)),
        }
    }

    /// The input of that layer for the examples `indices`, `[batch]`.
    pub(in crate::train) fn gather(&self, network: &Network, indices: &Tensor) -> Flow {
        match &self.prefix {
            Some((_, prefix)) => prefix.gather(indices),
            None => network.enter(self.data.gather(indices, network.layout())),
        }
    }

    /// Like `gather`, with augmentation. The split must have no prefix cache, which is of images without augmentation.
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
