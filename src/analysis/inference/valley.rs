//! The closest curve without a bump: one that falls, then rises.

/// The least-squares valley of a curve, and its turning point.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastSquaresValley {
    /// First point of the rising part; the curve's length if it only falls.
    pub turn: usize,
    /// Fitted value for each point of the curve.
    pub fit: Vec<f64>,
}

impl LeastSquaresValley {
    /// Fits a curve. For each turning point, a decreasing sequence is fitted before it and an increasing one from it
    /// on; the turning point with the smallest squared error wins, the first one in a tie. Monotone and flat curves are
    /// valleys too. Stout, "Unimodal regression via prefix isotonic regression" (Computational Statistics & Data
    /// Analysis 53, 2008), here without prefix sums, since curves have tens of points.
    pub fn of(curve: &[f64]) -> Self {
        let fits = (0..=curve.len()).map(|turn| {
            let mut fit = rising(curve[..turn].iter().rev());
            fit.reverse();
            fit.extend(rising(curve[turn..].iter()));
            let squared: f64 = fit.iter().zip(curve).map(|(fit, value)| (fit - value).powi(2)).sum();
            (squared, Self { turn, fit })
        });
        let best = fits.min_by(|one, other| one.0.total_cmp(&other.0));
        best.map_or(Self { turn: 0, fit: Vec::new() }, |(_, valley)| valley)
    }
}

/// The least-squares non-decreasing sequence, by pooling adjacent violators: Ayer et al., "An empirical distribution
/// function for sampling with incomplete information" (Annals of Mathematical Statistics 26, 1955).
fn rising<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for &value in values {
        let mut block = (value, 1);
        while let Some(&(before, count)) = blocks.last().filter(|(before, _)| *before > block.0) {
            let together = count + block.1;
            block = ((before * count as f64 + block.0 * block.1 as f64) / together as f64, together);
            blocks.pop();
        }
        blocks.push(block);
    }
    blocks.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violators_are_pooled() {
        assert_eq!(rising([1.0, 3.0, 2.0, 4.0].iter()), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(rising([3.0, 2.0, 1.0].iter()), [2.0, 2.0, 2.0]);
        assert_eq!(rising([1.0, 5.0, 3.0, 1.0].iter()), [1.0, 3.0, 3.0, 3.0]);
    }

    #[test]
    fn a_valley_is_its_own_fit() {
        for valley in [&[5.0, 3.0, 1.0, 2.0, 4.0][..], &[3.0, 2.0, 1.0], &[1.0, 2.0], &[7.0; 4], &[]] {
            assert_eq!(LeastSquaresValley::of(valley).fit, valley);
        }
    }

    /// By hand: for 3, 1, 2, 0 the decreasing fit pools 1 and 2 with squared error 0.5; any rise has a larger error.
    #[test]
    fn a_bump_is_flattened() {
        let found = LeastSquaresValley::of(&[3.0, 1.0, 2.0, 0.0]);
        assert_eq!((found.turn, found.fit), (3, vec![3.0, 1.5, 1.5, 0.0]));
    }

    /// No valley on a fine grid of values is closer than the fit.
    #[test]
    fn no_other_valley_is_closer() {
        let curve = [2.0, 0.0, 3.0, 1.0];
        let distance = |other: &[f64]| curve.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>();
        let fit = LeastSquaresValley::of(&curve).fit;
        let value = |index: usize, place: u32| (index / 13usize.pow(place) % 13) as f64 / 4.0;
        for index in 0..13usize.pow(4) {
            let other = [0, 1, 2, 3].map(|place| value(index, place));
            let falls = other.windows(2).take_while(|pair| pair[1] <= pair[0]).count();
            if other[falls..].windows(2).all(|pair| pair[1] >= pair[0]) {
                assert!(distance(&other) >= distance(&fit) - 1e-12, "{other:?} is closer than {fit:?}");
            }
        }
    }
}
