//! The order and the augmentation of an epoch: drawn on the host at once, uploaded at once, handed out in batches.

use rand::RngExt;
use rand::seq::SliceRandom;
use tch::Tensor;

use super::resident::{Cut, Resident};
use crate::seed::{Purpose, stream};
use crate::spec::{Augmentation, Seeds};

/// The plan of one epoch.
pub(super) struct Batches {
    /// Order, and where images are cut: rows, columns, mirrored; `[4, count]` or, without augmentation, `[1, count]`.
    plan: Tensor,
    batch_size: i64,
    augmented: bool,
}

/// One batch: the network's input and the labels to learn.
pub(super) struct Batch {
    pub(super) input: Tensor,
    pub(super) labels: Tensor,
}

impl Batches {
    /// Draws the plan of an epoch; it depends on the seeds and the epoch alone.
    pub(super) fn draw(
        data: &Resident,
        batch_size: usize,
        augmentation: Augmentation,
        seeds: Seeds,
        epoch: u64,
    ) -> Self {
        let count = data.count();
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
        let plan = Tensor::from_slice(&plan).reshape([-1, count as i64]).to_device(data.device());
        Self { plan, batch_size: batch_size as i64, augmented }
    }

    /// How many batches there are; the last may be smaller.
    pub(super) fn count(&self) -> i64 {
        (self.plan.size()[1] + self.batch_size - 1) / self.batch_size
    }

    /// The batch of an index.
    pub(super) fn get(&self, data: &Resident, index: i64) -> Batch {
        let start = index * self.batch_size;
        let length = self.batch_size.min(self.plan.size()[1] - start);
        let row = |row: i64| self.plan.select(0, row).narrow(0, start, length);
        let order = row(0);
        let input = if self.augmented {
            data.gather_cut(&order, &Cut { top: row(1), left: row(2), flip: row(3) })
        } else {
            data.gather(&order)
        };
        Batch { input, labels: data.labels.index_select(0, &order) }
    }
}
