//! One step: forward, backward, update.

use tch::{Reduction, Tensor, no_grad};

use super::batches::Batch;
use super::epoch::Trainer;
use super::sums::Sums;
use crate::network::Flow;

impl Trainer<'_> {
    pub(super) fn step(&mut self, batch: &Batch, rate: f64, sums: &mut Sums) {
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
