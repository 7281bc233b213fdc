//! The regime at an epoch of one training, for a bump over epochs: before or after interpolation.

use super::{INTERPOLATION_EPSILON, Point, Regime, interpolation};

/// The regime at an epoch of a train-error curve: `Over` from sustained interpolation on; `Under` while train error is
/// above the threshold, even if falling; `Undecided` where there is no such evaluation, or interpolation did not last.
pub fn epoch_regime(curve: &[Point], epoch: u64) -> Regime {
    let Some(point) = curve.iter().find(|point| point.epoch == epoch) else { return Regime::Undecided };
    let sustained = interpolation(curve, INTERPOLATION_EPSILON).sustained_epoch;
    match sustained {
        Some(sustained) if sustained <= epoch => Regime::Over,
        _ if point.error > INTERPOLATION_EPSILON => Regime::Under,
        _ => Regime::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::super::curve;
    use super::*;

    #[test]
    fn before_and_after_interpolation() {
        let mut errors = vec![0.5, 0.2, 0.005, 0.1, 0.1, 0.0];
        errors.extend([0.0; 30]);
        errors[20] = 0.3;
        let curve = curve(&errors);
        let found = [0, 2, 3, 5, 20, 99].map(|epoch| epoch_regime(&curve, epoch));
        let expected = [Regime::Under, Regime::Undecided, Regime::Under, Regime::Over, Regime::Over, Regime::Undecided];
        assert_eq!(found, expected);
    }
}
