//! How well a linear map of the features explains the target's labels.

use nalgebra::{DMatrix, DVector};

/// Relative increase of the evidence below which the iteration stops; the evidence is flat at its maximum.
const SETTLED: f64 = 1e-10;
/// The iteration converges linearly; with similar or many features it takes hundreds of rounds.
const MOST_ROUNDS: usize = 10_000;
/// Beyond this ratio, weights or residual have vanished, and the evidence grows only by rounding.
const LARGEST_RATIO: f64 = 1e12;

/// LogME of features `[images, features]` on labels: You et al., "LogME: Practical Assessment of Pre-trained Models for
/// Transfer Learning" (arXiv 2102.11005). For each class, the labels as 0 and 1 are a linear map of the features with
/// Gaussian weights of precision α and Gaussian noise of precision β. LogME is the logarithm of the evidence maximised
/// over α and β, per image, averaged over the classes that have images: for one without, it is unbounded. Higher means that
/// the features fit the labels better.
///
/// The paper's fixed-point iteration continues here until the evidence converges, so the result is the maximum.
pub fn logme(features: &DMatrix<f64>, labels: &[u16], classes: usize) -> f64 {
    let eigen = features.tr_mul(features).symmetric_eigen();
    let squares = eigen.eigenvalues.map(|value| value.max(0.0));
    let mut sums = DMatrix::<f64>::zeros(features.ncols(), classes);
    let mut counts = vec![0.0; classes];
    for (image, &label) in features.row_iter().zip(labels) {
        let mut column = sums.column_mut(usize::from(label));
        column += image.transpose();
        counts[usize::from(label)] += 1.0;
    }
    let turned = eigen.eigenvectors.tr_mul(&sums);
    let evidence = |class: usize| {
        let regression = Regression {
            squares: &squares,
            products: turned.column(class).into_owned(),
            labels_squared: counts[class],
            images: labels.len() as f64,
        };
        regression.largest_evidence()
    };
    let present: Vec<usize> = (0..classes).filter(|&class| counts[class] > 0.0).collect();
    present.iter().copied().map(evidence).sum::<f64>() / present.len() as f64 / labels.len() as f64
}

/// A linear regression of one label column, in the eigenbasis of the features.
struct Regression<'a> {
    /// Eigenvalues of F′F.
    squares: &'a DVector<f64>,
    /// F′y along the eigenvectors.
    products: DVector<f64>,
    /// y′y.
    labels_squared: f64,
    /// n.
    images: f64,
}

impl Regression<'_> {
    fn largest_evidence(&self) -> f64 {
        let (mut alpha, mut beta) = (1.0, 1.0);
        let mut last = self.evidence(alpha, beta);
        for _ in 0..MOST_ROUNDS {
            let (weights, residual) = self.fit(alpha, beta);
            let effective: f64 = self.squares.iter().map(|square| beta * square / (alpha + beta * square)).sum();
            let next = (effective / weights, (self.images - effective) / residual);
            if !(next.0.is_finite() && next.1.is_finite()) || next.0.max(next.1) > LARGEST_RATIO {
                break;
            }
            (alpha, beta) = next;
            let evidence = self.evidence(alpha, beta);
            let rise = evidence - last;
            last = last.max(evidence);
            if rise.abs() <= SETTLED * last.abs() {
                break;
            }
        }
        last
    }

    /// Squared norms of the mean weights and of the residual.
    fn fit(&self, alpha: f64, beta: f64) -> (f64, f64) {
        let (mut weights, mut residual) = (0.0, self.labels_squared);
        for (square, product) in self.squares.iter().zip(&self.products) {
            let weight = beta * product / (alpha + beta * square);
            weights += weight * weight;
            residual += weight * (square * weight - 2.0 * product);
        }
        (weights, residual.max(0.0))
    }

    /// The log evidence, equation 2 of the paper.
    fn evidence(&self, alpha: f64, beta: f64) -> f64 {
        let (weights, residual) = self.fit(alpha, beta);
        let features = self.squares.len() as f64;
        let determinant: f64 = self.squares.iter().map(|square| (alpha + beta * square).ln()).sum();
        let noise = self.images * (beta.ln() - std::f64::consts::TAU.ln()) - beta * residual;
        0.5 * (features * alpha.ln() - determinant + noise - alpha * weights)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::features;
    use super::*;

    /// SciPy 1.17.1: the density of the labels under a normal with covariance I/β + FFᵀ/α, maximised over α and β with
    /// `minimize`: scripts/reference/similarity.py.
    #[test]
    fn the_evidence_is_maximal() {
        let labels: Vec<u16> = (0..24).map(|image| [0, 1, 2, 1][image % 4]).collect();
        for (width, scipy) in [(3, SCIPY[0]), (8, SCIPY[1])] {
            let found = logme(&features(1.0, 24, width), &labels, 3);
            assert!((found - scipy).abs() < 1e-6, "{width} features: {found}, and SciPy has {scipy}");
        }
    }

    const SCIPY: [f64; 2] = [-0.836_238_029_799_869, -0.830_610_484_322_422_3];

    #[test]
    fn discriminative_features_score_higher() {
        let labels: Vec<u16> = (0..40).map(|image| image % 2).collect();
        let noise = features(1.0, 40, 3);
        let mut telling = noise.clone();
        for (image, &label) in labels.iter().enumerate() {
            telling[(image, 0)] = f64::from(label) + 0.1 * noise[(image, 0)];
        }
        assert!(logme(&telling, &labels, 2) > logme(&noise, &labels, 2) + 0.5);
    }

    #[test]
    fn no_fit_and_a_perfect_fit_are_finite() {
        let labels = [0, 1, 0, 1];
        let nothing = logme(&DMatrix::zeros(4, 3), &labels, 2);
        let wholly = logme(&DMatrix::from_row_slice(4, 2, &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]), &labels, 2);
        assert!(nothing.is_finite() && wholly.is_finite() && wholly > nothing, "{nothing} {wholly}");
    }

    #[test]
    fn classes_without_images_do_not_count() {
        let labels = [0, 1, 0, 1];
        let two = logme(&features(1.0, 4, 3), &labels, 2);
        for scale in [0.1, 1.0, 100.0] {
            let five = logme(&(features(1.0, 4, 3) * scale), &labels, 5);
            assert!((five - two).abs() < 1e-6, "scale {scale}: {five}, and without them {two}");
        }
    }
}
