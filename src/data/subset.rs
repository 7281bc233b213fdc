//! Which training examples a task draws.

use rand::seq::SliceRandom;

use crate::seed::{Purpose, stream};

/// The first `count` of a random order of `full` examples, so that the draws of one seed are part of one another.
pub(super) fn draw(full: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..full).collect();
    order.shuffle(&mut stream(seed, Purpose::Subset, 0));
    order.truncate(count);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_draws_are_part_of_larger_ones() {
        let large = draw(1000, 300, 4);
        assert_eq!(draw(1000, 100, 4), large[..100]);
        assert_ne!(draw(1000, 100, 5), large[..100]);
        let mut sorted = draw(1000, 1000, 4);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
    }
}
