//! SGD and Adam with fused steps. Only trainable parameters have optimizer state.

#[cfg(test)]
mod exact;
#[cfg(test)]
mod plain;

use tch::{Device, Kind, Tensor, no_grad_guard};

use crate::error::UserError;
use crate::native::{Adam, Fused, Scaler, Sgd};
use crate::spec;

/// An optimizer with its parameters. Step count and learning rate are on the device, where a captured step can read them.
#[derive(Debug)]
pub struct Optimizer {
    rule: spec::Optimizer,
    parameters: Vec<Tensor>,
    /// SGD: momentum buffers. Adam: first moments.
    first: Vec<Tensor>,
    /// Adam: second moments.
    second: Vec<Tensor>,
    /// Adam: steps taken, `[]`.
    steps: Tensor,
}

/// The kind of the learning rate tensor. CUDA's kernels need f32. The CPU's accept any, but the rate is rounded to f32 too,
/// so that both devices take the same steps, except for references in f64.
pub(in crate::train) fn rate_kind(device: Device, network: Kind) -> Kind {
    if device == Device::Cpu && network == Kind::Double { Kind::Double } else { Kind::Float }
}

impl Optimizer {
    /// An optimizer of parameters on one device, which it shares with their network.
    pub fn new(rule: spec::Optimizer, parameters: Vec<Tensor>) -> Self {
        // In the parameters' memory layouts, which the fused kernels rely on.
        let zeros = || parameters.iter().map(Tensor::zeros_like).collect();
        let (first, second) = match rule {
            spec::Optimizer::Sgd { momentum: 0.0, .. } => (Vec::new(), Vec::new()),
            spec::Optimizer::Sgd { .. } => (zeros(), Vec::new()),
            spec::Optimizer::Adam { .. } => (zeros(), zeros()),
        };
        let device = parameters.first().map_or(Device::Cpu, Tensor::device);
        Self { rule, parameters, first, second, steps: Tensor::zeros([], (Kind::Float, device)) }
    }

    /// The parameters.
    pub fn parameters(&self) -> &[Tensor] {
        &self.parameters
    }

