//! Euclidean norms over all trainable tensors together: of the weights, of their change since the start, of the gradients.

use crate::train::step::measures::GradientNorms;
use anyhow::Result;
use tch::{Device, Kind, Tensor, no_grad_guard};

use crate::metrics::Metrics;
use crate::network::NamedTensors;
use crate::train::checkpoint_state::Checkpointed;

/// Measures norms.
pub(in crate::train) struct NormMeter {
    paths: Vec<String>,
    weights: Vec<Tensor>,
    /// Which weights belong to the head.
    head: Vec<bool>,
    /// The weights at the start of training.
    start: Vec<Tensor>,
    gradients: GradientNorms,
}

impl NormMeter {
    /// A meter that takes the current weights as the start; `head` marks those of the head.
    pub(in crate::train) fn new(paths: &[String], weights: &[Tensor], head: Vec<bool>) -> Self {
        let device = weights.first().map_or(Device::Cpu, Tensor::device);
        let _no_gradient = no_grad_guard();
        Self {
            paths: paths.to_vec(),
            weights: weights.iter().map(Tensor::detach).collect(),
            head,
            start: weights.iter().map(|weight| weight.detach().copy()).collect(),
            gradients: GradientNorms { sum: Tensor::zeros([], (Kind::Double, device)) },
        }
    }

    /// The accumulator of gradient norms, for training steps.
    pub(in crate::train) fn gradients(&self) -> GradientNorms {
        GradientNorms { sum: self.gradients.sum.shallow_clone() }
    }

    /// Resets the gradient norms at the start of an epoch.
    pub(in crate::train) fn start(&self) {
        let _ = self.gradients.sum.shallow_clone().zero_();
    }

    /// Fills in the norms after an epoch of `steps`. The gradient's is its mean over the steps; a step that the loss scaler
    /// skipped counts as 0. Waits for the device once.
    pub(in crate::train) fn fill(&self, steps: u64, metrics: &mut Metrics) -> Result<()> {
        let _no_gradient = no_grad_guard();
        let squares = |tensors: &mut dyn Iterator<Item = Tensor>, device: Device| {
            let sums: Vec<Tensor> =
                tensors.map(|tensor| tensor.to_kind(Kind::Double).square().sum(Kind::Double)).collect();
            if sums.is_empty() {
                Tensor::zeros([], (Kind::Double, device))
            } else {
                Tensor::stack(&sums, 0).sum(Kind::Double)
            }
        };
        let device = self.gradients.sum.device();
        let own = squares(&mut self.weights.iter().map(Tensor::shallow_clone), device);
        let head = self.weights.iter().zip(&self.head).filter(|(_, head)| **head);
        let head = squares(&mut head.map(|(weight, _)| weight.shallow_clone()), device);
        let moved = squares(&mut self.weights.iter().zip(&self.start).map(|(weight, start)| weight - start), device);
        let all = Tensor::stack(&[own, head, moved, self.gradients.sum.shallow_clone()], 0);
        let numbers = Vec::<f64>::try_from(all.to_device(Device::Cpu))?;
        metrics.weight_norm = Some(numbers[0].sqrt());
        metrics.head_norm = Some(numbers[1].sqrt());
        metrics.distance_from_init = Some(numbers[2].sqrt());
        metrics.gradient_norm = (steps > 0).then(|| numbers[3] / steps as f64);
        Ok(())
    }
}

impl Checkpointed for NormMeter {
    fn owner(&self) -> &'static str {
        "norms"
    }

    fn tensors(&self) -> NamedTensors {
        let start = self.paths.iter().map(|path| format!("start.{path}")).zip(&self.start);
        let mut tensors: NamedTensors = start.map(|(path, start)| (path, start.shallow_clone())).collect();
        tensors.insert("gradient".into(), self.gradients.sum.shallow_clone());
        tensors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_match_their_definition() -> Result<()> {
        let weights = [Tensor::from_slice(&[3.0f32, 0.0]), Tensor::from_slice(&[4.0f32])];
        let meter = NormMeter::new(&["a".into(), "fc".into()], &weights, vec![false, true]);
        let gradients = meter.gradients();
        meter.start();
        for gradient in [[3.0f32, 4.0, 12.0], [0.0, 0.0, f32::INFINITY], [0.0, 0.0, 2.0]] {
            let [one, two, three] = gradient;
            gradients.step(&[Tensor::from_slice(&[one, two]), Tensor::from_slice(&[three])], None)?;
        }
        let _ = weights[0].shallow_clone().g_add_scalar_(1.0);
        let mut norms = Metrics::default();
        meter.fill(3, &mut norms)?;
        assert_eq!((norms.weight_norm, norms.head_norm), (Some(33f64.sqrt()), Some(4.0)));
        assert_eq!((norms.distance_from_init, norms.gradient_norm), (Some(2f64.sqrt()), Some(5.0)));
        Ok(())
    }
}
