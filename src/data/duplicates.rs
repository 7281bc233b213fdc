//! Images that appear in both the training and the test set.

use std::collections::HashMap;

/// Training examples whose pixels equal those of a test example, each with the first such example, by indices in the
/// data set, in training order. Takes the fingerprints of each split and the indices to compare. Generated images have
/// no fingerprints and are skipped.
pub(super) fn between(train: (&[u64], &[usize]), test: (&[u64], &[usize])) -> Vec<(usize, usize)> {
    let of = |split: &[u64], index: usize| split.get(index).copied();
    let mut places = HashMap::new();
    for &index in test.1 {
        if let Some(fingerprint) = of(test.0, index) {
            places.entry(fingerprint).or_insert(index);
        }
    }
    let pair_of = |&index: &usize| Some((index, *places.get(&of(train.0, index)?)?));
    let mut pairs: Vec<(usize, usize)> = train.1.iter().filter_map(pair_of).collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_training_example_is_listed_once() {
        let (train, test) = ([5, 7, 7, 9], [7, 1, 7, 9]);
        assert_eq!(between((&train, &[3, 2, 1, 0]), (&test, &[0, 1, 2, 3])), [(1, 0), (2, 0), (3, 3)]);
        assert_eq!(between((&train, &[0, 1]), (&test, &[2])), [(1, 2)]);
        assert_eq!(between((&[], &[0, 1]), (&[], &[0])), []);
        let alike = [4; 1000];
        let all: Vec<usize> = (0..1000).collect();
        assert_eq!(between((&alike, &all), (&alike, &all)).len(), 1000);
    }
}
