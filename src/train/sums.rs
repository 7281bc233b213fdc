//! What an epoch adds up: on the device, read once at its end.

use tch::{Device, Kind, Tensor, no_grad_guard};

use super::evaluate::read;
use super::report::Running;

/// Sums over an epoch, on the device.
pub(super) struct Sums {
    /// Loss and wrong answers, each times the batch; `[2]`.
    totals: Tensor,
    /// The step at hand, from 1.
    step: Tensor,
    /// The first step whose loss was not finite; beyond all steps where there is none.
    first_bad: Tensor,
}

const NEVER: i64 = i64::MAX;

/// What an epoch gave.
pub(super) struct EpochSums {
    /// Means over its batches.
    pub(super) running: Running,
    /// The first step whose loss was not finite.
    pub(super) first_bad: Option<u64>,
}

impl Sums {
    pub(super) fn new(device: Device) -> Self {
        Self {
            totals: Tensor::zeros([2], (Kind::Double, device)),
            step: Tensor::zeros([], (Kind::Int64, device)),
            first_bad: Tensor::full([], NEVER, (Kind::Int64, device)),
        }
    }

    /// Starts an epoch, after `done` steps: in place, where a captured step adds to it.
    pub(super) fn start(&mut self, done: u64) {
        let _ = self.totals.zero_();
        let _ = self.step.fill_(done as i64);
        let _ = self.first_bad.fill_(NEVER);
    }

    /// Goes on with an epoch after `done` steps of the training, of which the epoch's gave `totals`.
    pub(super) fn resume(&mut self, done: u64, totals: &Tensor) {
        self.start(done);
        self.totals.copy_(totals);
    }

    /// Steps of the training so far, the epoch's among them.
    pub(super) fn steps_behind(&self) -> u64 {
        self.step.int64_value(&[]) as u64
    }

    /// Loss and wrong answers so far, `[2]`, and the first step whose loss was not finite.
    pub(super) fn totals(&self) -> (Tensor, Option<u64>) {
        let bad = self.first_bad.int64_value(&[]);
        (self.totals.shallow_clone(), (bad < NEVER).then_some(bad as u64))
    }

    pub(super) fn add(&mut self, loss: &Tensor, logits: &Tensor, labels: &Tensor) {
        let _no_gradient = no_grad_guard();
        let batch = labels.size()[0] as f64;
        let wrong = logits.argmax(1, false).not_equal_tensor(labels).sum(Kind::Double);
        let loss = loss.detach().to_kind(Kind::Double);
        let _ = self.step.g_add_scalar_(1);
        let bad = self.step.masked_fill(&loss.isfinite(), NEVER);
        self.first_bad.copy_(&self.first_bad.minimum(&bad));
        let _ = self.totals.g_add_(&Tensor::stack(&[loss * batch, wrong], 0));
    }

    pub(super) fn read(&self, images: f64) -> EpochSums {
        let bad = self.first_bad.to_kind(Kind::Double).unsqueeze(0);
        let numbers = read(&Tensor::cat(&[&self.totals, &bad], 0));
        EpochSums {
            running: Running { loss: numbers[0] / images, error: numbers[1] / images },
            first_bad: (numbers[2] < NEVER as f64).then_some(numbers[2] as u64),
        }
    }
}
