//! How many training examples of each label a task can draw from, computed from class sizes alone, by the same rule by
//! which `data` deals them.

use super::selection::{DisjointPart, Selection};
use crate::catalogue::Facts;

/// What a task can draw from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Supply {
    /// Examples of its classes in its part of the data set.
    pub(super) pool: usize,
    /// Examples of each label, if class sizes are known.
    pub(super) labels: Option<Vec<usize>>,
    /// Examples of each label without those held out.
    pub(super) left: Option<Vec<usize>>,
}

impl Supply {
    /// The supply of a selection, with `held` examples held out.
    pub(super) fn new(selection: &Selection, facts: &Facts, held: usize) -> Self {
        let part = selection.part;
        let Some(sizes) = &facts.train_per_class else {
            return Self { pool: part.share(0, facts.train_size), labels: None, left: None };
        };
        // Label and size of each class in the part; the data set is dealt to parts in turn, class by class.
        let mut start = 0;
        let mut classes: Vec<(u16, usize)> = Vec::new();
        for (&size, label) in sizes.iter().zip(selection.labels(facts.class_count)) {
            classes.extend(label.map(|label| (label, part.share(start, size))));
            start += size;
        }
        let pool = classes.iter().map(|(_, count)| count).sum();
        // Validation examples are evenly spaced along the examples sorted by label, then class.
        classes.sort_by_key(|(label, _)| *label);
        let mut labels = vec![0; selection.label_count()];
        let mut left = labels.clone();
        let mut start = 0;
        for (label, count) in classes {
            let held = held_below(start + count, pool, held) - held_below(start, pool, held);
            labels[usize::from(label)] += count;
            left[usize::from(label)] += count - held;
            start += count;
        }
        Self { pool, labels: Some(labels), left: Some(left) }
    }
}

impl DisjointPart {
    /// How many of `count` places from `start` on belong to this part, when places are dealt in turn.
    fn share(self, start: usize, count: usize) -> usize {
        let below = |end: usize| (end + self.of - 1 - self.index) / self.of;
        below(start + count) - below(start)
    }
}

/// How many of the first `end` of `pool` examples are held out, with `held` in total.
fn held_below(end: usize, pool: usize, held: usize) -> usize {
    let held = held.min(pool);
    if pool == 0 { 0 } else { (end * held).div_ceil(pool) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_in_every_class() {
        for (start, count) in [(0, 10), (3, 7), (5, 1), (4, 0)] {
            let shares: Vec<usize> = (0..3).map(|index| DisjointPart { index, of: 3 }.share(start, count)).collect();
            let dealt = |index| (start..start + count).filter(|place| place % 3 == index).count();
            assert_eq!(shares, (0..3).map(dealt).collect::<Vec<_>>());
        }
    }

    #[test]
    fn held_out_examples_are_evenly_spaced() {
        for (pool, held) in [(10, 3), (7, 7), (5, 1), (9, 0), (0, 0)] {
            let places: Vec<usize> = (0..held).map(|rank| rank * pool / held).collect();
            for end in 0..=pool {
                let below = places.iter().filter(|&&place| place < end).count();
                assert_eq!(held_below(end, pool, held), below, "{end} of {pool}, {held}");
            }
        }
    }
}
