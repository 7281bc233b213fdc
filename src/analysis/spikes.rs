//! Spikes of train error: the optimizer leaves an interpolating solution for a few evaluations and returns. Test error
//! spikes with it, and a single spike looks like double descent.

use serde::{Deserialize, Serialize};

use super::Point;

/// A spike reaches at least this many times epsilon. A train error that wavers around epsilon does not.
pub const SPIKE_FACTOR: f64 = 3.0;

/// A jump of train error after interpolation, and its return.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spike {
    /// First epoch above epsilon.
    pub first_epoch: u64,
    /// Epoch of the largest train error; the first one in a tie.
    pub peak_epoch: u64,
    /// Last epoch above epsilon.
    pub last_epoch: u64,
    /// Largest train error, a fraction.
    pub peak_error: f64,
}

/// The spikes of a train-error curve in epoch order. Each starts right after an evaluation at or below `epsilon`,
/// reaches three times `epsilon`, and ends right before the next evaluation at or below `epsilon`. An excursion that
/// has not returned by the end is not listed.
pub fn spikes(curve: &[Point], epsilon: f64) -> Vec<Spike> {
    let mut found = Vec::new();
    let mut interpolated = false;
    let mut excursion: Option<Spike> = None;
    for point in curve {
        if point.error <= epsilon {
            found.extend(excursion.take().filter(|spike| spike.peak_error >= SPIKE_FACTOR * epsilon));
            interpolated = true;
        } else if interpolated {
            excursion = Some(excursion.map_or_else(|| started(point), |spike| extended(spike, point)));
        }
    }
    found
}

fn started(point: &Point) -> Spike {
    Spike { first_epoch: point.epoch, peak_epoch: point.epoch, last_epoch: point.epoch, peak_error: point.error }
}

fn extended(spike: Spike, point: &Point) -> Spike {
    let spike = Spike { last_epoch: point.epoch, ..spike };
    if point.error > spike.peak_error {
        Spike { peak_epoch: point.epoch, peak_error: point.error, ..spike }
    } else {
        spike
    }
}

#[cfg(test)]
mod tests {
    use super::super::curve;
    use super::*;

    #[test]
    fn a_jump_that_recovers_is_a_spike() {
        let found = spikes(&curve(&[0.5, 0.01, 0.0, 0.02, 0.3, 0.1, 0.0, 0.0, 0.05, 0.01]), 0.01);
        let wide = Spike { first_epoch: 3, peak_epoch: 4, last_epoch: 5, peak_error: 0.3 };
        let lone = Spike { first_epoch: 8, peak_epoch: 8, last_epoch: 8, peak_error: 0.05 };
        assert_eq!(found, [wide, lone]);
    }

    #[test]
    fn the_first_descent_and_a_final_rise_are_not_spikes() {
        assert_eq!(spikes(&curve(&[0.5, 0.1, 0.4, 0.0, 0.0]), 0.01), []);
        assert_eq!(spikes(&curve(&[0.5, 0.0, 0.3, 0.3]), 0.01), []);
        assert_eq!(spikes(&[], 0.01), []);
    }

    #[test]
    fn fluctuation_around_epsilon_is_not_a_spike() {
        assert_eq!(spikes(&curve(&[0.5, 0.009, 0.012, 0.008, 0.029, 0.01]), 0.01), []);
    }
}
