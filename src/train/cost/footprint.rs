//! Predicts the device memory that a target's training holds between epochs, without running it.

use serde::Serialize;

use crate::blueprint::{Blueprint, FrozenSet, Layer, Shape};
use crate::spec::{Experiment, FrozenNorm, Precision, PrecisionChoice, Switch};

/// Bytes of a weight, a statistic or an optimizer moment.
const WIDE: u64 = 4;
/// Bytes of a number computed under autocast.
const NARROW: u64 = 2;
/// Bytes of a label, an index or a drawn position.
const INDEX: u64 = 8;

/// Device memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Footprint {
    /// Weights and running statistics.
    pub weights: u64,
    /// Optimizer state of trainable weights.
    pub optimizer: u64,
    /// Images, labels, and the random draws of an epoch.
    pub data: u64,
    /// The prefix cache, if used.
    pub cache: u64,
}

impl Footprint {
    /// The sum.
    pub fn total(&self) -> u64 {
        self.weights + self.optimizer + self.data + self.cache
    }
}

impl Experiment {
    /// The memory of the target's training with a set of frozen layers. With precision `auto`, feature maps are assumed to
    /// be 16-bit, as on a GPU.
    pub fn footprint(&self, blueprint: &Blueprint, frozen: &FrozenSet) -> Footprint {
        let weights = blueprint.all_layers().flat_map(Layer::slots).map(|slot| slot.elements());
        let moments = self.target.training.optimizer.moments();
        Footprint {
            weights: WIDE * weights.sum::<u64>(),
            optimizer: WIDE * moments * blueprint.trainable_parameters(frozen),
            data: self.data_bytes(),
            cache: if self.keeps(frozen) { self.examples() * self.kept_bytes(blueprint, frozen.leading()) } else { 0 },
        }
    }

    fn keeps(&self, frozen: &FrozenSet) -> bool {
        let still = self.transfer.frozen_norm != FrozenNorm::Batch;
        self.compute.cache == Switch::Auto && frozen.leading() > 0 && still
    }

    /// Training, test and validation examples.
    fn examples(&self) -> u64 {
        let target = &self.target;
        (target.train_size + target.test_size + target.validation_size) as u64
    }

    fn data_bytes(&self) -> u64 {
        let target = &self.target;
        let augmentation = target.training.augmentation;
        // The true labels, and the mask of corrupted ones.
        let truth = if target.label_noise > 0.0 { INDEX + 1 } else { 0 };
        // The order of the epoch, and its predictions.
        let order = 2 * INDEX;
        let places = if augmentation.is_some() { INDEX * (3 + if augmentation.cutout > 0 { 2 } else { 0 }) } else { 0 };
        let boxes = if augmentation.resized_area.is_some() { 4 } else { 0 };
        let colours = if augmentation.jitter > 0.0 { 3 } else { 0 };
        let drawn = truth + order + places + WIDE * (boxes + colours);
        self.examples() * (self.image.elements() as u64 + INDEX) + target.train_size as u64 * drawn
    }

    /// Bytes of one example in the prefix cache.
    fn kept_bytes(&self, blueprint: &Blueprint, leading: usize) -> u64 {
        let wide = matches!(self.compute.precision, PrecisionChoice::Fixed(Precision::Fp32 | Precision::Tf32));
        // A transformer's sums stay in 32 bits under autocast.
        let number = if wide || !blueprint.has_feature_maps() { WIDE } else { NARROW };
        let (value, kept) = blueprint.boundary(leading);
        number * (value.elements() + kept.map_or(0, Shape::elements)) as u64
    }
}
