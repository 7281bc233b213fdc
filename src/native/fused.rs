//! Optimizer steps over all parameters in one kernel.
//!
//! The rate and the count of steps are tensors on the device, so that a captured step follows them.

use std::ptr;

use tch::Tensor;

use super::shim::{self, call, pointers};
use crate::error::UserError;

/// What an optimizer changes and keeps: parameters, and for each its gradient and one or two means.
#[derive(Debug)]
pub struct Fused<'a> {
    /// The parameters.
    pub parameters: &'a [Tensor],
    /// Their gradients, alike in shape.
    pub gradients: &'a [Tensor],
    /// SGD's directions, Adam's means of gradients; for SGD without momentum none.
    pub first: &'a [Tensor],
    /// Adam's means of squared gradients; for SGD none.
    pub second: &'a [Tensor],
    /// The learning rate, `[]`: f32 on CUDA, any float on the CPU.
    pub rate: &'a Tensor,
    /// A loss scaler's scale and whether this step's gradients are bad, `[]` f32 each: a bad step changes nothing.
    pub scaler: Option<(&'a Tensor, &'a Tensor)>,
}

/// SGD's settings, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    /// How much of the last direction is kept.
    pub momentum: f64,
    /// Nesterov's form.
    pub nesterov: bool,
    /// Added to the gradient.
    pub weight_decay: f64,
}

/// Adam's settings, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether weight decay stays out of the gradient (AdamW).
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
        // SAFETY: the lists have as many tensors as `check` has counted, and live through the call, which keeps none.
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
        assert_eq!(self.second.len(), self.parameters.len(), "Adam keeps two means of every parameter");
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
        assert!(self.first.is_empty() || self.first.len() == self.parameters.len(), "every parameter has its mean");
    }

    fn scaler_pointers(&self) -> (*const torch_sys::C_tensor, *const torch_sys::C_tensor) {
        self.scaler.map_or((ptr::null(), ptr::null()), |(scale, bad)| (scale.as_ptr(), bad.as_ptr()))
    }
}

/// A loss scaler for fp16: the loss is multiplied by its scale, which follows what the gradients bear.
///
/// As in PyTorch's `GradScaler`, with its defaults.
#[derive(Debug)]
pub struct Scaler {
    /// `[]` f32.
    scale: Tensor,
    /// 1 where this step's gradients are not all finite; `[]` f32.
    bad: Tensor,
    /// Steps since the scale changed; `[]` i32.
    good_steps: Tensor,
    one: Tensor,
}

impl Scaler {
    const START: f64 = 65_536.0;
    const INTERVAL: i64 = 2000;

    /// A scaler at its start.
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

    /// Whether the step's gradients were bad, `[]`.
    pub fn bad(&self) -> &Tensor {
        &self.bad
    }

    /// What a checkpoint keeps: the scale, and the good steps since it changed.
    pub fn state(&self) -> [&Tensor; 2] {
        [&self.scale, &self.good_steps]
    }

    /// Looks at a step's gradients.
    pub fn look(&mut self, gradients: &[Tensor]) -> Result<(), UserError> {
        let _ = self.bad.zero_();
        let gradients = pointers(gradients);
        // SAFETY: the tensors live through the call, which keeps none.
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

    /// Adapts the scale to what `look` saw.
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
