//! The order and augmentation of an epoch: drawn on the host and uploaded once, then handed out in batches.

use rand::seq::SliceRandom;
use tch::Tensor;

use crate::native::TrainingPart;
use crate::network::{Flow, Network};
use crate::seed::{Purpose, stream};
use crate::spec::{Augmentation, MemoryFormat, Seeds};
use crate::train::data::augment::EpochDraws;
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::split_input::SplitInput;
use crate::train::step::batch_index::BatchIndex;
use crate::train::step::optimizer::rate_kind;

/// The batches of one epoch.
pub(in crate::train) struct Batches {
    /// Indices of the examples in the order of the epoch, `[count]`.
    order: Tensor,
    /// The augmentation of each example, if any.
    draws: Option<EpochDraws>,
    /// The learning rate of each step, `[steps]`.
    rates: Tensor,
    batch_size: i64,
}

/// One batch: the input of the first layer that runs, the labels, and the learning rate.
pub(in crate::train) struct Batch {
    pub(in crate::train) flow: Flow,
    pub(in crate::train) labels: Tensor,
    pub(in crate::train) rate: Tensor,
}

impl Batches {
    /// Draws the batches of an epoch, which depend only on the seeds and the epoch; `rate` gives the learning rate per batch.
    pub(in crate::train) fn draw(
        split: &SplitInput,
        batch_size: usize,
        augmentation: Augmentation,
        seeds: Seeds,
        epoch: u64,
        rate: impl Fn(u64) -> f64,
    ) -> Self {
        let _part = TrainingPart::Gather.begin();
        let (count, device) = (split.data.count(), split.data.device());
        let mut order: Vec<i64> = (0..count as i64).collect();
        order.shuffle(&mut stream(seeds.order, Purpose::Order, epoch));
        let mut augment = stream(seeds.augment, Purpose::Augment, epoch);
        let rates: Vec<f64> = (0..count.div_ceil(batch_size) as u64).map(rate).collect();
        Self {
            order: Tensor::from_slice(&order).to_device(device),
            draws: EpochDraws::draw(augmentation, (split.data.shape(), device), count, &mut augment),
            rates: Tensor::from_slice(&rates).to_kind(rate_kind(device, split.data.kind())).to_device(device),
            batch_size: batch_size as i64,
        }
    }

    /// The number of batches; the last may be smaller.
    pub(in crate::train) fn count(&self) -> i64 {
        self.rates.numel() as i64
    }

    /// The number of examples in a batch.
    pub(in crate::train) fn length(&self, index: i64) -> i64 {
        self.batch_size.min(self.order.size()[0] - index * self.batch_size)
    }

    /// Whether a batch has the full batch size.
    pub(in crate::train) fn is_whole(&self, index: i64) -> bool {
        self.length(index) == self.batch_size
    }

    /// The augmented images of a batch, `[batch, channels, height, width]`, and their indices in the split, `[batch]`.
    pub(in crate::train) fn images(&self, data: &DeviceSplit, index: i64) -> (Tensor, Tensor) {
        let take = |table: &Tensor| BatchIndex::Host(index).take(table, self.batch_size, self.length(index));
        let order = take(&self.order);
        let images = match &self.draws {
            Some(draws) => {
                data.augmented(&order, &draws.batch(take), draws.augmentation(), MemoryFormat::ChannelsFirst)
            }
            None => data.gather(&order, MemoryFormat::ChannelsFirst),
        };
        (images, order)
    }

    /// The labels of a range of the epoch's order; `labels` are the split's.
    pub(in crate::train) fn labels(&self, labels: &Tensor, start: i64, length: i64) -> Tensor {
        labels.index_select(0, &self.order.narrow(0, start, length))
    }

    /// Copies the batches of another epoch of the same split into this one's memory.
    pub(in crate::train) fn renew(&mut self, next: &Self) {
        let _part = TrainingPart::Gather.begin();
        self.order.copy_(&next.order);
        if let (Some(draws), Some(next)) = (&mut self.draws, &next.draws) {
            draws.renew(next);
        }
        self.rates.copy_(&next.rates);
    }

    /// The batch at an index, of `length` examples.
    pub(in crate::train) fn get(
        &self,
        network: &Network,
        split: &SplitInput,
        batch_index: &BatchIndex,
        length: i64,
    ) -> Batch {
        let _part = TrainingPart::Gather.begin();
        let take = |table: &Tensor| batch_index.take(table, self.batch_size, length);
        let order = take(&self.order);
        let flow = match &self.draws {
            Some(draws) => split.augmented(network, &order, &draws.batch(take), draws.augmentation()),
            None => split.gather(network, &order),
        };
        Batch { flow, labels: split.data.labels.index_select(0, &order), rate: batch_index.entry(&self.rates) }
    }
}
