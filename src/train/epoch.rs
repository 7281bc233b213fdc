//! One epoch of steps, without a wait for the device until its end.

use super::batches::Batches;
use super::optimizer::Optimizer;
use super::report::Observer;
use super::resident::Resident;
use super::sums::{EpochSums, Sums};
use crate::network::{Mode, Network};
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
}
