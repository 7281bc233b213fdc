//! Where a quantity crosses a level along an axis: capacity crosses n · C, train error crosses a threshold.

use serde::{Deserialize, Serialize};

/// How to interpolate an axis or a quantity between points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolated {
    /// Linear, for quantities that can be 0, such as frozen layers and errors.
    Linear,
    /// Logarithmic, for positive sizes and counts.
    Log,
}

/// The direction in which the level is crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrossingDirection {
    /// From below to above.
    Up,
    /// From above to below.
    Down,
}

/// A point on the axis where the level is crossed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelCrossing {
    /// Interpolated position.
    pub at: f64,
    /// Direction of the crossing.
    pub direction: CrossingDirection,
}

/// All crossings of a quantity and a level, given as `(position, quantity, level)` in ascending order of position. If
/// points lie on the level, the first of them is the crossing; a quantity that touches the level and returns does not
/// cross it. No crossing is found next to a point whose logarithm does not exist, so interpolate train error, which can
/// be 0, linearly.
pub fn level_crossings(points: &[(f64, f64, f64)], axis: Interpolated, quantity: Interpolated) -> Vec<LevelCrossing> {
    let mut crossings = Vec::new();
    let (mut last, mut on_level): (Option<(f64, f64)>, Option<f64>) = (None, None);
    for &(place, value, level) in points {
        let point = (scaled(axis, place), scaled(quantity, value) - scaled(quantity, level));
        if !(point.0.is_finite() && point.1.is_finite()) {
            (last, on_level) = (None, None);
        } else if point.1 == 0.0 {
            on_level = on_level.or(Some(point.0));
        } else {
            if let Some(last) = last.filter(|last| last.1.signum() != point.1.signum()) {
                let at = on_level.unwrap_or_else(|| zero(last, point));
                let direction = if point.1 > 0.0 { CrossingDirection::Up } else { CrossingDirection::Down };
                crossings.push(LevelCrossing { at: unscaled(axis, at), direction });
            }
            (last, on_level) = (Some(point), None);
        }
    }
    crossings
}

fn scaled(scale: Interpolated, value: f64) -> f64 {
    match scale {
        Interpolated::Linear => value,
        Interpolated::Log => value.ln(),
    }
}

/// Where the straight line through two points is zero.
fn zero(one: (f64, f64), other: (f64, f64)) -> f64 {
    one.0 + (other.0 - one.0) * one.1 / (one.1 - other.1)
}

fn unscaled(scale: Interpolated, value: f64) -> f64 {
    match scale {
        Interpolated::Linear => value,
        Interpolated::Log => value.exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(points: &[(f64, f64, f64)], axis: Interpolated, quantity: Interpolated) -> Vec<f64> {
        level_crossings(points, axis, quantity).iter().map(|crossing| crossing.at).collect()
    }

    /// Trainable parameters of PreAct-ResNet18 of width 8 against n · C for n = 4,000 and ten classes: from 74,634 with
    /// 8 frozen layers to 650 with 9.
    #[test]
    fn parameters_against_n_times_c() {
        let points = [(7.0, 132_170.0, 40_000.0), (8.0, 74_634.0, 40_000.0), (9.0, 650.0, 40_000.0)];
        let found = level_crossings(&points, Interpolated::Linear, Interpolated::Log);
        assert_eq!(found.len(), 1);
        let expected = 8.0 + (74_634.0f64 / 40_000.0).ln() / (74_634.0f64 / 650.0).ln();
        assert!((found[0].at - expected).abs() < 1e-12 && found[0].direction == CrossingDirection::Down, "{found:?}");
    }

    /// A capacity of 4,000 at every n crosses n halfway between 2,000 and 8,000 on a log axis.
    #[test]
    fn capacity_against_n() {
        let points = [(1000.0, 4000.0, 1000.0), (2000.0, 4000.0, 2000.0), (8000.0, 4000.0, 8000.0)];
        let found = places(&points, Interpolated::Log, Interpolated::Log);
        assert!(found.len() == 1 && (found[0] - 4000.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn train_error_against_a_threshold() {
        let points = [(0.0, 0.0, 0.01), (4.0, 0.005, 0.01), (5.0, 0.025, 0.01), (6.0, 0.0, 0.01)];
        let found = places(&points, Interpolated::Linear, Interpolated::Linear);
        assert!((found[0] - 4.25).abs() < 1e-12 && (found[1] - 5.6).abs() < 1e-12 && found.len() == 2, "{found:?}");
    }

    #[test]
    fn points_on_the_level() {
        let along = |values: &[f64]| {
            let points: Vec<_> = values.iter().enumerate().map(|(place, &value)| (place as f64, value, 1.0)).collect();
            places(&points, Interpolated::Linear, Interpolated::Linear)
        };
        assert_eq!(along(&[0.0, 1.0, 1.0, 2.0]), [1.0]);
        assert_eq!(along(&[0.0, 1.0, 0.0]), [] as [f64; 0]);
        assert_eq!(along(&[1.0, 2.0]), [] as [f64; 0]);
        assert_eq!(along(&[0.0, f64::NAN, 2.0]), [] as [f64; 0]);
        assert_eq!(along(&[]), [] as [f64; 0]);
    }
}
