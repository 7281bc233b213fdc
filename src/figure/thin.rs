//! Thins long series without a visible change: M4 (Jugel et al., "M4: A Visualization-Oriented Time Series Data
//! Aggregation", VLDB 2014) keeps the first, last, lowest and highest point of each column of the page.

/// The indices of points to keep, ascending. `place` gives x and y on the page; columns are `width` wide. Points
/// without a finite position are all kept, since they break the line.
pub(super) fn kept(places: &[(f64, f64)], width: f64) -> Vec<usize> {
    let mut kept = Vec::new();
    let mut start = 0;
    while start < places.len() {
        let column = |index: usize| (places[index].0 / width).floor();
        let whole = |index: usize| places[index].0.is_finite() && places[index].1.is_finite();
        let mut end = start + 1;
        while end < places.len() && whole(start) && whole(end) && column(end).total_cmp(&column(start)).is_eq() {
            end += 1;
        }
        let by_height = |one: &usize, other: &usize| places[*one].1.total_cmp(&places[*other].1);
        let mut four = vec![start, end - 1];
        four.extend((start..end).min_by(by_height));
        four.extend((start..end).max_by(by_height));
        four.sort_unstable();
        four.dedup();
        kept.extend(four);
        start = end;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extrema_and_gaps_survive() {
        let mut places: Vec<(f64, f64)> =
            (0..100_000).map(|index| (f64::from(index) / 100.0, f64::from(index % 7))).collect();
        places[50_033].1 = 99.0;
        places[50_034].1 = f64::NAN;
        places[70_001].1 = -99.0;
        let kept = kept(&places, 1.0);
        assert!(kept.len() < 4100, "{}", kept.len());
        for index in [0, 50_033, 50_034, 70_001, 99_999] {
            assert!(kept.contains(&index), "{index} was lost");
        }
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn short_series_stay_whole() {
        let places: Vec<(f64, f64)> = (0..20).map(|index| (f64::from(index) * 2.0, 1.0)).collect();
        assert_eq!(kept(&places, 1.0), (0..20).collect::<Vec<_>>());
        assert_eq!(kept(&[], 1.0), Vec::<usize>::new());
    }
}
