//! The sums of an epoch. A step stores its loss and predictions on the device, in two operations; they are summed and
//! read once, at the end of the epoch.

use tch::{Device, Kind, Tensor, no_grad_guard};

use crate::train::data::batches::Batches;
use crate::train::numbers::Totals;
use crate::train::step::batch_index::BatchIndex;

/// The losses and predictions of an epoch's steps.
pub(in crate::train) struct Sums {
    /// The loss of each step, `[steps]`, in the network's kind.
    losses: Tensor,
    /// The prediction for each example, in the order of the epoch, `[count]`.
    answers: Tensor,
    batch: i64,
    start: EpochStart,
}

/// Where an epoch, or the rest of one, begins.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::train) struct EpochStart {
    /// The first step.
    pub(in crate::train) step: u64,
    /// The sums of the steps before it.
    pub(in crate::train) totals: Totals,
}

impl Sums {
    /// Allocates for epochs of `count` examples in batches of `batch`.
    pub(in crate::train) fn new(device: Device, kind: Kind, [count, batch]: [usize; 2]) -> Self {
        Self {
            losses: Tensor::zeros([count.div_ceil(batch) as i64], (kind, device)),
            answers: Tensor::zeros([count as i64], (Kind::Int64, device)),
            batch: batch as i64,
            start: EpochStart::default(),
        }
    }

    /// Starts or continues an epoch.
    pub(in crate::train) fn start(&mut self, start: EpochStart) {
        self.start = start;
    }

    /// Stores the results of a step: its loss `[]` and the predictions from its logits `[length, classes]`.
    pub(in crate::train) fn add(&mut self, batch_index: &BatchIndex, loss: &Tensor, logits: &Tensor) {
        let _no_gradient = no_grad_guard();
        batch_index.put(&mut self.losses, loss);
        batch_index.put_answers(&mut self.answers, self.batch, logits);
    }

    /// The sums of the epoch up to its step `end`, exclusive, and the first step whose loss was not finite. `labels` are
    /// the split's. Waits for the device once, or not at all if there are no steps.
    pub(in crate::train) fn read(&self, batches: &Batches, labels: &Tensor, end: u64) -> (Totals, Option<u64>) {
        let EpochStart { step: first, mut totals } = self.start;
        if end <= first {
            return (totals, None);
        }
        let from = first as i64 * self.batch;
        let length = (end as i64 * self.batch).min(self.answers.size()[0]) - from;
        let answers = self.answers.narrow(0, from, length);
        let wrong = answers.not_equal_tensor(&batches.labels(labels, from, length)).sum(Kind::Double);
        let losses = self.losses.narrow(0, first as i64, (end - first) as i64).to_kind(Kind::Double);
        let numbers = wait_and_read(&Tensor::cat(&[losses, wrong.unsqueeze(0)], 0));
        let mut bad = None;
        for (step, loss) in (first..end).zip(&numbers) {
            totals.loss += loss * batches.length(step as i64) as f64;
            bad = bad.or_else(|| (!loss.is_finite()).then_some(step));
        }
        totals.wrong += numbers.last().copied().unwrap_or_default();
        (totals, bad)
    }
}

/// Waits for the device and reads a vector.
pub(in crate::train) fn wait_and_read(sums: &Tensor) -> Vec<f64> {
    Vec::<f64>::try_from(sums.to_device(Device::Cpu)).expect("the sums are a vector of doubles")
}
