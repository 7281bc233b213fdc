//! Distance between Gaussians.

use nalgebra::DMatrix;

use super::Gaussian;

/// The squared Fréchet (2-Wasserstein) distance of two Gaussians of the same dimension: Dowson and Landau, "The Fréchet
/// distance between multivariate normal distributions" (Journal of Multivariate Analysis 12, 1982); on network features
/// after Heusel et al., "GANs Trained by a Two Time-Scale Update Rule" (arXiv 1706.08500), who also report the square:
///
/// ‖μ₁ − μ₂‖² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½
pub fn frechet_squared(one: &Gaussian, other: &Gaussian) -> f64 {
    frechet_from_root(one, &square_root(&one.covariance), other)
}

/// The same, given the square root of the first covariance.
pub(super) fn frechet_from_root(one: &Gaussian, root: &DMatrix<f64>, other: &Gaussian) -> f64 {
    let means = (&one.mean - &other.mean).norm_squared();
    let product = root * &other.covariance * root;
    // Symmetric up to rounding, which can also make an eigenvalue negative.
    let symmetric = (&product + product.transpose()) * 0.5;
    let shared: f64 = symmetric.symmetric_eigenvalues().iter().map(|value| value.max(0.0).sqrt()).sum();
    (means + one.covariance.trace() + other.covariance.trace() - 2.0 * shared).max(0.0)
}

/// The square root of a covariance matrix.
pub(super) fn square_root(covariance: &DMatrix<f64>) -> DMatrix<f64> {
    let eigen = covariance.clone().symmetric_eigen();
    let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
    &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose()
}

/// The squared Fréchet distance of every pair from two lists, `[one][other]`.
pub fn frechet_table(one: &[Gaussian], other: &[Gaussian]) -> Vec<Vec<f64>> {
    let row = |first: &Gaussian| {
        let root = square_root(&first.covariance);
        other.iter().map(|second| frechet_from_root(first, &root, second)).collect()
    };
    one.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, features};
    use super::*;
    use nalgebra::DVector;

    /// SciPy 1.17.1, with `sqrtm` of Σ₁Σ₂, a different algorithm: scripts/reference/similarity.py.
    #[test]
    fn the_distance_matches_scipy() {
        let (one, other) = (Gaussian::of(&features(1.0, 12, 5)), Gaussian::of(&features(2.0, 9, 5)));
        close(frechet_squared(&one, &other), SCIPY);
        close(frechet_squared(&other, &one), SCIPY);
        close(frechet_table(&[one.clone(), other.clone()], &[other])[0][0], SCIPY);
        assert!(frechet_squared(&one, &one) < 1e-9);
    }

    const SCIPY: f64 = 0.675_263_299_202_525_3;

    /// By hand: for commuting covariances it is Σ (√λ₁ − √λ₂)² plus the distance of the means.
    #[test]
    fn diagonal_covariances_are_compared_by_their_roots() {
        let gaussian = |mean: [f64; 2], variance: [f64; 2]| Gaussian {
            mean: DVector::from_row_slice(&mean),
            covariance: DMatrix::from_diagonal(&DVector::from_row_slice(&variance)),
            shrinkage: 0.0,
        };
        let (one, other) = (gaussian([0.0, 1.0], [4.0, 9.0]), gaussian([3.0, 1.0], [1.0, 0.0]));
        close(frechet_squared(&one, &other), 9.0 + (2.0 - 1.0) + 9.0);
    }
}
