//! Curves of several seeds without a bump.

use rand::distr::Distribution;
use rand_distr::StandardNormal;

use crate::seed::Stream;

/// Standard deviation of the noise at a point, and of the shift of a whole seed.
pub(super) const NOISE: f64 = 0.01;
const SHIFT: f64 = 0.02;
/// Factor of the noise at a noisy point, and correlation of neighbours.
const NOISY: f64 = 5.0;
const CORRELATION: f64 = 0.6;

/// The mean curve.
#[derive(Clone, Copy, Debug)]
pub(super) enum CurveShape {
    Flat,
    /// Falls by less than the noise from point to point.
    GentleFall,
    SteepFall,
    Rise,
    Valley,
    /// Falls to a wide flat bottom, then rises.
    WideValley,
    /// Falls, then stays flat.
    Plateau,
    /// Stays flat, then falls.
    LatePlateau,
    /// Stays flat, then drops at the end.
    Cliff,
}

impl CurveShape {
    pub(super) const ALL: [Self; 9] = [
        Self::Flat,
        Self::GentleFall,
        Self::SteepFall,
        Self::Rise,
        Self::Valley,
        Self::WideValley,
        Self::Plateau,
        Self::LatePlateau,
        Self::Cliff,
    ];

    /// The error at a position from 0 to 1.
    fn at(self, place: f64) -> f64 {
        let fall = |depth: f64| (depth - place).max(0.0);
        match self {
            Self::Flat => 0.5,
            Self::GentleFall => 0.5 - 0.03 * place,
            Self::SteepFall => 0.7 - 0.4 * place,
            Self::Rise => 0.3 + 0.1 * place,
            Self::Valley => 0.3 + (place - 0.5).abs() * 0.4,
            Self::WideValley => 0.3 + fall(0.2) + (place - 0.8).max(0.0),
            Self::Plateau => 0.3 + fall(0.4),
            Self::LatePlateau => 0.5 - (place - 0.6).max(0.0),
            Self::Cliff if place < 0.95 => 0.5,
            Self::Cliff => 0.1,
        }
    }
}

/// The noise around the mean; every seed is also shifted.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoiseShape {
    Independent,
    /// AR(1) along the curve.
    Autocorrelated,
    /// One point, in the middle, has five times the noise.
    NoisyPoint,
    /// AR(1), and one point with five times the noise.
    Both,
}

impl NoiseShape {
    pub(super) const ALL: [Self; 4] = [Self::Independent, Self::Autocorrelated, Self::NoisyPoint, Self::Both];
}

/// The errors of several seeds: `[seed][point]`.
pub(super) fn null_curves(
    (shape, spread): (CurveShape, NoiseShape),
    (seeds, points): (usize, usize),
    stream: &mut Stream,
) -> Vec<Vec<f64>> {
    let correlation = match spread {
        NoiseShape::Independent | NoiseShape::NoisyPoint => 0.0,
        NoiseShape::Autocorrelated | NoiseShape::Both => CORRELATION,
    };
    let noise = |point: usize| match spread {
        NoiseShape::NoisyPoint | NoiseShape::Both if point == points / 2 => NOISY * NOISE,
        _ => NOISE,
    };
    let mut row = |_| {
        let shift = SHIFT * normal(stream);
        let mut along = normal(stream);
        let mut error = |point: usize| {
            let error = shape.at(point as f64 / (points - 1) as f64) + shift + noise(point) * along;
            along = correlation * along + (1.0f64 - correlation * correlation).sqrt() * normal(stream);
            error
        };
        (0..points).map(&mut error).collect()
    };
    (0..seeds).map(&mut row).collect()
}

/// A draw from the standard normal distribution.
pub(super) fn normal(stream: &mut Stream) -> f64 {
    StandardNormal.sample(stream)
}
