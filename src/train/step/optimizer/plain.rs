//! The optimizers written out, tensor by tensor, from PyTorch's formulas (`torch/optim/sgd.py`, `adam.py`, `adamw.py`), to
//! test the fused steps against.

use tch::{Tensor, no_grad};

use crate::spec;

/// An optimizer with its parameters.
pub(super) struct Plain {
    rule: spec::Optimizer,
    pub(super) parameters: Vec<Tensor>,
    /// SGD: momentum buffers. Adam: first moments.
    first: Vec<Tensor>,
    /// Adam: second moments.
    second: Vec<Tensor>,
    steps: u64,
}

impl Plain {
    /// An optimizer of parameters, which it shares with their network.
    pub(super) fn new(rule: spec::Optimizer, parameters: Vec<Tensor>) -> Self {
        let zeros = || parameters.iter().map(Tensor::zeros_like).collect();
        let (first, second) = match rule {
            spec::Optimizer::Sgd { momentum: 0.0, .. } => (Vec::new(), Vec::new()),
            spec::Optimizer::Sgd { .. } => (zeros(), Vec::new()),
            spec::Optimizer::Adam { .. } => (zeros(), zeros()),
        };
        Self { rule, parameters, first, second, steps: 0 }
    }

    /// Takes a step with one gradient per parameter, which it may modify.
    pub(super) fn step(&mut self, gradients: &mut [Tensor], rate: f64) {
        self.steps += 1;
        no_grad(|| match self.rule {
            spec::Optimizer::Sgd { momentum, nesterov, weight_decay } => {
                self.sgd(gradients, rate, momentum, nesterov, weight_decay);
            }
            spec::Optimizer::Adam { .. } => self.adam(gradients, rate),
        });
    }

    fn sgd(&mut self, gradients: &mut [Tensor], rate: f64, momentum: f64, nesterov: bool, weight_decay: f64) {
        for (index, (parameter, gradient)) in self.parameters.iter_mut().zip(gradients).enumerate() {
            if weight_decay != 0.0 {
                let _ = gradient.g_add_(&(&*parameter * weight_decay));
            }
            let direction = match self.first.get_mut(index) {
                None => gradient.shallow_clone(),
                Some(kept) => {
                    if self.steps == 1 {
                        kept.copy_(gradient);
                    } else {
                        let _ = kept.g_mul_scalar_(momentum).g_add_(gradient);
                    }
                    if nesterov { &*gradient + &*kept * momentum } else { kept.shallow_clone() }
                }
            };
            let _ = parameter.g_sub_(&(direction * rate));
        }
    }

    fn adam(&mut self, gradients: &mut [Tensor], rate: f64) {
        let spec::Optimizer::Adam { beta1, beta2, epsilon, weight_decay, decoupled } = self.rule else { return };
        let correction1 = 1.0 - beta1.powi(self.steps as i32);
        let correction2 = (1.0 - beta2.powi(self.steps as i32)).sqrt();
        let means = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, gradient), (mean, square)) in self.parameters.iter_mut().zip(gradients).zip(means) {
            if weight_decay != 0.0 {
                if decoupled {
                    let _ = parameter.g_mul_scalar_(1.0 - rate * weight_decay);
                } else {
                    let _ = gradient.g_add_(&(&*parameter * weight_decay));
                }
            }
            let _ = mean.lerp_(gradient, 1.0 - beta1);
            let _ = square.g_mul_scalar_(beta2).g_add_(&(&*gradient * &*gradient * (1.0 - beta2)));
            let denominator = (square.sqrt() / correction2).g_add_scalar_(epsilon);
            let _ = parameter.g_sub_(&(&*mean / denominator * (rate / correction1)));
        }
    }
}
