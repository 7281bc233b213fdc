//! Running statistics of frozen batch norms for `frozen_norm = "target"`: computed once on the target's training
//! images, without augmentation, layer by layer, each norm seeing inputs that the ones before it have normalised
//! with their new statistics. They are exact: one pass over all images for each norm.

use tch::{Kind, Tensor, no_grad};

use super::resident::Resident;
use crate::blueprint::FrozenSet;
use crate::network::{Mode, Network, Place};

/// Sets the statistics of the batch norms in frozen layers, in batches of `batch` and in the network's own kind: they
/// are fixed once, so they are worth its time.
pub fn fit_frozen_statistics(network: &Network, frozen: &FrozenSet, data: &Resident, batch: i64) {
    no_grad(|| {
        for place in network.batch_norms(|layer| frozen.has(layer)) {
            let (mean, variance) = statistics(network, place, data, batch);
            network.set_statistics(place, &mean, &variance);
        }
    });
}

/// Mean and unbiased variance by channel of what reaches a norm, as PyTorch's running statistics estimate them. The
/// mean comes first and the variance about it, so that nothing is lost where the mean is large.
fn statistics(network: &Network, place: Place, data: &Resident, batch: i64) -> (Tensor, Tensor) {
    let mut inputs = Vec::new();
    let mut start = 0;
    while start < data.count() as i64 {
        let length = batch.min(data.count() as i64 - start);
        let value = network.run_until(place, data.stretch(start, length), Mode::Evaluate);
        // Moments of a batch in double: [channels].
        let value = value.transpose(0, 1).flatten(1, -1).to_kind(Kind::Double);
        let mean = value.mean_dim([1i64].as_slice(), false, Kind::Double);
        let squares = (&value - mean.unsqueeze(1)).square().sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
        inputs.push((value.size()[1] as f64, mean, squares));
        start += length;
    }
    // Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979).
    let combine = |(count1, mean1, squares1): (f64, Tensor, Tensor),
                   (count2, mean2, squares2): (f64, Tensor, Tensor)| {
        let count = count1 + count2;
        let difference = mean2 - &mean1;
        let squares = squares1 + squares2 + difference.square() * (count1 * count2 / count);
        (count, mean1 + difference * (count2 / count), squares)
    };
    let (count, mean, squares) = inputs.into_iter().reduce(combine).expect("a task has training images");
    (mean.to_kind(network.kind()), (squares / (count - 1.0).max(1.0)).to_kind(network.kind()))
}