    /// Its state for a checkpoint: named lists with one tensor per parameter, which may be empty, and the step count.
    pub(in crate::train) fn state(&self) -> ([(&'static str, &[Tensor]); 2], &Tensor) {
        ([("first", &self.first), ("second", &self.second)], &self.steps)
    }

    /// Takes a step with one gradient per parameter and the learning rate `[]` (see `rate_kind`). With a scaler the
    /// gradients are those of the scaled loss; if they are not finite, nothing changes.
    pub fn step(&mut self, gradients: &[Tensor], rate: &Tensor, scaler: Option<&Scaler>) -> Result<(), UserError> {
        if self.parameters.is_empty() {
            return Ok(());
        }
        let _no_gradient = no_grad_guard();
        let fused = Fused {
            parameters: &self.parameters,
            gradients,
            first: &self.first,
            second: &self.second,
            rate,
            scaler: scaler.map(|scaler| (scaler.scale(), scaler.bad())),
        };
        match self.rule {
            spec::Optimizer::Sgd { momentum, nesterov, weight_decay } => {
                fused.sgd(Sgd { momentum, nesterov, weight_decay })
            }
            spec::Optimizer::Adam { beta1, beta2, epsilon, weight_decay, decoupled } => {
                let _ = match scaler {
                    // A skipped step does not count.
                    Some(scaler) => self.steps.g_add_(&(1.0 - scaler.bad())),
                    None => self.steps.g_add_scalar_(1.0),
                };
                fused.adam(Adam { beta1, beta2, epsilon, weight_decay, decoupled }, &self.steps)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain::Plain;
    use super::*;
    use crate::network::read_safetensors;
    use std::path::Path;

    fn cases() -> [(&'static str, spec::Optimizer, f64); 6] {
        let sgd = |momentum, nesterov, weight_decay| spec::Optimizer::Sgd { momentum, nesterov, weight_decay };
        let adam = |weight_decay, decoupled| spec::Optimizer::Adam {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay,
            decoupled,
        };
        [
            ("sgd", sgd(0.0, false, 0.0), 0.1),
            ("sgd-momentum", sgd(0.9, false, 0.0), 0.1),
            ("sgd-nesterov-decay", sgd(0.9, true, 0.01), 0.1),
            ("adam", adam(0.0, false), 0.01),
            ("adam-decay", adam(0.01, false), 0.01),
            ("adamw", adam(0.01, true), 0.01),
        ]
    }

    /// Compares twenty steps with `torch.optim` (`scripts/reference/make_fixtures.py`), in float64.
    #[test]
    fn every_step_matches_pytorch() -> anyhow::Result<()> {
        let fixture = read_safetensors(Path::new("tests/fixtures/optimizers.safetensors"))?;
        for (name, rule, rate) in cases() {
            let mut optimizer = Optimizer::new(rule, vec![fixture["start"].copy()]);
            let rate = Tensor::from(rate);
            for step in 0..20 {
                optimizer.step(&[fixture["gradients"].get(step).copy()], &rate, None)?;
                let expected = fixture[&format!("path.{name}")].get(step);
                let difference = (&optimizer.parameters()[0] - expected).abs().max().double_value(&[]);
                assert!(difference < 1e-13, "{name}, step {step}: {difference}");
            }
        }
        Ok(())
    }

    /// In fp32, with parameters of several shapes and layouts, and gradients in other layouts than their parameters.
    #[test]
    fn fused_steps_match_plain_steps() -> anyhow::Result<()> {
        tch::manual_seed(1);
        let random = |shape: &[i64]| Tensor::randn(shape, (Kind::Float, Device::Cpu));
        let shapes: [&[i64]; 3] = [&[5], &[4, 3, 3, 3], &[6, 4, 1, 1]];
        for (name, rule, rate) in cases() {
            let mut parameters: Vec<Tensor> = shapes.iter().map(|shape| random(shape)).collect();
            let mut plain = Plain::new(rule, parameters.iter().map(Tensor::copy).collect());
            for parameter in &mut parameters[1..] {
                crate::native::lay_out(parameter, spec::MemoryFormat::ChannelsLast)?;
            }
            let mut fused = Optimizer::new(rule, parameters);
            for _ in 0..50 {
                let mut gradients: Vec<Tensor> = shapes.iter().map(|shape| random(shape)).collect();
                fused.step(
                    &gradients.iter().map(Tensor::copy).collect::<Vec<_>>(),
                    &Tensor::from(rate as f32),
                    None,
                )?;
                plain.step(&mut gradients, rate);
            }
            for (one, other) in fused.parameters().iter().zip(&plain.parameters) {
                let difference = (one - other).abs().max().double_value(&[]);
                assert!(difference < 2e-5, "{name}: {difference}");
            }
        }
        Ok(())
    }

    /// Steps with gradients of a scaled loss; one with infinite gradients changes nothing.
    #[test]
    fn a_bad_step_changes_nothing_and_halves_the_scale() -> anyhow::Result<()> {
        for (name, rule, rate) in cases() {
            let start = Tensor::from_slice(&[1.0f32, -2.0]);
            let mut under_test = Optimizer::new(rule, vec![start.copy()]);
            let mut unscaled = Optimizer::new(rule, vec![start.copy()]);
            let mut scaler = Scaler::new(Device::Cpu);
            let rate = Tensor::from(rate as f32);
            for gradient in [[0.5f32, 0.25], [f32::INFINITY, 0.0], [-1.0, 2.0]] {
                let gradient = Tensor::from_slice(&gradient);
                let gradients = [&gradient * scaler.scale()];
                scaler.look(&gradients)?;
                under_test.step(&gradients, &rate, Some(&scaler))?;
                scaler.update()?;
                if bool::try_from(gradient.isfinite().all())? {
                    unscaled.step(&[gradient], &rate, None)?;
                }
            }
            let difference = (&under_test.parameters()[0] - &unscaled.parameters()[0]).abs().max().double_value(&[]);
            assert!(difference < 1e-7, "{name}: {difference}");
            assert_eq!(i64::try_from(scaler.scale())?, 32_768, "{name}");
        }
        Ok(())
    }
}
