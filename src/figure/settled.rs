//! Where curves have left their initial transient.

use super::model::Series;

/// The returned x is the first from which all series need less than this fraction of their whole height.
const WORTHWHILE: f64 = 0.4;
/// At most this fraction of the points may be skipped, and at least one.
const LEADING: f64 = 0.02;

/// The x from which a y axis should fit the series, for [`AxisRange::FitFrom`](super::AxisRange::FitFrom): the smallest
/// x, unless a short start (such as an error of 90% before training) would take up most of the plot's height.
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
    // With few points, every one matters.
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
    fn one_high_first_value_is_excluded() {
        let curve =
            |first: f64| (0..100).map(|epoch| (f64::from(epoch), if epoch == 0 { first } else { 0.2 })).collect();
        let mut points: Vec<(f64, f64)> = curve(0.9);
        points[50].1 = 0.3;
        assert_eq!(settled(&[Series::line(0, "test", points.clone())]).to_bits(), 1f64.to_bits());
        points[0].1 = 0.25;
        assert_eq!(settled(&[Series::line(0, "test", points.clone())]).to_bits(), 0f64.to_bits());
        // Of five points, none is skipped.
        points.truncate(5);
        points[0].1 = 0.9;
        assert_eq!(settled(&[Series::line(0, "test", points)]).to_bits(), 0f64.to_bits());
        assert_eq!(settled(&[]).to_bits(), f64::NEG_INFINITY.to_bits());
    }
}
