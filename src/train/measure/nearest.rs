//! The error of the nearest neighbours of features that stay as they are.
//!
//! Features are alike by the cosine of their angle, and an answer is the plurality of the labels of the k nearest. The cosine
//! is what features are commonly judged by (Wu et al., arXiv 1805.01978): it does not depend on the scale of a layer's
//! features, which differs from layer to layer and means nothing, and unlike a distance between standardised features it
//! gives a channel that hardly varies no more weight than it has. k is 20, which Caron et al. found to be the best for
//! most of their networks (arXiv 2104.14294).

use anyhow::{Result, ensure};
use tch::{Kind, Tensor, no_grad_guard};

use crate::train::interrupt::{Interrupt, proceed};

/// How many neighbours have a vote.
pub const NEIGHBOURS: usize = 20;

/// Similarities that are held at a time, in numbers: 64 MB.
const MOST_NUMBERS: i64 = 8 << 20;

/// The share of features `[count, features]` whose plurality among the `neighbours` nearest of `known` features is not
/// their label; among fewer where there are no more. Labels are `[count]`, below `classes`. Of labels with as many votes
/// the one with the larger sum of similarities counts. Features of length 0 are at right angles to all others. Computed
/// in double, on the features' device; `interrupt` is asked before every batch.
pub fn nearest_error(
    [known, known_labels]: [&Tensor; 2],
    [features, labels]: [&Tensor; 2],
    classes: usize,
    neighbours: usize,
    interrupt: Interrupt<'_>,
) -> Result<f64> {
    let answers = nearest_labels([known, known_labels], features, classes, neighbours, interrupt)?;
    Ok(answers.not_equal_tensor(labels).mean(Kind::Double).double_value(&[]))
}

fn nearest_labels(
    [known, known_labels]: [&Tensor; 2],
    features: &Tensor,
    classes: usize,
    neighbours: usize,
    interrupt: Interrupt<'_>,
) -> Result<Tensor> {
    let _no_gradient = no_grad_guard();
    let known = unit(known);
    let (count, total) = (features.size()[0], known.size()[0]);
    ensure!(total > 0, "there is no example to be near to");
    let neighbours = (neighbours as i64).min(total);
    let all = Tensor::arange(classes as i64, (Kind::Int64, known.device()));
    let batch = (MOST_NUMBERS / total).max(1);
    let mut answers = Vec::new();
    for start in (0..count).step_by(batch as usize) {
        proceed(&mut *interrupt)?;
        let part = unit(&features.narrow(0, start, batch.min(count - start)));
        let (similarities, indices) = part.matmul(&known.transpose(0, 1)).topk(neighbours, 1, true, false);
        // Whose label is which, `[batch, neighbours, classes]`.
        let labels = known_labels.index_select(0, &indices.reshape([-1])).reshape_as(&indices);
        let voters = labels.unsqueeze(2).eq_tensor(&all).to_kind(Kind::Double);
        let votes = voters.sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        let sums = (voters * similarities.unsqueeze(2)).sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        let most = votes.amax([1i64].as_slice(), true);
        answers.push(sums.masked_fill(&votes.less_tensor(&most), f64::NEG_INFINITY).argmax(1, false));
    }
    Ok(Tensor::cat(&answers, 0))
}

/// Features of length 1, double.
fn unit(features: &Tensor) -> Tensor {
    let features = features.to_kind(Kind::Double);
    let lengths = features.norm_scalaropt_dim(2.0, [1i64].as_slice(), true);
    &features
        / lengths
            .where_self(&lengths.greater(0.0), &Tensor::from(1.0).to_kind(Kind::Double).to_device(features.device()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::measure::linear_fit::Reference;

    #[test]
    fn answers_are_those_of_scikit_learn() -> Result<()> {
        let reference = Reference::read()?;
        let mut ties = 0;
        for nearest in &reference.nearest {
            let known = [&reference.features, &reference.labels];
            let neighbours = nearest.neighbours;
            let answers = nearest_labels(known, &reference.test, reference.classes, neighbours, &mut || false)?;
            assert_eq!(Vec::<i64>::try_from(answers)?, nearest.answers, "{neighbours} neighbours");
            let test = [&reference.test, &reference.test_labels];
            let error = nearest_error(known, test, reference.classes, neighbours, &mut || false)?;
            assert!((error - nearest.error).abs() < 1e-12);
            ties += nearest.ties;
        }
        assert!(ties > 0, "there is no tie to break");
        Ok(())
    }

    #[test]
    fn pluralities_and_ties_are_those_by_hand() -> Result<()> {
        // Angles of 0, 10, 20 and 90 degrees.
        let known = Tensor::from_slice2(&[[2.0, 0.0], [9.85, 1.736], [0.094, 0.0342], [0.0, 5.0]]);
        let labels = Tensor::from_slice(&[0i64, 1, 1, 2]);
        let asked = Tensor::from_slice2(&[[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]]);
        let answers = |neighbours| -> Result<Vec<i64>> {
            Ok(Vec::try_from(nearest_labels([&known, &labels], &asked, 3, neighbours, &mut || false)?)?)
        };
        assert_eq!(answers(1)?[..2], [0, 2]);
        // A tie goes to the nearer one.
        assert_eq!(answers(2)?[..2], [0, 2]);
        assert_eq!(answers(3)?[..2], [1, 1]);
        // More than there are: all of them; at right angles to every one the plurality is all there is.
        assert_eq!(answers(9)?, [1, 1, 1]);
        Ok(())
    }

    #[test]
    fn batches_and_a_stop_between_them() -> Result<()> {
        let known = Tensor::rand([MOST_NUMBERS / 2, 2], (Kind::Float, tch::Device::Cpu));
        let labels = Tensor::zeros([MOST_NUMBERS / 2], (Kind::Int64, tch::Device::Cpu));
        let [features, wanted] = [known.narrow(0, 0, 5), labels.narrow(0, 0, 5)];
        let mut asked = 0;
        let mut error = |stop_at| {
            asked = 0;
            let mut interrupt = || {
                asked += 1;
                asked == stop_at
            };
            nearest_error([&known, &labels], [&features, &wanted], 2, 3, &mut interrupt)
        };
        assert!(error(0)?.abs() < 1e-12);
        assert!(error(2).is_err());
        assert_eq!(asked, 2);
        Ok(())
    }
}
