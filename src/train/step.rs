//! One step: forward, backward, update. All that changes from one step to the next is on the device.

use tch::{Kind, Reduction, Tensor, no_grad_guard};

use super::batches::Batch;
use super::optimizer::Optimizer;
use super::sums::Sums;
use crate::native::{Autocast, Scaler};
use crate::network::{Flow, Mode, Network};
use crate::spec::Precision;

/// A network in training: which layers stay frozen and how, and the optimizer of the others.
pub(super) struct Learner<'a> {
    pub(super) network: &'a Network,
    pub(super) optimizer: Optimizer,
    /// The paths of the parameters that train, in the optimizer's order.
    pub(super) trained: Vec<String>,
    /// Where fp16 is computed in, the scaler of its loss.
    pub(super) scaler: Option<Scaler>,
    /// The first layer that runs in a step: where a prefix is kept, the one after it.
    pub(super) first_layer: usize,
    /// How many leading layers stay frozen.
    pub(super) leading: usize,
    /// How each layer runs, the head's last.
    pub(super) modes: Vec<Mode>,
    pub(super) label_smoothing: f64,
    pub(super) precision: Precision,
}

impl Learner<'_> {
    /// Learns a batch.
    pub(super) fn step(&mut self, batch: Batch, sums: &mut Sums) {
        let (logits, loss) = self.forward(batch.flow, &batch.labels);
        let parameters = self.optimizer.parameters();
        let backward = |loss: &Tensor| Tensor::run_backward(&[loss], parameters, false, false);
        let gradients = match &self.scaler {
            None => backward(&loss),
            Some(scaler) => backward(&(&loss * scaler.scale())),
        };
        self.optimizer.copy_rate(&batch.rate);
        let done = match &mut self.scaler {
            None => self.optimizer.step(&gradients, None),
            Some(scaler) => scaler
                .look(&gradients)
                .and_then(|()| self.optimizer.step(&gradients, Some(scaler)))
                .and_then(|()| scaler.update()),
        };
        // What the kernels throw is libtorch's, as in any call of tch, which panics there too.
        if let Err(error) = done {
            panic!("{error}");
        }
        sums.add(&loss, &logits, &batch.labels);
    }

    /// Nothing below the frozen boundary is remembered for a gradient.
    fn forward(&self, flow: Flow, labels: &Tensor) -> (Tensor, Tensor) {
        let _autocast = Autocast::new(labels.device(), self.precision);
        let flow = {
            // A guard, since a capture may break off in here and the step be done in another way.
            let _no_gradient = no_grad_guard();
            self.network.run_each(self.first_layer, self.leading, flow, &self.modes)
        };
        let logits = widened(self.network.run_each(self.leading, self.modes.len(), flow, &self.modes).value);
        let loss = logits.cross_entropy_loss::<Tensor>(labels, None, Reduction::Mean, -100, self.label_smoothing);
        (logits, loss)
    }
}

/// Logits in at least 32 bits: a softmax in fewer loses what tells answers apart, and CUDA's autocast widens it too.
pub(super) fn widened(logits: Tensor) -> Tensor {
    match logits.kind() {
        Kind::BFloat16 | Kind::Half => logits.to_kind(Kind::Float),
        _ => logits,
    }
}
