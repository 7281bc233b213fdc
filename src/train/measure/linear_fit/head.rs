//! What a fit gives.

use std::fmt;

use tch::{Kind, Tensor, no_grad};

/// A linear classifier of features.
#[derive(Debug)]
pub struct LinearHead {
    /// W, `[classes, features]`, double.
    pub weight: Tensor,
    /// b, `[classes]`, double.
    pub bias: Tensor,
    /// Why its fit ended.
    pub end: FitEnd,
    /// Steps of L-BFGS.
    pub steps: usize,
    /// The largest component of the gradient at the end, in the axes of the fit: of the mean loss of an example.
    pub gradient: f64,
}

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitEnd {
    /// Its gradient is 0 within the tolerance: it is the minimum.
    Converged,
    /// Without a penalty, every training example is classified as labelled with a small loss: the loss has no minimum,
    /// and larger weights would only lower it.
    Separated,
    /// It had not converged at the largest number of steps.
    StepLimit,
    /// It had not converged where double precision ends.
    Rounding,
}

impl FitEnd {
    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::Separated => "separated",
            Self::StepLimit => "step-limit",
            Self::Rounding => "rounding",
        }
    }
}

impl fmt::Display for FitEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl LinearHead {
    /// Logits `[count, classes]`, double, of features `[count, features]` of any kind.
    pub fn logits(&self, features: &Tensor) -> Tensor {
        no_grad(|| features.to_kind(Kind::Double).matmul(&self.weight.transpose(0, 1)) + &self.bias)
    }

    /// The share of wrong answers on features `[count, features]` with labels `[count]`.
    pub fn error(&self, features: &Tensor, labels: &Tensor) -> f64 {
        let wrong = self.logits(features).argmax(1, false).not_equal_tensor(labels);
        wrong.mean(Kind::Double).double_value(&[])
    }
}
