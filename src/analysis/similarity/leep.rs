//! How well the predictions of the source network predict the target's labels.

use nalgebra::DMatrix;

/// LEEP of a source network on a target: Nguyen et al., "LEEP: A New Measure to Evaluate Transferability of Learned
/// Representations" (arXiv 2002.12462), equation 2. `answers` is `[images, source classes]`, the source network's
/// probabilities on target images; `labels` are the target's. It is the mean log-likelihood of the labels under the
/// best predictor from source classes to target classes: at most 0, higher is better.
pub fn leep(answers: &DMatrix<f64>, labels: &[u16], classes: usize) -> f64 {
    let mut joint = DMatrix::<f64>::zeros(classes, answers.ncols());
    for (answer, &label) in answers.row_iter().zip(labels) {
        let mut row = joint.row_mut(usize::from(label));
        row += answer;
    }
    // P(label | source class). A class without any probability mass predicts nothing and has no weight.
    for mut column in joint.column_iter_mut() {
        let sum = column.sum();
        if sum > 0.0 {
            column /= sum;
        }
    }
    let likelihood =
        |(answer, label): (nalgebra::MatrixView1xX<'_, f64, _, _>, &u16)| joint.row(usize::from(*label)).dot(&answer);
    answers.row_iter().zip(labels).map(likelihood).map(f64::ln).sum::<f64>() / labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, features};
    use super::*;

    /// By hand: the first source class means label 0 in two of three cases, the second always label 1.
    #[test]
    fn certain_predictions_count_labels() {
        let answers = DMatrix::from_row_slice(4, 2, &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
        let expected = (2.0 * (2.0f64 / 3.0).ln() + (1.0f64 / 3.0).ln() + 1.0f64.ln()) / 4.0;
        close(leep(&answers, &[0, 0, 1, 1], 2), expected);
    }

    /// By hand: predictions that are the same for every image leave the entropy of the labels.
    #[test]
    fn uninformative_predictions_give_the_label_entropy() {
        let answers = DMatrix::from_element(4, 5, 0.2);
        let entropy = -(0.25 * 0.25f64.ln() + 0.75 * 0.75f64.ln());
        close(leep(&answers, &[0, 1, 1, 1], 2), -entropy);
        // A class that is never predicted changes nothing either.
        close(leep(&answers.insert_column(2, 0.0), &[0, 1, 1, 1], 2), -entropy);
    }

    /// NumPy 2.4.6: scripts/reference/similarity.py.
    #[test]
    fn soft_predictions_match_the_definition() {
        let scores = features(1.0, 9, 4).map(f64::exp);
        let answers = DMatrix::from_fn(9, 4, |row, column| scores[(row, column)] / scores.row(row).sum());
        let labels = [0, 1, 2, 0, 1, 2, 0, 1, 2];
        close(leep(&answers, &labels, 3), NUMPY);
    }

    const NUMPY: f64 = -1.058_829_661_242_452_8;
}
