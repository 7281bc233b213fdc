//! Borders between cells.

use super::model::Scale;

/// The borders of the cells at these places, one more than there are places. Inner borders are midway on the page; an
/// outer border is as far from its place as the inner border on the other side.
pub(super) fn of(places: &[f64], scale: &Scale) -> Vec<f64> {
    let log = *scale == Scale::Log;
    let spaced: Vec<f64> = places.iter().map(|place| if log { place.ln() } else { *place }).collect();
    let (Some(first), Some(last)) = (spaced.first(), spaced.last()) else { return Vec::new() };
    let mut edges: Vec<f64> = spaced.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    let (before, after) = match (edges.first(), edges.last()) {
        (Some(lowest), Some(highest)) => (2.0 * first - lowest, 2.0 * last - highest),
        _ => (first - 0.5, first + 0.5),
    };
    edges.insert(0, before);
    edges.push(after);
    edges.into_iter().map(|edge| if log { edge.exp() } else { edge }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cell_borders_are_midway_on_the_scale() {
        assert_eq!(of(&[0.0, 1.0, 3.0], &Scale::Linear), [-0.5, 0.5, 2.0, 4.0]);
        assert_eq!(of(&[2.0], &Scale::Linear), [1.5, 2.5]);
        let log = of(&[1.0, 100.0], &Scale::Log);
        assert!((log[1] - 10.0).abs() < 1e-9 && (log[0] - 0.1).abs() < 1e-9 && (log[2] - 1000.0).abs() < 1e-6);
        assert_eq!(of(&[], &Scale::Log), Vec::<f64>::new());
    }
}
