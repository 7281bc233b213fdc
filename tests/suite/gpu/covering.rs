//! Combinations of options that cover every pair of options of different factors.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One option for each factor, by index.
pub type Combination = Vec<usize>;

/// A covering set for factors with these numbers of options. Repeatedly draws fifty combinations and takes the one that
/// covers most of the missing pairs.
pub fn covering(options: &[usize]) -> Vec<Combination> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut missing = all_pairs(options);
    let mut found = Vec::new();
    while let Some(&pair) = missing.choose(&mut rng) {
        let candidate = |_| {
            let mut combination = drawn(options, &mut rng);
            // Ensure that it covers at least one missing pair.
            (combination[pair.0.0], combination[pair.1.0]) = (pair.0.1, pair.1.1);
            combination
        };
        let candidates: Vec<Combination> = (0..50).map(candidate).collect();
        let covered = |combination: &Combination| missing.iter().filter(|pair| covers(combination, pair)).count();
        let best = candidates.into_iter().max_by_key(covered).expect("there are fifty");
        missing.retain(|pair| !covers(&best, pair));
        found.push(best);
    }
    found
}

/// Pseudo-random combinations, always the same.
pub fn sample(options: &[usize], count: usize) -> Vec<Combination> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    (0..count).map(|_| drawn(options, &mut rng)).collect()
}

fn drawn(options: &[usize], rng: &mut ChaCha8Rng) -> Combination {
    options.iter().map(|&count| rng.random_range(0..count)).collect()
}

/// Two options, each as (factor, option).
type Pair = ((usize, usize), (usize, usize));

fn covers(combination: &Combination, (one, other): &Pair) -> bool {
    combination[one.0] == one.1 && combination[other.0] == other.1
}

fn all_pairs(options: &[usize]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (one, &ones) in options.iter().enumerate() {
        for (other, &others) in options.iter().enumerate().skip(one + 1) {
            pairs.extend((0..ones * others).map(|both| ((one, both / others), (other, both % others))));
        }
    }
    pairs
}

#[test]
fn every_pair_of_options_is_covered() {
    let options = [4, 3, 2, 5];
    let set = covering(&options);
    assert!(all_pairs(&options).iter().all(|pair| set.iter().any(|combination| covers(combination, pair))));
    assert!(set.len() >= 20 && set.len() < 35, "{}", set.len());
}
