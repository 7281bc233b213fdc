//! The result of a fit.

use std::fmt;

use tch::{Kind, Tensor, no_grad};

/// A linear classifier on features.
#[derive(Debug)]
pub struct LinearHead {
    /// W, `[classes, features]`, double.
    pub weight: Tensor,
    /// b, `[classes]`, double.
    pub bias: Tensor,
    /// Why the fit stopped.
    pub end: FitEnd,
    /// Number of L-BFGS steps.
    pub steps: usize,
    /// The largest component of the gradient of the mean loss at the end, along the axes of the fit.
    pub gradient: f64,
}

/// Why a fit stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitEnd {
    /// The gradient is 0 within the tolerance: this is the minimum.
    Converged,
    /// Without a penalty, all training examples are separated with a small loss. The loss then has no minimum: larger
    /// weights keep lowering it.
    Separated,
    /// Not converged after the maximum number of steps.
    StepLimit,
    /// Not converged to the tolerance, but double precision is exhausted.
    Rounding,
}

impl FitEnd {
    /// Its name in `probes.csv`.
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

    /// The fraction misclassified of features `[count, features]` with labels `[count]`.
    pub fn error(&self, features: &Tensor, labels: &Tensor) -> f64 {
        let wrong = self.logits(features).argmax(1, false).not_equal_tensor(labels);
        wrong.mean(Kind::Double).double_value(&[])
    }
}
