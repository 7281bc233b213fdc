//! The regime at an epoch, for a bump over epochs: before and after interpolation, of one training.

use super::{INTERPOLATION_EPSILON, Point, Regime, interpolation};

/// The regime at an epoch of a curve of train error: `Over` from sustained interpolation on, `Under` where its train
/// error is above the threshold, though it falls; `Undecided` where there is no such evaluation, or interpolation was
/// not to last.
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
