//! When a network fits its training labels.

use serde::{Deserialize, Serialize};

use super::Point;

/// Fraction of the later epochs that must stay at or below the threshold, so that a spike of the optimizer does not undo
/// interpolation, wherever it falls.
const SUSTAINED_SHARE: f64 = 0.95;

/// The epochs at which train error reached a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interpolation {
    /// Threshold of train error, a fraction.
    pub epsilon: f64,
    /// First epoch at or below it.
    pub first_epoch: Option<u64>,
    /// First epoch from which 95% of the epochs are at or below it. An evaluation stands for the epochs since the one
    /// before it: log-spaced schedules evaluate each of the last epochs, which would otherwise count several times.
    pub sustained_epoch: Option<u64>,
}

/// When a train-error curve, in epoch order, reached `epsilon`.
pub fn interpolation(curve: &[Point], epsilon: f64) -> Interpolation {
    let fits = |point: &&Point| point.error <= epsilon;
    let first_epoch = curve.iter().find(fits).map(|point| point.epoch);
    let (mut sustained_epoch, mut later, mut later_fitting) = (None, 0, 0);
    for (place, point) in curve.iter().enumerate().rev() {
        if fits(&point) && (later_fitting + 1) as f64 >= SUSTAINED_SHARE * (later + 1) as f64 {
            sustained_epoch = Some(point.epoch);
        }
        let epochs = place.checked_sub(1).map_or(1, |before| point.epoch.saturating_sub(curve[before].epoch));
        later += epochs;
        later_fitting += if fits(&point) { epochs } else { 0 };
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
    fn a_spike_at_the_end_counts_its_epochs_and_not_its_evaluations() {
        // A run at log-spaced epochs whose train error jumped in the last two of 150.
        let epochs = [29, 32, 36, 40, 45, 51, 57, 64, 71, 80, 90, 100, 113, 126, 142, 146, 147, 148, 149, 150];
        let error = |epoch| if epoch >= 149 { 0.0767 } else { 0.0005 };
        let points: Vec<Point> = epochs.into_iter().map(|epoch| Point { epoch, error: error(epoch) }).collect();
        assert_eq!(interpolation(&points, 0.01).sustained_epoch, Some(29));
    }

    #[test]
    fn a_last_spike_of_a_short_curve_leaves_it_open() {
        let found = interpolation(&curve(&[0.5, 0.0, 0.0, 0.2]), 0.01);
        assert_eq!((found.first_epoch, found.sustained_epoch), (Some(1), None));
        let never = interpolation(&curve(&[0.5, 0.4]), 0.01);
        assert_eq!((never.first_epoch, never.sustained_epoch), (None, None));
        assert_eq!(interpolation(&[], 0.01).first_epoch, None);
    }
}
