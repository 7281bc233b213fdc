//! One step: forward, backward, update. Everything that changes between steps is on the device.

use tch::{Kind, Reduction, Tensor, no_grad_guard};

use crate::error::UserError;
use crate::native::{Autocast, Scaler, TrainingPart};
use crate::network::{Flow, Mode, NamedTensors, Network};
use crate::spec::{Precision, Training};
use crate::train::checkpoint_state::Checkpointed;
use crate::train::data::batches::Batch;
use crate::train::step::batch_index::BatchIndex;
use crate::train::step::measures::StepMeasures;
use crate::train::step::optimizer::Optimizer;
use crate::train::step::sums::Sums;

/// A network in training: its frozen layers, and the optimizer of the others.
pub(in crate::train) struct Learner<'a> {
    pub(in crate::train) network: &'a Network,
    pub(in crate::train) optimizer: Optimizer,
    /// The paths of the trainable parameters, in the optimizer's order.
    pub(in crate::train) trained: Vec<String>,
    /// The loss scaler, with fp16.
    pub(in crate::train) scaler: Option<Scaler>,
    /// The first layer that runs in a step; with a prefix cache, the first after the prefix.
    pub(in crate::train) first_layer: usize,
    /// Number of leading frozen layers.
    pub(in crate::train) leading: usize,
    /// The mode of each layer; the head's is last.
    pub(in crate::train) modes: Vec<Mode>,
    /// What a step does besides its optimizer.
    pub(in crate::train) training: &'a Training,
    pub(in crate::train) precision: Precision,
    /// Optional measurements of every step.
    pub(in crate::train) step_measures: StepMeasures,
}

impl Learner<'_> {
    /// Takes a step on a batch.
    pub(in crate::train) fn step(&mut self, batch_index: &BatchIndex, batch: Batch, sums: &mut Sums) {
        let (logits, loss) = self.forward(batch.flow, &batch.labels);
        let parameters = self.optimizer.parameters();
        let backward = |loss: &Tensor| {
            let _part = TrainingPart::Backward.begin();
            Tensor::run_backward(&[loss], parameters, false, false)
        };
        let gradients = match &self.scaler {
            None => backward(&loss),
            Some(scaler) => backward(&(&loss * scaler.scale())),
        };
        let done = self.update(&gradients, &batch.rate);
        // Panics at an error, as every call of tch does.
        if let Err(error) = done {
            panic!("{error}");
        }
        let _part = TrainingPart::Metrics.begin();
        sums.add(batch_index, &loss, &logits);
    }

    fn update(&mut self, gradients: &[Tensor], rate: &Tensor) -> Result<(), UserError> {
        if let Some(norms) = &self.step_measures.gradients {
            norms.step(gradients, self.scaler.as_ref())?;
        }
        self.optimize(gradients, rate)?;
        match &self.step_measures.averages {
            Some(averages) => averages.step(self.optimizer.parameters()),
            None => Ok(()),
        }
    }

    fn optimize(&mut self, gradients: &[Tensor], rate: &Tensor) -> Result<(), UserError> {
        let _part = TrainingPart::Optimizer.begin();
        let Some(scaler) = &mut self.scaler else { return self.optimizer.step(gradients, rate, None) };
        scaler.look(gradients)?;
        self.optimizer.step(gradients, rate, Some(scaler))?;
        scaler.update()
    }

    /// Logits and loss. Autograd records nothing in the frozen prefix.
    fn forward(&self, flow: Flow, labels: &Tensor) -> (Tensor, Tensor) {
        let _part = TrainingPart::Forward.begin();
        let _autocast = Autocast::new(labels.device(), self.precision);
        let flow = {
            // A guard, not `no_grad`: a failed capture may panic in here, and the step then runs eagerly.
            let _no_gradient = no_grad_guard();
            self.network.run_each(self.first_layer, self.leading, flow, &self.modes)
        };
        let logits = widened(self.network.run_each(self.leading, self.modes.len(), flow, &self.modes).value);
        let loss = loss(&logits, labels, self.training.label_smoothing);
        (logits, loss)
    }
}

/// The optimizer's part of a checkpoint: a tensor per slot and parameter, and the step count.
pub(in crate::train) struct OptimizerState<'a>(pub(in crate::train) &'a Learner<'a>);

impl Checkpointed for OptimizerState<'_> {
    fn owner(&self) -> &'static str {
        "optimizer"
    }

    fn tensors(&self) -> NamedTensors {
        let (slots, steps) = self.0.optimizer.state();
        let mut tensors = NamedTensors::from([("steps".to_owned(), steps.shallow_clone())]);
        for (slot, kept) in slots {
            let named = self.0.trained.iter().zip(kept);
            tensors.extend(named.map(|(path, tensor)| (format!("{slot}.{path}"), tensor.shallow_clone())));
        }
        tensors
    }
}

impl Checkpointed for Scaler {
    fn owner(&self) -> &'static str {
        "scaler"
    }

    fn tensors(&self) -> NamedTensors {
        let named = ["scale", "good_steps"].into_iter().zip(self.state());
        named.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect()
    }
}

/// The mean cross-entropy with label smoothing.
fn loss(logits: &Tensor, labels: &Tensor, smoothing: f64) -> Tensor {
    logits.cross_entropy_loss::<Tensor>(labels, None, Reduction::Mean, -100, smoothing)
}

/// Logits in at least 32 bits: a softmax in fewer bits is too coarse, and CUDA's autocast widens it too.
pub(in crate::train) fn widened(logits: Tensor) -> Tensor {
    match logits.kind() {
        Kind::BFloat16 | Kind::Half => logits.to_kind(Kind::Float),
        _ => logits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothed_labels_match_their_cross_entropy() {
        let (logits, labels) = ([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0f64]], [1usize, 0]);
        let (table, truth) = (Tensor::from_slice2(&logits), Tensor::from_slice(&labels.map(|label| label as i64)));
        for smoothing in [0.0, 0.1, 0.75] {
            let of = |(row, &label): (&[f64; 3], &usize)| {
                let sum: f64 = row.iter().map(|logit| logit.exp()).sum();
                let share = |class| if class == label { 1.0 - smoothing } else { 0.0 } + smoothing / 3.0;
                (0..3).map(|class| -share(class) * (row[class].exp() / sum).ln()).sum::<f64>()
            };
            let expected = logits.iter().zip(&labels).map(of).sum::<f64>() / 2.0;
            let found = loss(&table, &truth, smoothing).double_value(&[]);
            assert!((found - expected).abs() < 1e-14, "{smoothing}: expected {expected}, found {found}");
        }
    }
}
