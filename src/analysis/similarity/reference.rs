//! Inputs shared with scripts/reference/similarity.py, and the tolerance for its numbers.

use nalgebra::DMatrix;

/// Unstructured numbers in [−1, 1], `[images, width]`: the same formula as in the script.
pub(super) fn features(seed: f64, images: usize, width: usize) -> DMatrix<f64> {
    DMatrix::from_fn(images, width, |row, column| {
        let (row, column) = (row as f64, column as f64);
        (1000.0 * (seed * (row + 1.0).sqrt() + (column + 2.0).sqrt() * (row + seed + 3.0)).sin()).sin()
    })
}

pub(super) fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "expected {expected}, found {found}");
}
