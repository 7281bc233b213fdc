//! The error of k-nearest neighbours on fixed features.
//!
//! Similarity is the cosine, and the prediction is the plurality of the labels of the k nearest. The cosine is the common
//! choice (Wu et al., arXiv 1805.01978): it does not depend on the scale of a layer's features, which is arbitrary and
//! differs between layers, and unlike a distance between standardised features it does not inflate channels that hardly
//! vary. k is 20, which Caron et al. found best for most of their networks (arXiv 2104.14294).

use anyhow::{Result, ensure};
use tch::{Kind, Tensor, no_grad_guard};

use crate::train::interrupt::{Interrupt, proceed};

/// The number of neighbours that vote.
pub const NEIGHBOURS: usize = 20;

/// Similarities held at a time: 64 MB of doubles.
const MOST_NUMBERS: i64 = 8 << 20;

/// The fraction of features `[count, features]` whose prediction, the plurality among the `neighbours` nearest of the
/// `known` features (all of them if there are fewer), is not their label. Labels are `[count]`, below `classes`. In a tie
/// the larger sum of similarities wins. Features of norm 0 have similarity 0 to all others. Computed in double precision on
/// the features' device; `interrupt` is called before every batch.
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
    ensure!(total > 0, "nearest neighbours need at least one known example");
    let neighbours = (neighbours as i64).min(total);
    let all = Tensor::arange(classes as i64, (Kind::Int64, known.device()));
    let batch = (MOST_NUMBERS / total).max(1);
    let mut answers = Vec::new();
    for start in (0..count).step_by(batch as usize) {
        proceed(&mut *interrupt)?;
        let part = unit(&features.narrow(0, start, batch.min(count - start)));
        let (similarities, indices) = part.matmul(&known.transpose(0, 1)).topk(neighbours, 1, true, false);
        // One-hot labels of the neighbours, `[batch, neighbours, classes]`.
        let labels = known_labels.index_select(0, &indices.reshape([-1])).reshape_as(&indices);
        let voters = labels.unsqueeze(2).eq_tensor(&all).to_kind(Kind::Double);
        let votes = voters.sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        let sums = (voters * similarities.unsqueeze(2)).sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        let most = votes.amax([1i64].as_slice(), true);
        answers.push(sums.masked_fill(&votes.less_tensor(&most), f64::NEG_INFINITY).argmax(1, false));
    }
    Ok(Tensor::cat(&answers, 0))
}

/// Features scaled to norm 1, double.
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
    fn labels_match_scikit_learn() -> Result<()> {
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
    fn pluralities_and_ties_by_hand() -> Result<()> {
        // Angles of 0, 10, 20 and 90 degrees.
        let known = Tensor::from_slice2(&[[2.0, 0.0], [9.85, 1.736], [0.094, 0.0342], [0.0, 5.0]]);
        let labels = Tensor::from_slice(&[0i64, 1, 1, 2]);
        let asked = Tensor::from_slice2(&[[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]]);
        let answers = |neighbours| -> Result<Vec<i64>> {
            Ok(Vec::try_from(nearest_labels([&known, &labels], &asked, 3, neighbours, &mut || false)?)?)
        };
        assert_eq!(answers(1)?[..2], [0, 2]);
        // In a tie the nearer one wins.
        assert_eq!(answers(2)?[..2], [0, 2]);
        assert_eq!(answers(3)?[..2], [1, 1]);
        // More neighbours than examples: all vote. With similarity 0 to every one, only the plurality counts.
        assert_eq!(answers(9)?, [1, 1, 1]);
        Ok(())
    }

    #[test]
    fn searches_can_be_interrupted_between_batches() -> Result<()> {
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
