//! A fit whose penalty is selected on held-out examples.

use anyhow::Result;
use tch::{Kind, Tensor, no_grad_guard};

use super::fit::{FitProblem, TOLERANCE};
use super::head::LinearHead;
use crate::train::interrupt::Interrupt;

/// One example in this many is held out, by its index.
const HELD: i64 = 5;
/// The penalties to try, as powers of ten times the features' mean sum of squares about their mean, from strong to weak. At
/// 10 hardly anything but the bias is left of a fit; at 1e-6 the penalty hardly matters.
const POWERS: [i32; 8] = [1, 0, -1, -2, -3, -4, -5, -6];
/// To choose between penalties a factor of ten apart, a fit need not be exact.
const COARSE: f64 = 1e-5;

/// Fits a linear head as `fit_linear` does, with the best of eight penalties a factor of ten apart: the one whose fit on
/// four fifths of the examples has the lowest error on the remaining fifth (every fifth example, from the first), and the
/// largest in a tie. The held-out labels are the same, possibly noisy ones. Returns the head fitted on all examples, and λ.
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
    // A single example serves for both parts.
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

/// The sum of squares of a feature about its mean, averaged over features.
fn mean_squares(features: &Tensor) -> f64 {
    let centred = features - features.mean_dim([0i64].as_slice(), true, Kind::Double);
    (&centred * &centred).sum(Kind::Double).double_value(&[]) / features.size()[1] as f64
}
