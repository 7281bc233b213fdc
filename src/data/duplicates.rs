//! Images that stand in the training set and in the test set too.

use std::collections::HashMap;

use super::store::Split;

/// Pairs of a training example and a test example with the same pixels, by their indices in the data set, in the order
/// of the training examples. Nothing is known of images that are made on the spot.
pub(super) fn between(train: (&Split, &[usize]), test: (&Split, &[usize])) -> Vec<(usize, usize)> {
    let of = |split: &Split, index: usize| split.fingerprints.get(index).copied();
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for &index in test.1 {
        if let Some(fingerprint) = of(test.0, index) {
            places.entry(fingerprint).or_default().push(index);
        }
    }
    let pairs_of = |&index: &usize| {
        let same = of(train.0, index).and_then(|fingerprint| places.get(&fingerprint));
        same.into_iter().flatten().map(move |&other| (index, other))
    };
    let mut pairs: Vec<(usize, usize)> = train.1.iter().flat_map(pairs_of).collect();
    pairs.sort_unstable();
    pairs
}
