//! When a network fits its training labels.

use serde::{Deserialize, Serialize};

use super::Point;

/// Fraction of later evaluations that must stay at or below the threshold, so that one spike of the optimizer does not
/// undo interpolation.
const SUSTAINED_SHARE: f64 = 0.95;

/// The epochs at which train error reached a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interpolation {
    /// Threshold of train error, a fraction.
    pub epsilon: f64,
    /// First epoch at or below it.
    pub first_epoch: Option<u64>,
    /// First epoch from which 95% of the evaluations, including the last, are at or below it.
    pub sustained_epoch: Option<u64>,
}

/// When a train-error curve, in epoch order, reached `epsilon`.
pub fn interpolation(curve: &[Point], epsilon: f64) -> Interpolation {
    let fits = |point: &&Point| point.error <= epsilon;
    let first_epoch = curve.iter().find(fits).map(|point| point.epoch);
    let mut sustained_epoch = None;
    if curve.last().is_some_and(|last| fits(&last)) {
        let mut fitting = 0usize;
        for (evaluations, point) in curve.iter().rev().enumerate() {
            if fits(&point) {
                fitting += 1;
                if fitting as f64 >= SUSTAINED_SHARE * (evaluations + 1) as f64 {
                    sustained_epoch = Some(point.epoch);
                }
            }
        }
    }
    Interpolation { epsilon, first_epoch, sustained_epoch }
}

#[cfg(test)]
mod tests {
    use super::super::curve;
    use super::*;

    #[test]
    fn one_spike_does_not_undo_it() {
        let mut errors = vec![0.5, 0.2, 0.009];
        errors.extend([0.001; 30]);
        errors[10] = 0.3;
        let found = interpolation(&curve(&errors), 0.01);
        assert_eq!((found.first_epoch, found.sustained_epoch), (Some(2), Some(2)));
    }

    #[test]
    fn many_spikes_do() {
        let errors = [0.5, 0.0, 0.3, 0.3, 0.3, 0.0, 0.0, 0.0];
        let found = interpolation(&curve(&errors), 0.01);
        assert_eq!((found.first_epoch, found.sustained_epoch), (Some(1), Some(5)));
    }

    #[test]
    fn a_last_spike_leaves_it_open() {
        let found = interpolation(&curve(&[0.5, 0.0, 0.0, 0.2]), 0.01);
        assert_eq!((found.first_epoch, found.sustained_epoch), (Some(1), None));
        let never = interpolation(&curve(&[0.5, 0.4]), 0.01);
        assert_eq!((never.first_epoch, never.sustained_epoch), (None, None));
        assert_eq!(interpolation(&[], 0.01).first_epoch, None);
    }
}
