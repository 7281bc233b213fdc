//! Whether a run is effectively over- or underparameterized, under the given procedure and budget.

use serde::{Deserialize, Serialize};

use super::{Point, interpolation};

/// Threshold of train error for regimes, corrupted examples included.
pub const INTERPOLATION_EPSILON: f64 = 0.01;

/// Train error has levelled off if, over the last third of the evaluations, the means of the two halves differ by less
/// than this, both absolutely and relatively.
const LEVEL: f64 = 0.005;
const LEVEL_SHARE: f64 = 0.05;
/// Smallest number of evaluations in the last third.
const LEAST_EVALUATIONS: usize = 10;

/// The regime of one run. `critical` takes runs of other sizes, so a single run never has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regime {
    /// It interpolates (sustained).
    Over,
    /// Train error has levelled off, and was above the threshold at each of the evaluations in the last third.
    Under,
    /// Train error was still moving when training stopped, or there are too few evaluations to tell.
    Undecided,
}

/// The regime of a train-error curve.
pub fn regime(curve: &[Point]) -> Regime {
    regime_at(curve, INTERPOLATION_EPSILON)
}

/// The same with another threshold of train error.
pub fn regime_at(curve: &[Point], epsilon: f64) -> Regime {
    if interpolation(curve, epsilon).sustained_epoch.is_some() {
        return Regime::Over;
    }
    let last_third = &curve[curve.len() - curve.len() / 3..];
    if last_third.len() < LEAST_EVALUATIONS {
        return Regime::Undecided;
    }
    let (first, second) = last_third.split_at(last_third.len() / 2);
    let change = (mean(first) - mean(second)).abs();
    let level = change < LEVEL && change < LEVEL_SHARE * mean(first);
    let above = last_third.iter().all(|point| point.error > epsilon);
    if level && above { Regime::Under } else { Regime::Undecided }
}

fn mean(points: &[Point]) -> f64 {
    points.iter().map(|point| point.error).sum::<f64>() / points.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::curve;
    use super::*;

    #[test]
    fn the_three_regimes() {
        let over: Vec<f64> = (0..60).map(|epoch| 0.5f64 * 0.8f64.powi(epoch)).collect();
        assert_eq!(regime(&curve(&over)), Regime::Over);
        let under: Vec<f64> = (0..60).map(|epoch| 0.3 + 0.2 * 0.8f64.powi(epoch)).collect();
        assert_eq!(regime(&curve(&under)), Regime::Under);
        let falling: Vec<f64> = (0..60).map(|epoch| 0.9 - 0.01 * f64::from(epoch)).collect();
        assert_eq!(regime(&curve(&falling)), Regime::Undecided);
    }

    #[test]
    fn a_spike_is_not_a_level() {
        let mut errors = vec![0.5; 5];
        errors.extend([0.0; 94]);
        errors.push(0.07);
        assert_eq!(regime(&curve(&errors)), Regime::Over);
        // Too long to be ignored, and no sign of too few parameters either.
        errors.extend([0.07; 10]);
        assert_eq!(regime(&curve(&errors)), Regime::Undecided);
    }

    #[test]
    fn the_threshold_is_chosen() {
        let level = curve(&[0.05; 30]);
        assert_eq!(regime_at(&level, 0.1), Regime::Over);
        assert_eq!(regime_at(&level, 0.01), Regime::Under);
    }

    #[test]
    fn few_evaluations_are_undecided() {
        assert_eq!(regime(&curve(&[0.3; 29])), Regime::Undecided);
        assert_eq!(regime(&curve(&[0.3; 30])), Regime::Under);
        assert_eq!(regime(&[]), Regime::Undecided);
    }
}
