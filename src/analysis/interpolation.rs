//! When a network fits its training labels.

use serde::{Deserialize, Serialize};

use super::Point;

/// Fraction of the later epochs that must stay at or below the threshold, so that a spike of the optimizer does not undo
/// interpolation, wherever it falls.
const SUSTAINED_SHARE: f64 = 0.95;
/// Fraction of all epochs that must be left after a sustained epoch: a train error that comes to the threshold in the last
/// evaluation may leave it in the next.
const LEAST_STRETCH: f64 = 0.05;

/// The epochs at which train error reached a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interpolation {
    /// Threshold of train error, a fraction.
    pub epsilon: f64,
    /// First epoch at or below it.
    pub first_epoch: Option<u64>,
    /// First epoch from which 95% of the epochs are at or below it, if at least 5% of all epochs follow. An evaluation
    /// stands for the epochs that are nearest to it: log-spaced schedules evaluate each of the last epochs, which would
    /// otherwise count several times.
    pub sustained_epoch: Option<u64>,
}

/// When a train-error curve, in epoch order, reached `epsilon`.
pub fn interpolation(curve: &[Point], epsilon: f64) -> Interpolation {
    let fits = |point: &&Point| point.error <= epsilon;
    let first_epoch = curve.iter().find(fits).map(|point| point.epoch);
    // Twice the epochs from here to the last evaluation, and those of them that fit.
    let (mut sustained_epoch, mut all, mut fitting) = (None, 0, 0);
    let last = curve.last().map_or(0, |point| point.epoch);
    for (place, point) in curve.iter().enumerate().rev() {
        if let Some(later) = curve.get(place + 1) {
            let gap = later.epoch.saturating_sub(point.epoch);
            all += 2 * gap;
            fitting += gap * u64::from(fits(&point)) + gap * u64::from(fits(&later));
        }
        let is_long = point.epoch < last && (last - point.epoch) as f64 >= LEAST_STRETCH * last as f64;
        if is_long && fits(&point) && fitting as f64 >= SUSTAINED_SHARE * all as f64 {
            sustained_epoch = Some(point.epoch);
        }
    }
    Interpolation { epsilon, first_epoch, sustained_epoch }
}

#[cfg(test)]
mod tests {
    use super::super::curve;
    use super::*;

    #[test]
    fn one_spike_does_not_end_interpolation() {
        let mut errors = vec![0.5, 0.2, 0.009];
        errors.extend([0.001; 30]);
        errors[10] = 0.3;
        let found = interpolation(&curve(&errors), 0.01);
        assert_eq!((found.first_epoch, found.sustained_epoch), (Some(2), Some(2)));
    }

    #[test]
    fn many_spikes_end_interpolation() {
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
        // The same run without the evaluations of its last epochs but one.
        let fewer: Vec<Point> = points.into_iter().filter(|point| point.epoch <= 142 || point.epoch == 150).collect();
        assert_eq!(interpolation(&fewer, 0.01).sustained_epoch, Some(29));
    }

    #[test]
    fn the_last_evaluation_alone_is_not_sustained() {
        let at_the_end = |fitting: usize| {
            let mut errors = vec![0.015; 101];
            errors[101 - fitting..].fill(0.005);
            interpolation(&curve(&errors), 0.01).sustained_epoch
        };
        assert_eq!([1, 5, 6].map(at_the_end), [None, None, Some(95)]);
        assert_eq!(interpolation(&[Point { epoch: 40, error: 0.0 }], 0.01).sustained_epoch, None);
        assert_eq!(interpolation(&curve(&[0.0, 0.0]), 0.01).sustained_epoch, Some(0));
    }

    #[test]
    fn a_final_spike_of_a_short_curve_leaves_it_undecided() {
        let found = interpolation(&curve(&[0.5, 0.0, 0.0, 0.2]), 0.01);
        assert_eq!((found.first_epoch, found.sustained_epoch), (Some(1), None));
        let never = interpolation(&curve(&[0.5, 0.4]), 0.01);
        assert_eq!((never.first_epoch, never.sustained_epoch), (None, None));
        assert_eq!(interpolation(&[], 0.01).first_epoch, None);
    }
}
