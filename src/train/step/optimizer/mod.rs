//! SGD and Adam: fused steps, and their state, which is ours to keep; only what trains has any.

#[cfg(test)]
mod exact;
#[cfg(test)]
mod plain;

use tch::{Device, Kind, Tensor, no_grad_guard};

use crate::error::UserError;
use crate::native::{Adam, Fused, Scaler, Sgd};
use crate::spec;

/// An optimizer with the parameters that it changes. Its count of steps is on the device, as is the rate of each, so
/// that a captured step follows them.
#[derive(Debug)]
pub struct Optimizer {
    rule: spec::Optimizer,
    parameters: Vec<Tensor>,
    /// SGD: the directions. Adam: the means of gradients.
    first: Vec<Tensor>,
    /// Adam: the means of squared gradients.
    second: Vec<Tensor>,
    /// Adam: steps taken, `[]`.
    steps: Tensor,
}

/// The kind of a rate on a device for a network of a kind: CUDA's kernels read f32. The CPU's read any, and a rate is
/// rounded there all the same, so that both take the same steps; but not for a reference in f64.
pub(in crate::train) fn rate_kind(device: Device, network: Kind) -> Kind {
    if device == Device::Cpu && network == Kind::Double { Kind::Double } else { Kind::Float }
}

impl Optimizer {
    /// An optimizer of some parameters, which it shares with their network; all are on one device.
    pub fn new(rule: spec::Optimizer, parameters: Vec<Tensor>) -> Self {
        // In the parameters' own layouts, which the fused kernels rely on.
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

    /// What it keeps, by name: of each parameter, a list which may be empty; and of them all.
    pub(in crate::train) fn state(&self) -> ([(&'static str, &[Tensor]); 2], &Tensor) {
        ([("first", &self.first), ("second", &self.second)], &self.steps)
    }

    /// Takes a step along gradients, one for each parameter, at a rate `[]`, see `rate_kind`. With a scaler they are those of the scaled loss, and where
    /// they are not finite the step changes nothing.
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
                    // A step that is not taken is not counted.
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

    /// Twenty steps of `torch.optim` (`scripts/reference/make_fixtures.py`) against ours, in float64.
    #[test]
    fn every_step_is_pytorchs() -> anyhow::Result<()> {
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

    /// In fp32, over parameters of several shapes and layouts, gradients laid out otherwise among them.
    #[test]
    fn fused_steps_are_the_plain_ones() -> anyhow::Result<()> {
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

    /// The scaler's part of a step: gradients of a scaled loss, and a step with infinite ones that changes nothing.
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
