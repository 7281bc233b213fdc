//! One epoch of steps: forward, backward, update; sums kept on the device and read at its end.

use tch::{Device, Kind, Reduction, Tensor, no_grad};

use super::batches::{Batch, Batches};
use super::evaluate::read;
use super::optimizer::Optimizer;
use super::report::{Observer, Running};
use super::resident::Resident;
use crate::network::{Flow, Mode, Network};
use crate::seed::{Purpose, derive};

/// A network in training: which layers stay frozen and how, and the optimizer of the others.
pub(super) struct Trainer<'a> {
    pub(super) network: &'a Network,
    pub(super) optimizer: Optimizer,
    /// How many leading layers stay frozen.
    pub(super) leading: usize,
    /// How each layer runs, the head's last.
    pub(super) modes: Vec<Mode>,
    /// The seed of dropout, where the network has any.
    pub(super) dropout: Option<u64>,
    pub(super) label_smoothing: f64,
}

/// Sums over an epoch, on the device.
struct Sums {
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

impl Trainer<'_> {
    /// Trains on the first `steps` batches; `rate` gives each step's rate by its index in the whole training, of
    /// which `done` are behind.
    pub(super) fn epoch(
        &mut self,
        data: &Resident,
        batches: &Batches,
        steps: u64,
        done: u64,
        rate: impl Fn(u64) -> f64,
        observer: &mut dyn Observer,
    ) -> EpochSums {
        let mut sums = Sums::new(data.device(), done);
        let mut images = 0;
        for index in 0..steps {
            let batch = batches.get(data, index as i64);
            images += batch.labels.size()[0];
            // The device's own generator draws what is dropped; a step's draws depend on the step alone.
            if let Some(seed) = self.dropout {
                tch::manual_seed(derive(seed, Purpose::Dropout, &(done + index).to_string()) as i64);
            }
            self.step(&batch, rate(done + index), &mut sums);
            observer.step(done + index + 1);
        }
        sums.read(images as f64)
    }

    fn step(&mut self, batch: &Batch, rate: f64, sums: &mut Sums) {
        let logits = self.logits(&batch.input);
        let loss =
            logits.cross_entropy_loss::<Tensor>(&batch.labels, None, Reduction::Mean, -100, self.label_smoothing);
        let mut gradients = Tensor::run_backward(&[&loss], self.optimizer.parameters(), false, false);
        self.optimizer.step(&mut gradients, rate);
        sums.add(&loss, &logits, &batch.labels);
    }

    /// Nothing below the frozen boundary is remembered for a gradient.
    fn logits(&self, input: &Tensor) -> Tensor {
        let flow = Flow::new(input.shallow_clone());
        let flow = no_grad(|| self.network.run_each(0, self.leading, flow, &self.modes));
        self.network.run_each(self.leading, self.modes.len(), flow, &self.modes).value
    }
}

impl Sums {
    fn new(device: Device, done: u64) -> Self {
        Self {
            totals: Tensor::zeros([2], (Kind::Double, device)),
            step: Tensor::full([], done as i64, (Kind::Int64, device)),
            first_bad: Tensor::full([], NEVER, (Kind::Int64, device)),
        }
    }

    fn add(&mut self, loss: &Tensor, logits: &Tensor, labels: &Tensor) {
        no_grad(|| {
            let batch = labels.size()[0] as f64;
            let wrong = logits.argmax(1, false).not_equal_tensor(labels).sum(Kind::Double);
            let loss = loss.detach().to_kind(Kind::Double);
            let _ = self.step.g_add_scalar_(1);
            let bad = self.step.masked_fill(&loss.isfinite(), NEVER);
            self.first_bad = self.first_bad.minimum(&bad);
            let _ = self.totals.g_add_(&Tensor::stack(&[loss * batch, wrong], 0));
        });
    }

    fn read(&self, images: f64) -> EpochSums {
        let bad = self.first_bad.to_kind(Kind::Double).unsqueeze(0);
        let numbers = read(&Tensor::cat(&[&self.totals, &bad], 0));
        EpochSums {
            running: Running { loss: numbers[0] / images, error: numbers[1] / images },
            first_bad: (numbers[2] < NEVER as f64).then_some(numbers[2] as u64),
        }
    }
}
