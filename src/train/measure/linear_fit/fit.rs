//! One fit, with a given penalty.

use anyhow::{Result, ensure};
use tch::{Kind, Tensor, no_grad_guard};

use super::axes::Axes;
use super::head::{FitEnd, LinearHead};
use super::lbfgs::{End, minimise};
use super::objective::PenalizedLoss;
use crate::train::interrupt::Interrupt;

/// A fit has converged when no component of the gradient of the mean loss exceeds this, along axes in which the curvature
/// is 1 at the start. The weights then match the minimum to five digits or more.
pub(super) const TOLERANCE: f64 = 1e-8;

/// Fits a linear head on features `[count, features]` of any kind, on any device, with labels `[count]` below `classes`;
/// `penalty` is λ, 1/C in scikit-learn.
///
/// It stops when no component of the gradient of the mean loss exceeds 1e-8, or after 1,000 steps; without a penalty, also
/// when no training example is misclassified and the mean loss is below 1e-3. `LinearHead::end` tells which. `interrupt`
/// is called before every evaluation.
pub fn fit_linear(
    features: &Tensor,
    labels: &Tensor,
    classes: usize,
    penalty: f64,
    interrupt: Interrupt<'_>,
) -> Result<LinearHead> {
    let _no_gradient = no_grad_guard();
    let problem = FitProblem::new(features, labels, classes)?;
    let solved = problem.solve(penalty, None, TOLERANCE, interrupt)?;
    Ok(problem.head(&solved))
}

/// Features along their principal axes, and labels, to fit with any penalty.
pub(super) struct FitProblem {
    axes: Axes,
    labels: Tensor,
    /// One-hot labels, `[count, classes]`.
    targets: Tensor,
}

/// A fit along the axes of its problem.
pub(super) struct Solved {
    /// Weights `[classes, axes]` and bias `[classes]`.
    weights: [Tensor; 2],
    gradient: f64,
    steps: usize,
    end: End,
}

impl FitProblem {
    pub(super) fn new(features: &Tensor, labels: &Tensor, classes: usize) -> Result<Self> {
        let (count, _) = features.size2()?;
        ensure!(count > 0 && labels.size() == [count], "a linear head is fitted on examples with a label each");
        let labels = labels.to_kind(Kind::Int64);
        let all = Tensor::arange(classes as i64, (Kind::Int64, labels.device()));
        let targets = labels.unsqueeze(1).eq_tensor(&all).to_kind(Kind::Double);
        Ok(Self { axes: Axes::of(&features.to_kind(Kind::Double))?, labels, targets })
    }

    /// Solves it, starting from another fit of the same problem or from 0.
    pub(super) fn solve(
        &self,
        penalty: f64,
        start: Option<&Solved>,
        tolerance: f64,
        interrupt: Interrupt<'_>,
    ) -> Result<Solved> {
        let mut loss = PenalizedLoss::new(&self.axes, [&self.labels, &self.targets], penalty, interrupt);
        let classes = self.targets.size()[1];
        let start = match start {
            Some(start) => loss.point(start.weights.each_ref())?,
            None => vec![0.0; (classes * (self.axes.axes() + 1)) as usize],
        };
        let minimum = minimise(&mut loss, start, tolerance)?;
        let weights = loss.weights(&minimum.point);
        Ok(Solved { weights, gradient: minimum.gradient, steps: minimum.steps, end: minimum.end })
    }

    /// The head of a fit, in the features' original coordinates.
    pub(super) fn head(&self, solved: &Solved) -> LinearHead {
        let [weights, bias] = &solved.weights;
        let weight = weights.matmul(&self.axes.directions.transpose(0, 1));
        LinearHead {
            bias: bias - weight.matmul(&self.axes.mean),
            weight,
            end: match solved.end {
                End::Gradient => FitEnd::Converged,
                End::Sufficient => FitEnd::Separated,
                End::Steps => FitEnd::StepLimit,
                End::Rounding => FitEnd::Rounding,
            },
            steps: solved.steps,
            gradient: solved.gradient,
        }
    }
}
