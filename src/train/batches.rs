//! The order and the augmentation of an epoch: drawn on the host at once, uploaded at once, handed out in batches.

use rand::RngExt;
use rand::seq::SliceRandom;
use tch::{Device, Kind, Tensor};

use super::cursor::Cursor;
use super::resident::{Cut, Resident};
use super::split::Split;
use crate::network::{Flow, Network};
use crate::seed::{Purpose, stream};
use crate::spec::{Augmentation, Seeds};

/// The plan of one epoch.
pub(super) struct Batches {
    /// Order, and where images are cut: rows, columns, mirrored; `[4, count]` or, without augmentation, `[1, count]`.
    plan: Tensor,
    /// The learning rate of each step, `[steps]`.
    rates: Tensor,
    batch_size: i64,
    augmented: bool,
}

/// One batch: what enters the first layer that is to run, the labels to learn, and the rate to learn them at.
pub(super) struct Batch {
    pub(super) flow: Flow,
    pub(super) labels: Tensor,
    pub(super) rate: Tensor,
}

impl Batches {
    /// Draws the plan of an epoch; but for the rates, one for each batch, it depends on the seeds and the epoch alone.
    pub(super) fn draw(
        split: &Split,
        batch_size: usize,
        augmentation: Augmentation,
        seeds: Seeds,
        epoch: u64,
        rate: impl Fn(u64) -> f64,
    ) -> Self {
        let (count, device) = (split.data.count(), split.data.device());
        let mut plan: Vec<i64> = (0..count as i64).collect();
        plan.shuffle(&mut stream(seeds.order, Purpose::Order, epoch));
        let augmented = augmentation.is_some();
        if augmented {
            let mut stream = stream(seeds.augment, Purpose::Augment, epoch);
            let offsets = 2 * augmentation.crop_padding as i64;
            let mut draw = |most: i64| plan.extend((0..count).map(|_| stream.random_range(0..=most)));
            draw(offsets);
            draw(offsets);
            draw(i64::from(augmentation.flip));
        }
        let rates: Vec<f64> = (0..count.div_ceil(batch_size) as u64).map(rate).collect();
        let kind = if device == Device::Cpu { Kind::Double } else { Kind::Float };
        Self {
            plan: Tensor::from_slice(&plan).reshape([-1, count as i64]).to_device(device),
            rates: Tensor::from_slice(&rates).to_kind(kind).to_device(device),
            batch_size: batch_size as i64,
            augmented,
        }
    }

    /// How many batches there are; the last may be smaller.
    pub(super) fn count(&self) -> i64 {
        self.rates.numel() as i64
    }

    /// How many examples the batch of an index has.
    pub(super) fn length(&self, index: i64) -> i64 {
        self.batch_size.min(self.plan.size()[1] - index * self.batch_size)
    }

    /// What a batch takes of its images, `[batch, channels, height, width]`, and which ones they are, `[batch]`.
    pub(super) fn images(&self, data: &Resident, index: i64) -> (Tensor, Tensor) {
        let rows = Cursor::Host(index).take(&self.plan, self.batch_size, self.length(index));
        let row = |row: i64| rows.select(0, row);
        let images = if self.augmented {
            data.gather_cut(&row(0), &Cut { top: row(1), left: row(2), flip: row(3) })
        } else {
            data.gather(&row(0))
        };
        (images, row(0))
    }

    /// Takes over the plan of another epoch of the same split, in the memory of this one's.
    pub(super) fn renew(&mut self, next: &Self) {
        self.plan.copy_(&next.plan);
        self.rates.copy_(&next.rates);
    }

    /// The batch that a cursor is at, of `length` examples.
    pub(super) fn get(&self, network: &Network, split: &Split, cursor: &Cursor, length: i64) -> Batch {
        let rows = cursor.take(&self.plan, self.batch_size, length);
        let row = |row: i64| rows.select(0, row);
        let order = row(0);
        let flow = if self.augmented {
            split.gather_cut(network, &order, &Cut { top: row(1), left: row(2), flip: row(3) })
        } else {
            split.gather(network, &order)
        };
        Batch { flow, labels: split.data.labels.index_select(0, &order), rate: cursor.entry(&self.rates) }
    }
}
