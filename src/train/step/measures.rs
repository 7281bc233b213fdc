//! Optional measurements in every step, on the device. The training never reads them.

use tch::Tensor;

use crate::error::UserError;
use crate::native::{self, Scaler, TrainingPart};

/// Optional measurements in every step.
#[derive(Debug, Default)]
pub(in crate::train) struct StepMeasures {
    pub(in crate::train) averages: Option<Averages>,
    pub(in crate::train) gradients: Option<GradientNorms>,
}

/// The averaged weights that a step updates.
#[derive(Debug)]
pub(in crate::train) struct Averages {
    pub(in crate::train) averages: Vec<Tensor>,
    /// 1 − d.
    pub(in crate::train) weight: f64,
}

impl Averages {
    /// Updates the averages after a step.
    pub(in crate::train) fn step(&self, weights: &[Tensor]) -> Result<(), UserError> {
        let _part = TrainingPart::Metrics.begin();
        native::lerp(&self.averages, weights, self.weight)
    }
}

/// The sum of gradient norms over an epoch's steps.
#[derive(Debug)]
pub(in crate::train) struct GradientNorms {
    /// `[]`, f64.
    pub(in crate::train) sum: Tensor,
}

impl GradientNorms {
    /// Adds the norm of a step's gradients, which a loss scaler may have scaled.
    pub(in crate::train) fn step(&self, gradients: &[Tensor], scaler: Option<&Scaler>) -> Result<(), UserError> {
        let _part = TrainingPart::Metrics.begin();
        native::add_norm(&self.sum, gradients, scaler.map(Scaler::scale))
    }
}
