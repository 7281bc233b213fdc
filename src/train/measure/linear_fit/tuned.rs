//! A fit whose penalty is chosen on examples held out.

use anyhow::Result;
use tch::{Kind, Tensor, no_grad_guard};

use super::fit::{FitProblem, TOLERANCE};
use super::head::LinearHead;
use crate::train::interrupt::Interrupt;

/// Every so many examples one is held out, by its index.
const HELD: i64 = 5;
/// The penalties that are tried, as powers of ten times the features' mean sum of squares about their mean, from strong to
/// weak. At 10 little but the bias is left of a fit, at 1e-6 the penalty hardly counts.
const POWERS: [i32; 8] = [1, 0, -1, -2, -3, -4, -5, -6];
/// To choose between penalties that are ten times apart, a fit need not be exact.
const COARSE: f64 = 1e-5;

/// Fits a linear head as `fit_linear` does, and chooses the penalty: that one of eight, in steps of ten, whose fit on four
/// fifths of the examples has the least error on the fifth that is held out, every fifth one from the first on; of several
/// the largest. The labels are the same ones there, noisy or not. Returns the head fitted on all examples, and λ.
pub fn fit_tuned(
    features: &Tensor,
    labels: &Tensor,
    classes: usize,
    interrupt: Interrupt<'_>,
) -> Result<(LinearHead, f64)> {
    let _no_gradient = no_grad_guard();
    let features = features.to_kind(Kind::Double);
    let penalty = choose(&features, labels, classes, &mut *interrupt)?;
    let problem = FitProblem::new(&features, labels, classes)?;
    let solved = problem.solve(penalty, None, TOLERANCE, interrupt)?;
    Ok((problem.head(&solved), penalty))
}

fn choose(features: &Tensor, labels: &Tensor, classes: usize, interrupt: Interrupt<'_>) -> Result<f64> {
    let count = features.size()[0];
    let held = (Tensor::arange(count, (Kind::Int64, features.device())).remainder(HELD)).eq(0);
    let part = |rows: &Tensor| {
        let rows = rows.nonzero().squeeze_dim(1);
        [features.index_select(0, &rows), labels.index_select(0, &rows)]
    };
    // A single example is all there is.
    let [own, own_labels] = part(&if count == 1 { held.shallow_clone() } else { held.logical_not() });
    let [held, held_labels] = part(&held);
    let problem = FitProblem::new(&own, &own_labels, classes)?;
    let unit = mean_squares(features);
    let (mut best, mut chosen, mut last) = (f64::INFINITY, 0.0, None);
    for power in POWERS {
        let penalty = unit * 10f64.powi(power);
        let solved = problem.solve(penalty, last.as_ref(), COARSE, &mut *interrupt)?;
        let error = problem.head(&solved).error(&held, &held_labels);
        if error < best {
            (best, chosen) = (error, penalty);
        }
        last = Some(solved);
    }
    Ok(chosen)
}

/// The sum of squares about its mean that a feature has, on average.
fn mean_squares(features: &Tensor) -> f64 {
    let centred = features - features.mean_dim([0i64].as_slice(), true, Kind::Double);
    (&centred * &centred).sum(Kind::Double).double_value(&[]) / features.size()[1] as f64
}
