//! Where curves have left their start behind.

use super::model::Series;

/// Points before the returned x may leave the plot: it is the first x from which all series need less than this part
/// of their whole height.
const WORTHWHILE: f64 = 0.4;
/// At most this part of the points is left behind, and at least one may be.
const LEADING: f64 = 0.02;

/// The x from which on a y axis should fit the series, for [`AxisRange::FitFrom`](super::AxisRange::FitFrom): the
/// first x of all, unless a short start (an error of 90% before training) would take most of the plot's height.
pub fn settled(series: &[Series]) -> f64 {
    let points = || series.iter().flat_map(|series| &series.points).filter(|(x, y)| x.is_finite() && y.is_finite());
    let mut starts: Vec<f64> = points().map(|(x, _)| *x).collect();
    starts.sort_by(f64::total_cmp);
    starts.dedup();
    let height = |from: f64| {
        let shown = points().filter(|(x, _)| *x >= from).map(|(_, y)| *y);
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
        high - low
    };
    let Some(&first) = starts.first() else { return f64::NEG_INFINITY };
    // With few points each of them matters.
    if starts.len() < 6 {
        return first;
    }
    let (whole, candidates) = (height(first), (starts.len() as f64 * LEADING).ceil() as usize);
    starts.iter().skip(1).take(candidates).copied().find(|from| height(*from) < WORTHWHILE * whole).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_start_at_90_percent_is_left_behind() {
        let curve =
            |first: f64| (0..100).map(|epoch| (f64::from(epoch), if epoch == 0 { first } else { 0.2 })).collect();
        let mut points: Vec<(f64, f64)> = curve(0.9);
        points[50].1 = 0.3;
        assert_eq!(settled(&[Series::line(0, "test", points.clone())]).to_bits(), 1f64.to_bits());
        points[0].1 = 0.25;
        assert_eq!(settled(&[Series::line(0, "test", points.clone())]).to_bits(), 0f64.to_bits());
        // Of five points none is left behind.
        points.truncate(5);
        points[0].1 = 0.9;
        assert_eq!(settled(&[Series::line(0, "test", points)]).to_bits(), 0f64.to_bits());
        assert_eq!(settled(&[]).to_bits(), f64::NEG_INFINITY.to_bits());
    }
}
