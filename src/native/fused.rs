//! Fused optimizer steps: all parameters in one kernel.
//!
//! The learning rate and the step count are tensors on the device, so that a captured step sees their changes.

use std::ptr;

use tch::Tensor;

use super::shim::{self, call, pointers};
use crate::error::UserError;

/// The tensors of an optimizer step: parameters, their gradients, and the optimizer's state.
#[derive(Debug)]
pub struct Fused<'a> {
    /// The parameters.
    pub parameters: &'a [Tensor],
    /// Their gradients, of the same shapes.
    pub gradients: &'a [Tensor],
    /// SGD's momentum buffers, or Adam's first moments; empty for SGD without momentum.
    pub first: &'a [Tensor],
    /// Adam's second moments; empty for SGD.
    pub second: &'a [Tensor],
    /// The learning rate, `[]`: f32 on CUDA, any float on the CPU.
    pub rate: &'a Tensor,
    /// A loss scaler's scale and its flag for non-finite gradients, `[]` f32 each; with the flag set, nothing changes.
    pub scaler: Option<(&'a Tensor, &'a Tensor)>,
}

/// SGD's settings, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    /// Momentum.
    pub momentum: f64,
    /// Nesterov momentum.
    pub nesterov: bool,
    /// Weight decay, added to the gradient.
    pub weight_decay: f64,
}

/// Adam's settings, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether weight decay is decoupled from the gradient (AdamW).
    pub decoupled: bool,
}

impl Fused<'_> {
    /// A step of SGD.
    ///
    /// # Panics
    /// If the lists have different lengths.
    pub fn sgd(&self, rule: Sgd) -> Result<(), UserError> {
        self.check();
        let [parameters, gradients, directions] =
            [pointers(self.parameters), pointers(self.gradients), pointers(self.first)];
        let (scale, bad) = self.scaler_pointers();
        let directions = if directions.is_empty() { ptr::null() } else { directions.as_ptr() };
        // SAFETY: `check` compared the lists' lengths; all tensors outlive the call, which keeps no pointer.
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

    /// A step of Adam; `step` counts from 1, `[]` f32.
    ///
    /// # Panics
    /// If the lists have different lengths.
    pub fn adam(&self, rule: Adam, step: &Tensor) -> Result<(), UserError> {
        self.check();
        assert_eq!(self.second.len(), self.parameters.len(), "Adam has two moments per parameter");
        let [parameters, gradients, means, squares] =
            [self.parameters, self.gradients, self.first, self.second].map(pointers);
        let (scale, bad) = self.scaler_pointers();
        // SAFETY: as for `sgd`.
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
        assert_eq!(self.gradients.len(), self.parameters.len(), "every parameter has a gradient");
        assert!(self.first.is_empty() || self.first.len() == self.parameters.len(), "every parameter has its state");
    }

    fn scaler_pointers(&self) -> (*const torch_sys::C_tensor, *const torch_sys::C_tensor) {
        self.scaler.map_or((ptr::null(), ptr::null()), |(scale, bad)| (scale.as_ptr(), bad.as_ptr()))
    }
}

/// A loss scaler for fp16: multiplies the loss by a scale, which grows while gradients stay finite and shrinks when they
/// overflow.
///
/// As PyTorch's `GradScaler`, with its defaults.
#[derive(Debug)]
pub struct Scaler {
    /// `[]` f32.
    scale: Tensor,
    /// 1 if this step's gradients are not all finite; `[]` f32.
    bad: Tensor,
    /// Steps since the scale changed; `[]` i32.
    good_steps: Tensor,
    one: Tensor,
}

impl Scaler {
    const START: f64 = 65_536.0;
    const INTERVAL: i64 = 2000;

    /// A scaler with its initial scale.
    pub fn new(device: tch::Device) -> Self {
        let filled = |value: f64, kind| Tensor::full([], value, (kind, device));
        Self {
            scale: filled(Self::START, tch::Kind::Float),
            bad: filled(0.0, tch::Kind::Float),
            good_steps: filled(0.0, tch::Kind::Int),
            one: filled(1.0, tch::Kind::Float),
        }
    }

    /// The scale, `[]`.
    pub fn scale(&self) -> &Tensor {
        &self.scale
    }

    /// 1 if the step's gradients were not all finite, `[]`.
    pub fn bad(&self) -> &Tensor {
        &self.bad
    }

    /// The state for a checkpoint: the scale, and the steps since it changed.
    pub fn state(&self) -> [&Tensor; 2] {
        [&self.scale, &self.good_steps]
    }

    /// Checks a step's gradients for non-finite values.
    pub fn look(&mut self, gradients: &[Tensor]) -> Result<(), UserError> {
        let _ = self.bad.zero_();
        let gradients = pointers(gradients);
        // SAFETY: the tensors outlive the call, which keeps no pointer.
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
        // SAFETY: as for `look`.
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
