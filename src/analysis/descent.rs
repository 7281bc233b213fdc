//! The raw shape of one test-error curve. This describes, and is not evidence: taking extremes of a noisy curve makes a
//! bump out of nothing. Whether there is double descent takes several seeds and controls.

use serde::{Deserialize, Serialize};

use super::Point;

/// A fall, a rise and a fall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bump {
    /// Epoch of the first minimum.
    pub first_minimum_epoch: u64,
    /// Error at the first minimum.
    pub first_minimum: f64,
    /// Epoch of the peak.
    pub peak_epoch: u64,
    /// Error at the peak.
    pub peak: f64,
    /// Epoch of the minimum after the peak.
    pub later_minimum_epoch: u64,
    /// Error at that minimum.
    pub later_minimum: f64,
    /// The smaller of the rise to the peak and the drop after it.
    pub size: f64,
}

/// The largest bump of a curve in epoch order; `None` if it never rises and falls again.
pub fn largest_bump(curve: &[Point]) -> Option<Bump> {
    let later = running_minimum(curve.iter().rev());
    let earlier = running_minimum(curve.iter());
    let bumps = curve.iter().enumerate().map(|(index, peak)| {
        let (first, last) = (earlier[index], later[curve.len() - 1 - index]);
        Bump {
            first_minimum_epoch: first.epoch,
            first_minimum: first.error,
            peak_epoch: peak.epoch,
            peak: peak.error,
            later_minimum_epoch: last.epoch,
            later_minimum: last.error,
            size: (peak.error - first.error).min(peak.error - last.error),
        }
    });
    bumps.max_by(|one, other| one.size.total_cmp(&other.size)).filter(|bump| bump.size > 0.0)
}

/// For each point, the lowest point so far, including itself.
fn running_minimum<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<Point> {
    let least = |least: &mut Option<Point>, point: &Point| {
        let next = least.filter(|least| least.error <= point.error).unwrap_or(*point);
        *least = Some(next);
        Some(next)
    };
    points.scan(None, least).collect()
}

#[cfg(test)]
mod tests {
    use super::super::curve;
    use super::*;

    #[test]
    fn the_largest_bump_is_found() {
        let bump = largest_bump(&curve(&[0.9, 0.3, 0.35, 0.31, 0.5, 0.4, 0.2])).expect("it rises and falls");
        assert_eq!((bump.first_minimum_epoch, bump.peak_epoch, bump.later_minimum_epoch), (1, 4, 6));
        assert!((bump.size - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_monotone_curve_has_no_bump() {
        assert_eq!(largest_bump(&curve(&[0.9, 0.5, 0.2])), None);
        assert_eq!(largest_bump(&curve(&[0.9, 0.5, 0.6])), None);
        assert_eq!(largest_bump(&[]), None);
    }
}
