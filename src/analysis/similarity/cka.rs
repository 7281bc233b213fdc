//! How similarly two layers represent the same images.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// Inner products of the features of all pairs of images, `[images, images]`: X·Xᵀ. Linear CKA needs nothing else from
/// a layer, whatever its size.
#[derive(Clone, Debug, PartialEq)]
pub struct Gram(DMatrix<f64>);

/// Linear centred kernel alignment (CKA) of two layers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cka {
    /// The original estimator, in [0, 1]: Kornblith et al., "Similarity of Neural Network Representations Revisited"
    /// (arXiv 1905.00414), equation 4. Biased upward with few images and many features, where even unrelated layers
    /// seem similar.
    pub plain: f64,
    /// From the unbiased estimator of HSIC, near 0 for unrelated layers: Song et al., "Feature Selection via Dependence
    /// Maximization" (Journal of Machine Learning Research 13, 2012, equation 5), applied to CKA in Nguyen, Raghu and
    /// Kornblith, "Do Wide and Deep Networks Learn the Same Things?" (arXiv 2010.15327). `None` for fewer than four
    /// images, or if a layer's own estimate is not positive.
    pub debiased: Option<f64>,
}

impl Gram {
    /// From the Gram matrix of `count` images, row by row; symmetric.
    pub fn from_rows(count: usize, values: &[f64]) -> Self {
        Self(DMatrix::from_row_slice(count, count, values))
    }

    /// The Gram matrix of features `[images, features]`.
    pub fn of(features: &DMatrix<f64>) -> Self {
        Self(features * features.transpose())
    }

    /// CKA with another layer's Gram matrix of the same images. Zero if a layer has the same features for all images.
    pub fn cka(&self, other: &Self) -> Cka {
        let ratio = |hsic: fn(&Self, &Self) -> f64| {
            let own = hsic(self, self) * hsic(other, other);
            (hsic(self, self) > 0.0 && own > 0.0).then(|| hsic(self, other) / own.sqrt())
        };
        let enough = self.0.nrows() >= 4;
        Cka { plain: ratio(Self::hsic).unwrap_or(0.0), debiased: enough.then(|| ratio(Self::unbiased_hsic)).flatten() }
    }

    /// tr (K H L H), without the factor 1/(n − 1)², which cancels in CKA.
    fn hsic(&self, other: &Self) -> f64 {
        self.centred().dot(&other.centred())
    }

    /// K with row and column means removed.
    fn centred(&self) -> DMatrix<f64> {
        let mean = self.0.row_mean();
        let all = mean.mean();
        DMatrix::from_fn(self.0.nrows(), self.0.ncols(), |row, column| {
            self.0[(row, column)] - mean[row] - mean[column] + all
        })
    }

    /// The mean over all sets of four distinct images, without the factor 1/(n (n − 3)), which cancels in CKA.
    fn unbiased_hsic(&self, other: &Self) -> f64 {
        let count = self.0.nrows() as f64;
        let (one, other) = (self.without_diagonal(), other.without_diagonal());
        let (sums, other_sums) = (one.row_sum(), other.row_sum());
        one.dot(&other) + sums.sum() * other_sums.sum() / ((count - 1.0) * (count - 2.0))
            - 2.0 / (count - 2.0) * sums.dot(&other_sums)
    }

    fn without_diagonal(&self) -> DMatrix<f64> {
        let mut matrix = self.0.clone();
        matrix.fill_diagonal(0.0);
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, features};
    use super::*;

    /// NumPy 2.4.6: plain from the features' covariances, ‖Y′X‖² / (‖X′X‖ ‖Y′Y‖); debiased from its definition as a
    /// mean over all sets of four distinct images: scripts/reference/similarity.py.
    #[test]
    fn both_forms_agree_with_their_definitions() {
        for ((one, other), (plain, debiased)) in [((5, 3), NUMPY[0]), ((20, 30), NUMPY[1])] {
            let cka = Gram::of(&features(1.0, 8, one)).cka(&Gram::of(&features(2.0, 8, other)));
            close(cka.plain, plain);
            close(cka.debiased.expect("eight images are enough"), debiased);
        }
    }

    const NUMPY: [(f64, f64); 2] =
        [(0.304_947_301_645_749_6, -0.033_170_925_153_734_626), (0.723_156_293_930_353_3, -0.344_646_580_954_123_54)];

    #[test]
    fn cka_is_invariant_to_rotation_scale_and_shift() {
        let one = features(1.0, 10, 2);
        let turn = DMatrix::from_row_slice(2, 2, &[0.6, -0.8, 0.8, 0.6]);
        let moved = (&one * turn * 3.0).add_scalar(5.0);
        let cka = Gram::of(&one).cka(&Gram::of(&moved));
        close(cka.plain, 1.0);
        close(cka.debiased.expect("ten images are enough"), 1.0);
    }

    /// With many features and few images, the plain estimator finds everything similar.
    #[test]
    fn debiased_cka_of_unrelated_layers_is_near_zero() {
        let cka = Gram::of(&features(1.0, 40, 900)).cka(&Gram::of(&features(7.0, 40, 900)));
        assert!(cka.plain > 0.8, "{cka:?}");
        assert!(cka.debiased.expect("forty images are enough").abs() < 0.15, "{cka:?}");
    }

    #[test]
    fn undefined_debiased_cka_is_none() {
        let still = Gram::of(&DMatrix::from_element(6, 3, 1.0));
        let cka = still.cka(&Gram::of(&features(1.0, 6, 3)));
        assert_eq!(cka, Cka { plain: 0.0, debiased: None });
        let three = Gram::from_rows(3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0]);
        assert_eq!(three.cka(&three).debiased, None);
        close(three.cka(&three).plain, 1.0);
    }
}
