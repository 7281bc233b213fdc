//! Which examples a task has: of the classes that it selects, in its part of the data set, those held out for
//! validation and, of the rest, the training examples that it draws.
//!
//! Every rule looks at the full training set alone, never at n, so that a smaller draw is part of any larger one.

use rand::seq::SliceRandom;

use crate::seed::{Purpose, Stream, named_stream, stream};
use crate::spec::{Draw, Part};

/// The examples of a task, by their index in the full training set.
pub(super) struct Drawn {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
}

/// What is drawn, and from what.
pub(super) struct Lot<'a> {
    /// The label of each example of the full training set; none where the task leaves its class out.
    pub(super) labels: &'a [Option<u16>],
    /// The part of the data set that the task has for itself.
    pub(super) part: Part,
    pub(super) validation_size: usize,
    pub(super) train_size: usize,
    pub(super) draw: Draw,
    pub(super) seed: u64,
}

impl Lot<'_> {
    /// Draws; there may be fewer training examples than were asked for, in a class or at all.
    pub(super) fn draw(&self) -> Drawn {
        let mut pool: Vec<bool> = self.labels.iter().map(Option::is_some).collect();
        if self.part.of > 1 {
            // No seed moves the parts: those of a source and of a target are the same ones, whatever their seeds.
            let order = self.by_class(named_stream(0, Purpose::Subset, "part"));
            for (position, &index) in order.iter().enumerate() {
                pool[index] &= position % self.part.of == self.part.index;
            }
        }
        let mut validation = Vec::new();
        if self.validation_size > 0 {
            let order = self.by_class(named_stream(self.seed, Purpose::Subset, "validation"));
            let free: Vec<usize> = order.into_iter().filter(|&index| pool[index]).collect();
            // Every so many of the examples in the order of their classes, so that each class has its share.
            let place = |rank: usize| rank * free.len() / self.validation_size;
            validation = (0..self.validation_size.min(free.len())).map(|rank| free[place(rank)]).collect();
            for &index in &validation {
                pool[index] = false;
            }
        }
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.shuffle(&mut stream(self.seed, Purpose::Subset, 0));
        order.retain(|&index| pool[index]);
        if self.draw == Draw::Balanced {
            self.deal(&mut order);
        }
        order.truncate(self.train_size);
        Drawn { train: order, validation }
    }

    /// All examples, class after class as the data set has them, each class in random order.
    fn by_class(&self, mut stream: Stream) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.shuffle(&mut stream);
        order.sort_by_key(|&index| self.labels[index]);
        order
    }

    /// One example of each class in turn.
    fn deal(&self, order: &mut [usize]) {
        let mut seen = std::collections::HashMap::new();
        let mut turn = vec![0usize; self.labels.len()];
        for &index in order.iter() {
            let count = seen.entry(self.labels[index]).or_insert(0);
            turn[index] = *count;
            *count += 1;
        }
        order.sort_by_key(|&index| turn[index]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Part = Part { index: 0, of: 1 };

    fn labels(count: usize, classes: usize) -> Vec<Option<u16>> {
        (0..count).map(|index| Some((index * index % 37 % classes) as u16)).collect()
    }

    fn lot(labels: &[Option<u16>]) -> Lot<'_> {
        Lot { labels, part: ALL, validation_size: 0, train_size: labels.len(), draw: Draw::Plain, seed: 4 }
    }

    #[test]
    fn smaller_draws_are_part_of_larger_ones() {
        let labels = labels(1000, 7);
        for (draw, validation_size) in [(Draw::Plain, 0), (Draw::Balanced, 0), (Draw::Balanced, 130)] {
            let of = |train_size, seed| Lot { validation_size, train_size, draw, seed, ..lot(&labels) }.draw();
            let large = of(300, 4);
            assert_eq!(of(100, 4).train, large.train[..100]);
            assert_eq!(of(100, 4).validation, large.validation);
            assert_ne!(of(100, 5).train, large.train[..100]);
            let mut all = of(1000, 4);
            all.train.append(&mut all.validation);
            all.train.sort_unstable();
            assert_eq!(all.train, (0..1000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_balanced_draw_has_as_many_of_each_class() {
        let labels = labels(1000, 5);
        let drawn = Lot { train_size: 52, draw: Draw::Balanced, ..lot(&labels) }.draw();
        let of = |class| drawn.train.iter().filter(|&&index| labels[index] == Some(class)).count();
        assert!((0..5).all(|class| (10..=11).contains(&of(class))));
    }

    #[test]
    fn parts_are_disjoint_whatever_the_seed_and_each_has_its_share_of_every_class() {
        let labels = labels(1001, 5);
        let part = |index, seed| Lot { part: Part { index, of: 3 }, seed, ..lot(&labels) }.draw().train;
        let parts = [part(0, 1), part(1, 2), part(2, 3)];
        assert_eq!(parts.each_ref().map(Vec::len), [334, 334, 333]);
        let mut all: Vec<usize> = parts.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..1001).collect::<Vec<_>>());
        for class in 0..5 {
            let of = |part: &Vec<usize>| part.iter().filter(|&&index| labels[index] == Some(class)).count();
            let counts = parts.each_ref().map(of);
            assert!(counts.iter().max().expect("three") - counts.iter().min().expect("three") <= 1, "{counts:?}");
        }
    }

    #[test]
    fn validation_has_each_class_in_its_share() {
        let labels = labels(1000, 5);
        let drawn = Lot { validation_size: 100, train_size: 0, ..lot(&labels) }.draw();
        assert_eq!(drawn.validation.len(), 100);
        for class in 0..5 {
            let of = |indices: &mut dyn Iterator<Item = usize>| {
                indices.filter(|&index| labels[index] == Some(class)).count()
            };
            let (all, held) = (of(&mut (0..1000)), of(&mut drawn.validation.iter().copied()));
            assert!((held as f64 - all as f64 / 10.0).abs() <= 1.0, "{held} of {all}");
        }
    }
}
