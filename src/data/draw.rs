//! Draws the examples of a task: of the selected classes, in its part of the data set, first those held out for
//! validation, then the training examples.
//!
//! Every rule depends only on the full training set, never on n, so that a smaller draw is a subset of a larger one.
//! Parts are dealt by the data set's own classes, so that tasks with different classes or labels have the same parts.
//! `spec` computes the resulting numbers from class sizes.

use rand::seq::SliceRandom;

use crate::seed::{Purpose, Stream, named_stream, stream};
use crate::spec::{DisjointPart, Draw};

/// The examples of a task, as indices into the full training set.
pub(super) struct Drawn {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
    /// Number of available examples, including those held out.
    pub(super) pool: usize,
    /// Number of training examples available of each label.
    pub(super) left: Vec<usize>,
}

/// What to draw, and from what.
pub(super) struct Lot<'a> {
    /// The data set's class of each example in the full training set.
    pub(super) classes: &'a [u16],
    /// The task's label of each; `None` if the task does not use its class.
    pub(super) labels: &'a [Option<u16>],
    /// Number of labels.
    pub(super) label_count: usize,
    /// The part of the data set.
    pub(super) part: DisjointPart,
    pub(super) validation_size: usize,
    pub(super) train_size: usize,
    pub(super) draw: Draw,
    pub(super) seed: u64,
}

