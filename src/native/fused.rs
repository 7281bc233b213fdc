//! Fused optimizer steps: one kernel for all parameters.
//!
//! The learning rate and the step count are tensors on the device, so that captured steps follow them.

use std::ptr;

use tch::Tensor;

use super::shim::{self, call, pointers};
use crate::error::UserError;

/// The tensors of an optimizer step: parameters, and for each its gradient and one or two running means.
#[derive(Debug)]
pub struct Fused<'a> {
    /// Parameters, updated in place.
    pub parameters: &'a [Tensor],
    /// Gradients, with the shapes of the parameters.
    pub gradients: &'a [Tensor],
    /// SGD's momentum buffers or Adam's means of gradients; empty for SGD without momentum.
    pub first: &'a [Tensor],
    /// Adam's means of squared gradients; empty for SGD.
    pub second: &'a [Tensor],
    /// Learning rate, shape `[]`: f32 on CUDA, any float type on the CPU.
    pub rate: &'a Tensor,
    /// A loss scaler's scale, and whether this step's gradients are bad, shape `[]` f32 each. A bad step changes
    /// nothing.
    pub scaler: Option<(&'a Tensor, &'a Tensor)>,
}

/// SGD's hyperparameters, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    /// Momentum.
    pub momentum: f64,
    /// Whether to use Nesterov momentum.
    pub nesterov: bool,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
}

/// Adam's hyperparameters, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Decay rate of the running mean of gradients.
    pub beta1: f64,
    /// Decay rate of the running mean of squared gradients.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether weight decay is decoupled from the gradient (AdamW).
    pub decoupled: bool,
}

impl Fused<'_> {
    /// One step of SGD.
    ///
    /// # Panics
    /// If the lists have different lengths.
    pub fn sgd(&self, rule: Sgd) -> Result<(), UserError> {
        self.check();
        let [parameters, gradients, directions] =
            [pointers(self.parameters), pointers(self.gradients), pointers(self.first)];
        let (scale, bad) = self.scaler_pointers();
        let directions = if directions.is_empty() { ptr::null() } else { directions.as_ptr() };
        // SAFETY: the lists have as many tensors as `check` counted, and outlive the call, which keeps none.
        call(|error| unsafe {
            shim::freezewise_fused_sgd(
                parameters.as_ptr(),
                gradients.as_ptr(),
                directions,
                parameters.len() as i64,
                self.rate.as_ptr(),
                rule.momentum,
                rule.weight_decay,
                rule.nesterov,
                scale,
                bad,
                error,
            )
        })
    }

    /// One step of Adam. `step` starts at 1, shape `[]` f32.
    ///
    /// # Panics
    /// If the lists have different lengths.
    pub fn adam(&self, rule: Adam, step: &Tensor) -> Result<(), UserError> {
        self.check();
        assert_eq!(self.second.len(), self.parameters.len(), "Adam needs two means for every parameter");
        let [parameters, gradients, means, squares] =
            [self.parameters, self.gradients, self.first, self.second].map(pointers);
        let (scale, bad) = self.scaler_pointers();
        // SAFETY: as in `sgd`.
        call(|error| unsafe {
            shim::freezewise_fused_adam(
                parameters.as_ptr(),
                gradients.as_ptr(),
                means.as_ptr(),
                squares.as_ptr(),
                parameters.len() as i64,
                self.rate.as_ptr(),
                step.as_ptr(),
                rule.beta1,
                rule.beta2,
                rule.epsilon,
                rule.weight_decay,
                rule.decoupled,
                scale,
                bad,
                error,
            )
        })
    }

    fn check(&self) {
        assert_eq!(self.gradients.len(), self.parameters.len(), "every parameter needs a gradient");
        assert!(self.first.is_empty() || self.first.len() == self.parameters.len(), "every parameter needs a mean");
    }

    fn scaler_pointers(&self) -> (*const torch_sys::C_tensor, *const torch_sys::C_tensor) {
        self.scaler.map_or((ptr::null(), ptr::null()), |(scale, bad)| (scale.as_ptr(), bad.as_ptr()))
    }
}

/// A loss scaler for fp16: it multiplies the loss by a scale, which adapts so that gradients neither overflow nor
/// underflow.
///
/// Same as PyTorch's `GradScaler` with its defaults.
#[derive(Debug)]
pub struct Scaler {
    /// Shape `[]` f32.
    scale: Tensor,
    /// 1 if this step's gradients are not all finite; shape `[]` f32.
    bad: Tensor,
    /// Steps since the last change of the scale; shape `[]` i32.
    good_steps: Tensor,
    one: Tensor,
}

impl Scaler {
    const START: f64 = 65_536.0;
    const INTERVAL: i64 = 2000;

    /// A scaler with the initial scale.
    pub fn new(device: tch::Device) -> Self {
        let filled = |value: f64, kind| Tensor::full([], value, (kind, device));
        Self {
            scale: filled(Self::START, tch::Kind::Float),
            bad: filled(0.0, tch::Kind::Float),
            good_steps: filled(0.0, tch::Kind::Int),
            one: filled(1.0, tch::Kind::Float),
        }
    }

    /// The scale, shape `[]`.
    pub fn scale(&self) -> &Tensor {
        &self.scale
    }

    /// Whether the step's gradients are bad, shape `[]`.
    pub fn bad(&self) -> &Tensor {
        &self.bad
    }

    /// The state for a checkpoint: the scale, and the steps since its last change.
    pub fn state(&self) -> [&Tensor; 2] {
        [&self.scale, &self.good_steps]
    }

    /// Checks a step's gradients.
    pub fn look(&mut self, gradients: &[Tensor]) -> Result<(), UserError> {
        let _ = self.bad.zero_();
        let gradients = pointers(gradients);
        // SAFETY: the tensors outlive the call, which keeps none.
        call(|error| unsafe {
            shim::freezewise_find_bad(
                gradients.as_ptr(),
                gradients.len() as i64,
                self.bad.as_ptr(),
                self.one.as_ptr(),
                error,
            )
        })
    }

    /// Adapts the scale to the result of `look`.
    pub fn update(&mut self) -> Result<(), UserError> {
        // SAFETY: as in `look`.
        call(|error| unsafe {
            shim::freezewise_update_scale(
                self.scale.as_ptr(),
                self.good_steps.as_ptr(),
                self.bad.as_ptr(),
                Self::INTERVAL,
                error,
            )
        })
    }
}
