//! The Gaussian of a set of features, with a covariance that is well-conditioned however few images there are; and
//! principal components.

use nalgebra::{DMatrix, DVector};

/// Mean and covariance of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// `[features]`.
    pub mean: DVector<f64>,
    /// `[features, features]`, shrunk.
    pub covariance: DMatrix<f64>,
    /// Shrinkage intensity of the covariance towards a multiple of the identity, from 0 (none) to 1 (full).
    pub shrinkage: f64,
}

impl Gaussian {
    /// The Gaussian of features `[images, features]` of at least one image. The covariance is that of Ledoit and Wolf,
    /// "A well-conditioned estimator for large-dimensional covariance matrices" (Journal of Multivariate Analysis 88,
    /// 2004, section 3.2): (1 − s)·S + s·m·I, with S the population covariance, m the mean of its diagonal, and s
    /// estimated from the data.
    pub fn of(features: &DMatrix<f64>) -> Self {
        let (count, width) = (features.nrows() as f64, features.ncols() as f64);
        let mean = features.row_mean().transpose();
        let centred = centred(features, &mean);
        let sample = centred.tr_mul(&centred) / count;
        let average = sample.trace() / width;
        let from_identity = sample.norm_squared() - width * average * average;
        // The error of S: the mean of ‖x xᵀ − S‖² over images, computed from the fourth powers of their lengths,
        // divided by n again.
        let fourth: f64 = centred.row_iter().map(|row| row.norm_squared().powi(2)).sum::<f64>() / count;
        let error = ((fourth - sample.norm_squared()) / count).max(0.0);
        // A covariance that is already a multiple of the identity is the same at any shrinkage.
        let shrinkage = if from_identity > 0.0 { (error / from_identity).min(1.0) } else { 0.0 };
        let mut covariance = sample * (1.0 - shrinkage);
        for at in 0..covariance.nrows() {
            covariance[(at, at)] += shrinkage * average;
        }
        Self { mean, covariance, shrinkage }
    }
}

fn centred(features: &DMatrix<f64>, mean: &DVector<f64>) -> DMatrix<f64> {
    let mut centred = features.clone();
    for (mut column, mean) in centred.column_iter_mut().zip(mean) {
        column.add_scalar_mut(-mean);
    }
    centred
}

/// Principal components of several feature sets together.
#[derive(Clone, Debug)]
pub struct LeadingAxes {
    /// `[features, axes]`, orthonormal.
    axes: DMatrix<f64>,
    /// Fraction of the variance along these axes.
    pub variance_kept: f64,
}

impl LeadingAxes {
    /// The leading `most` axes of two sets of features `[images, features]`, centred on their common mean; the whole
    /// space if it has no more dimensions than that.
    pub fn of(one: &DMatrix<f64>, other: &DMatrix<f64>, most: usize) -> Self {
        let width = one.ncols();
        if width <= most {
            return Self { axes: DMatrix::identity(width, width), variance_kept: 1.0 };
        }
        let count = (one.nrows() + other.nrows()) as f64;
        let mean = (one.row_sum() + other.row_sum()).transpose() / count;
        let scatter = |features: &DMatrix<f64>| {
            let centred = centred(features, &mean);
            centred.tr_mul(&centred)
        };
        let eigen = (scatter(one) + scatter(other)).symmetric_eigen();
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by(|&left, &right| eigen.eigenvalues[right].total_cmp(&eigen.eigenvalues[left]));
        order.truncate(most);
        let kept: f64 = order.iter().map(|&axis| eigen.eigenvalues[axis]).sum();
        let all = eigen.eigenvalues.sum();
        let variance_kept = if all > 0.0 { kept / all } else { 1.0 };
        Self { axes: eigen.eigenvectors.select_columns(&order), variance_kept }
    }

    /// Number of axes.
    pub fn count(&self) -> usize {
        self.axes.ncols()
    }

    /// Projects features `[images, features]` to the axes, `[images, axes]`.
    pub fn project(&self, features: &DMatrix<f64>) -> DMatrix<f64> {
        features * &self.axes
    }
}

#[cfg(test)]
mod tests {
    use super::super::frechet_squared;
    use super::super::reference::{close, features};
    use super::*;

    /// scikit-learn 1.9.1, `ledoit_wolf`: scripts/reference/similarity.py.
    #[test]
    fn the_covariance_matches_ledoit_wolf() {
        for (images, width, [shrinkage, corner, beside, trace]) in [
            (
                12,
                5,
                [0.401_894_192_524_840_65, 0.357_880_848_929_555_85, -0.116_205_855_190_491_94, 2.002_069_620_017_71],
            ),
            (
                6,
                9,
                [0.726_886_222_984_199_9, 0.389_340_504_509_514_9, -0.020_964_849_863_759_568, 4.157_330_351_388_384],
            ),
        ] {
            let gaussian = Gaussian::of(&features(1.0, images, width));
            close(gaussian.shrinkage, shrinkage);
            close(gaussian.covariance[(0, 0)], corner);
            close(gaussian.covariance[(1, 0)], beside);
            close(gaussian.covariance.trace(), trace);
        }
    }

    #[test]
    fn one_image_and_equal_images_have_no_spread() {
        for count in [1, 4] {
            let gaussian = Gaussian::of(&DMatrix::from_element(count, 3, 2.0));
            assert_eq!(gaussian.covariance, DMatrix::zeros(3, 3));
            assert_eq!((gaussian.mean[0], gaussian.shrinkage), (2.0, 0.0));
        }
    }

    /// Features in three of nine dimensions, rotated: three axes lose nothing, and distances do not change.
    #[test]
    fn features_in_few_dimensions_are_projected_without_loss() {
        let turn = features(3.0, 3, 9);
        let (one, other) = (features(1.0, 20, 3) * &turn, features(2.0, 15, 3) * &turn);
        let axes = LeadingAxes::of(&one, &other, 3);
        close(axes.variance_kept, 1.0);
        let (near, far) = (axes.project(&one), axes.project(&other));
        close((near.row(0) - near.row(7)).norm(), (one.row(0) - one.row(7)).norm());
        close((near.row(2) - far.row(3)).norm(), (one.row(2) - other.row(3)).norm());
        assert!(LeadingAxes::of(&one, &other, 2).variance_kept < 0.999);
        let whole = LeadingAxes::of(&one, &other, 9);
        assert_eq!((whole.count(), whole.project(&one)), (9, one.clone()));
        assert!(frechet_squared(&Gaussian::of(&near), &Gaussian::of(&far)) > 0.0);
    }
}