impl Lot<'_> {
    /// Draws the examples. There may be fewer than requested, in total or of a label.
    pub(super) fn draw(&self) -> Drawn {
        let mut free = self.part();
        let pool = free.iter().filter(|&&free| free).count();
        let validation = self.validation(&free);
        for &index in &validation {
            free[index] = false;
        }
        let mut order = self.shuffled(&mut stream(self.seed, Purpose::Subset, 0));
        order.retain(|&index| free[index]);
        let mut left = vec![0; self.label_count];
        for label in order.iter().filter_map(|&index| self.labels[index]) {
            left[usize::from(label)] += 1;
        }
        if self.draw == Draw::Balanced {
            self.deal(&mut order);
        }
        order.truncate(self.train_size);
        Drawn { train: order, validation, pool, left }
    }

    /// Whether each example is in the task's part and has a selected class.
    fn part(&self) -> Vec<bool> {
        let mut inside: Vec<bool> = self.labels.iter().map(Option::is_some).collect();
        if self.part.of > 1 {
            // The parts do not depend on any seed or label: they are the same for every task.
            let mut order = self.shuffled(&mut named_stream(0, Purpose::Subset, "part"));
            order.sort_by_key(|&index| self.classes[index]);
            for (position, &index) in order.iter().enumerate() {
                inside[index] &= position % self.part.of == self.part.index;
            }
        }
        inside
    }

    /// The examples held out, among the `free` ones.
    fn validation(&self, free: &[bool]) -> Vec<usize> {
        if self.validation_size == 0 {
            return Vec::new();
        }
        let mut order = self.shuffled(&mut named_stream(self.seed, Purpose::Subset, "validation"));
        order.retain(|&index| free[index]);
        // Evenly spaced in the order of labels, then classes, so that each label and class has its share.
        order.sort_by_key(|&index| (self.labels[index], self.classes[index]));
        let count = self.validation_size.min(order.len());
        (0..count).map(|rank| order[rank * order.len() / count]).collect()
    }

    /// The full training set in random order.
    fn shuffled(&self, stream: &mut Stream) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.shuffle(stream);
        order
    }

    /// Reorders so that labels take turns.
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
    use crate::spec::Side;

    const ALL: DisjointPart = DisjointPart { index: 0, of: 1 };

    /// Examples of a data set, and their labels in a task.
    struct Set {
        classes: Vec<u16>,
        labels: Vec<Option<u16>>,
    }

    impl Set {
        fn new(count: usize, classes: usize) -> Self {
            let classes: Vec<u16> = (0..count).map(|index| (index * index % 37 % classes) as u16).collect();
            Self { labels: classes.iter().copied().map(Some).collect(), classes }
        }

        /// The set with other labels for the classes.
        fn labelled(&self, label: impl Fn(u16) -> Option<u16>) -> Self {
            Self { classes: self.classes.clone(), labels: self.classes.iter().map(|&class| label(class)).collect() }
        }

        fn lot(&self) -> Lot<'_> {
            let (classes, labels) = (&self.classes, &self.labels);
            let sizes = Lot {
                classes,
                labels,
                label_count: 10,
                part: ALL,
                validation_size: 0,
                train_size: 0,
                draw: Draw::Plain,
                seed: 4,
            };
            Lot { train_size: labels.len(), ..sizes }
        }

        fn count(&self, indices: &[usize], class: u16) -> usize {
            indices.iter().filter(|&&index| self.classes[index] == class).count()
        }
    }

    #[test]
    fn smaller_draws_are_subsets_of_larger_ones() {
        let set = Set::new(1000, 7);
        for (draw, validation_size) in [(Draw::Plain, 0), (Draw::Balanced, 0), (Draw::Balanced, 130)] {
            let of = |train_size, seed| Lot { validation_size, train_size, draw, seed, ..set.lot() }.draw();
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
        let set = Set::new(1000, 5);
        let drawn = Lot { train_size: 52, draw: Draw::Balanced, ..set.lot() }.draw();
        assert!((0..5).all(|class| (10..=11).contains(&set.count(&drawn.train, class))));
    }

    #[test]
    fn parts_do_not_depend_on_seed_classes_or_labels() {
        let whole = Set::new(1001, 5);
        let tasks = [
            whole.labelled(Some),
            whole.labelled(|class| (class > 1).then(|| class - 2)),
            whole.labelled(|class| Some([2, 0, 2, 1, 0][usize::from(class)])),
        ];
        let mut parts = [const { Vec::new() }; 3];
        for (index, part) in parts.iter_mut().enumerate() {
            let part_of = |set: &Set, seed| {
                let mut drawn = Lot { part: DisjointPart { index, of: 3 }, seed, ..set.lot() }.draw().train;
                drawn.sort_unstable();
                drawn
            };
            *part = part_of(&whole, 7);
            for (seed, task) in tasks.iter().enumerate() {
                let taken: Vec<usize> = part.iter().copied().filter(|&index| task.labels[index].is_some()).collect();
                assert_eq!(part_of(task, seed as u64), taken);
            }
        }
        assert_eq!(parts.each_ref().map(Vec::len), [334, 334, 333]);
        let mut all = parts.concat();
        all.sort_unstable();
        assert_eq!(all, (0..1001).collect::<Vec<_>>());
        for class in 0..5 {
            let counts = parts.each_ref().map(|part| whole.count(part, class));
            assert!(counts.iter().max().expect("three") - counts.iter().min().expect("three") <= 1, "{counts:?}");
        }
    }

    #[test]
    fn parts_of_whole_data_sets_are_fixed() {
        // Results depend on these values: other values would be another half of a data set.
        let classes = super::super::synthetic::store(10, 1.0, Side::Target).train.labels;
        let set = Set { labels: classes.iter().copied().map(Some).collect(), classes };
        let half = Lot { part: DisjointPart { index: 0, of: 2 }, seed: 0, ..set.lot() }.draw().train;
        assert_eq!((half.len(), &half[..6]), (10_000, &[4655, 13_253, 3358, 379, 15_625, 14_999][..]));
        let sum: usize = half.iter().enumerate().map(|(at, index)| at * index % 65_521).sum();
        assert_eq!(sum, 327_051_977);
    }

    #[test]
    fn validation_is_stratified_by_class_and_label() {
        let whole = Set::new(1000, 5);
        for set in [whole.labelled(Some), whole.labelled(|class| Some([2, 0, 2, 1, 0][usize::from(class)]))] {
            let drawn = Lot { validation_size: 100, train_size: 0, ..set.lot() }.draw();
            assert_eq!(drawn.validation.len(), 100);
            let all: Vec<usize> = (0..1000).collect();
            let share =
                |all: usize, held: usize| assert!((held as f64 - all as f64 / 10.0).abs() <= 1.0, "{held} of {all}");
            for class in 0..5 {
                share(set.count(&all, class), set.count(&drawn.validation, class));
                let of = |indices: &[usize]| indices.iter().filter(|&&index| set.labels[index] == Some(class)).count();
                share(of(&all), of(&drawn.validation));
            }
        }
    }
}
