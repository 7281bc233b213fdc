//! What is measured in every step, on the device, where it is wanted. Nothing of the training reads it.

use tch::Tensor;

use crate::error::UserError;
use crate::native::{self, Scaler, TrainingPart};

/// What is measured in every step, where it is wanted. Nothing of the training reads it.
#[derive(Debug, Default)]
pub(in crate::train) struct StepMeasures {
    pub(in crate::train) averages: Option<Averages>,
    pub(in crate::train) gradients: Option<GradientNorms>,
}

/// What a step needs to move averages on.
#[derive(Debug)]
pub(in crate::train) struct Averages {
    pub(in crate::train) averages: Vec<Tensor>,
    /// 1 − d.
    pub(in crate::train) weight: f64,
}

impl Averages {
    /// Moves the averages towards the weights after a step.
    pub(in crate::train) fn step(&self, weights: &[Tensor]) -> Result<(), UserError> {
        let _part = TrainingPart::Metrics.begin();
        native::lerp(&self.averages, weights, self.weight)
    }
}

/// The gradient norms of an epoch's steps.
#[derive(Debug)]
pub(in crate::train) struct GradientNorms {
    /// Their sum, `[]` f64.
    pub(in crate::train) sum: Tensor,
}

impl GradientNorms {
    /// Adds that of a step, whose gradients a scaler may have scaled.
    pub(in crate::train) fn step(&self, gradients: &[Tensor], scaler: Option<&Scaler>) -> Result<(), UserError> {
        let _part = TrainingPart::Metrics.begin();
        native::add_norm(&self.sum, gradients, scaler.map(Scaler::scale))
    }
}
