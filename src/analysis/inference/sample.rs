//! Preconditions on the values of several seeds.

use thiserror::Error;

/// Why nothing can be inferred from a sample.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SampleError {
    /// Two lists that belong together differ in length.
    #[error("expected {expected} values, found {found}")]
    DifferentLengths {
        /// Length of the first list.
        expected: usize,
        /// Length of the other list.
        found: usize,
    },
    /// Too few seeds.
    #[error("expected at least {least} seeds, found {seeds}")]
    TooFewSeeds {
        /// Seeds given.
        seeds: usize,
        /// Seeds required.
        least: usize,
    },
    /// Too many seeds to enumerate all signs.
    #[error("an exact sign-flip test supports at most {most} seeds, found {seeds}")]
    TooManySeeds {
        /// Seeds given.
        seeds: usize,
        /// Seeds allowed.
        most: usize,
    },
    /// A curve, or a test set, has too few points.
    #[error("expected at least {least} points for each seed, found {points}")]
    TooFewPoints {
        /// Points given.
        points: usize,
        /// Points required.
        least: usize,
    },
    /// A value is NaN or infinite.
    #[error("the values of seed {index} are not all finite")]
    NotFinite {
        /// Index of the seed, from 0.
        index: usize,
    },
}

/// Rejects fewer than `least` values, and values that are not finite.
pub(super) fn check(values: &[f64], least: usize) -> Result<(), SampleError> {
    if values.len() < least {
        return Err(SampleError::TooFewSeeds { seeds: values.len(), least });
    }
    values.iter().position(|value| !value.is_finite()).map_or(Ok(()), |index| Err(SampleError::NotFinite { index }))
}

/// Rejects rows of different lengths, fewer than `least` rows, rows shorter than `points`, and values that are not
/// finite.
pub(super) fn check_rows(rows: &[Vec<f64>], least: usize, points: usize) -> Result<(), SampleError> {
    if rows.len() < least || rows.is_empty() {
        return Err(SampleError::TooFewSeeds { seeds: rows.len(), least: least.max(1) });
    }
    if rows[0].len() < points {
        return Err(SampleError::TooFewPoints { points: rows[0].len(), least: points });
    }
    rows.iter().try_for_each(|row| same_length(rows[0].len(), row.len()))?;
    let index = rows.iter().position(|row| !row.iter().all(|value| value.is_finite()));
    index.map_or(Ok(()), |index| Err(SampleError::NotFinite { index }))
}

pub(super) fn same_length(expected: usize, found: usize) -> Result<(), SampleError> {
    if expected == found { Ok(()) } else { Err(SampleError::DifferentLengths { expected, found }) }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Unbiased variance of at least two values.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

pub(super) fn mean_row(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    sums.into_iter().map(|sum| sum / rows.len() as f64).collect()
}

/// Elementwise differences.
pub(super) fn differences(one: &[f64], other: &[f64]) -> Result<Vec<f64>, SampleError> {
    same_length(one.len(), other.len())?;
    Ok(one.iter().zip(other).map(|(one, other)| one - other).collect())
}

/// Asserts that two numbers are equal up to rounding.
#[cfg(test)]
pub(super) fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9, "expected {expected}, found {found}");
}
