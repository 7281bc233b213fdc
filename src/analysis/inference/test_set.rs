//! Interval of a difference of errors that accounts for the finite test set.

use super::interval::{Interval, interval};
use super::sample::{SampleError, check_rows, mean, mean_row, same_length, variance};

/// The interval of the mean of `differences[seed][image]`, over seeds and over the population of test images. Takes at
/// least two seeds and two images.
///
/// Seeds and images are crossed random effects (Searle et al., "Variance Components", 1992, chapter 4). The variance of
/// the mean is s² / m, from the means of the m seeds, plus a component for the N images: max(0, [m · Var(image means) −
/// mean Var(images of a seed)] / (m − 1)) / N. Resampling both seeds and images would count their interaction twice.
///
/// The degrees of freedom combine both parts, weighted by their shares of the variance: 1 / df is the sum of share /
/// df. Satterthwaite's approximation (Biometrics Bulletin 2, 1946) weights by squared shares; in simulation, its 95%
/// intervals over six seeds miss 5.6%, because the seeds' share is smallest exactly when their variance is
/// underestimated.
pub fn t_interval_over_images(differences: &[Vec<f64>], confidence: f64) -> Result<Interval, SampleError> {
    check_rows(differences, 2, 2)?;
    let (seeds, images) = (differences.len() as f64, differences[0].len() as f64);
    let seed_means: Vec<f64> = differences.iter().map(|row| mean(row)).collect();
    let from_seeds = variance(&seed_means) / seeds;
    let between_images = variance(&mean_row(differences));
    let within_seeds = mean(&differences.iter().map(|row| variance(row)).collect::<Vec<_>>());
    let from_images = ((seeds * between_images - within_seeds) / (seeds - 1.0) / images).max(0.0);
    let total = from_seeds + from_images;
    let reciprocal = (from_seeds / (seeds - 1.0) + from_images / (images - 1.0)) / total;
    // With zero variance there are no shares; the interval is a point under every t.
    let degrees_of_freedom = if total > 0.0 { 1.0 / reciprocal } else { seeds - 1.0 };
    Ok(interval(mean(&seed_means), total, degrees_of_freedom, confidence))
}

/// For each image, its mean error over the evaluations at the peak minus that at a valley: between −1 and 1.
/// `[evaluation][image]` is true where the image was classified correctly.
pub fn error_differences<Row: AsRef<[bool]>>(peak: &[Row], valley: &[Row]) -> Result<Vec<f64>, SampleError> {
    let images = peak.first().map_or(0, |correct| correct.as_ref().len());
    if images == 0 || valley.is_empty() {
        return Err(SampleError::TooFewPoints { points: 0, least: 1 });
    }
    let share = |evaluations: &[Row], image: usize| {
        evaluations.iter().filter(|correct| correct.as_ref()[image]).count() as f64 / evaluations.len() as f64
    };
    peak.iter().chain(valley).try_for_each(|correct| same_length(images, correct.as_ref().len()))?;
    Ok((0..images).map(|image| share(valley, image) - share(peak, image)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::interval::t_interval;
    use super::super::sample::close;
    use super::*;

    /// By hand, two seeds and four images: seed means 0.5 and 0.25, s²/m = 1/64. Image means 1, 0.5, 0, 0 have variance
    /// 11/48, the rows 1/3 and 1/4; the image component is (2 · 11/48 − 7/24) / 1 / 4 = 1/24.
    #[test]
    fn worked_out_by_hand() {
        let found =
            t_interval_over_images(&[vec![1.0, 1.0, 0.0, 0.0], vec![1.0, 0.0, 0.0, 0.0]], 0.95).expect("a table");
        assert!((found.estimate - 0.375).abs() < 1e-12);
        assert!((found.standard_error.powi(2) - (1.0 / 64.0 + 1.0 / 24.0)).abs() < 1e-12, "{found:?}");
        // Shares 3/11 with one degree of freedom and 8/11 with three.
        close(found.degrees_of_freedom, 1.0 / (3.0 / 11.0 + 8.0 / 33.0));
    }

    /// If seeds do not agree on images, the image component is 0 and the interval is Student's.
    #[test]
    fn without_agreement_the_interval_is_students() {
        let found = t_interval_over_images(&[vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 1.0]], 0.95).expect("a table");
        let students = t_interval(&[1.0 / 3.0, 2.0 / 3.0], 0.95).expect("two values");
        close(found.upper, students.upper);
        close(found.degrees_of_freedom, 1.0);
    }

    #[test]
    fn equal_differences_are_a_point() {
        let found = t_interval_over_images(&[vec![0.5; 3], vec![0.5; 3]], 0.95).expect("a table");
        close(found.lower, 0.5);
        close(found.degrees_of_freedom, 1.0);
    }

    #[test]
    fn differences_of_bits() {
        let peak = [vec![false, false, true], vec![false, true, true]];
        let valley = [vec![true, true, false], vec![true, true, true]];
        assert_eq!(error_differences(&peak, &valley), Ok(vec![1.0, 0.5, -0.5]));
        let torn = error_differences(&peak, &[vec![true]]);
        assert_eq!(torn, Err(SampleError::DifferentLengths { expected: 3, found: 1 }));
        assert!(error_differences(&[], &valley).is_err() && error_differences(&peak, &[]).is_err());
    }
}
