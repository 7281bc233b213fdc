//! Whether what trains is effectively over- or underparameterized, under the procedure and budget at hand.

use serde::{Deserialize, Serialize};

use super::{Point, interpolation};

/// The threshold of train error by which regimes are told, corrupted examples included.
pub const INTERPOLATION_EPSILON: f64 = 0.01;

/// A train error has levelled off when the second half of its last third is below the first half by less than both.
const LEVEL: f64 = 0.005;
const LEVEL_SHARE: f64 = 0.05;
/// Fewer evaluations in the last third than this say nothing.
const LEAST_EVALUATIONS: usize = 10;

/// The regime of one run. `critical` needs runs of other sizes and is never told from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regime {
    /// It interpolates, sustained.
    Over,
    /// Its train error has levelled off above the threshold.
    Under,
    /// It was still falling when training stopped, or there are too few evaluations to tell.
    Undecided,
}

/// The regime that a curve of train error shows.
pub fn regime(curve: &[Point]) -> Regime {
    if interpolation(curve, INTERPOLATION_EPSILON).sustained_epoch.is_some() {
        return Regime::Over;
    }
    let last_third = &curve[curve.len() - curve.len() / 3..];
    if last_third.len() < LEAST_EVALUATIONS {
        return Regime::Undecided;
    }
    let (first, second) = last_third.split_at(last_third.len() / 2);
    let (first, second) = (mean(first), mean(second));
    let fall = first - second;
    if second > INTERPOLATION_EPSILON && fall < LEVEL && fall < LEVEL_SHARE * first {
        Regime::Under
    } else {
        Regime::Undecided
    }
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
    fn a_last_spike_is_no_level() {
        let mut errors = vec![0.5; 5];
        errors.extend([0.0; 94]);
        errors.push(0.02);
        assert_eq!(regime(&curve(&errors)), Regime::Undecided);
    }

    #[test]
    fn few_evaluations_say_nothing() {
        assert_eq!(regime(&curve(&[0.3; 29])), Regime::Undecided);
        assert_eq!(regime(&curve(&[0.3; 30])), Regime::Under);
        assert_eq!(regime(&[]), Regime::Undecided);
    }
}
