//! What a spec must know of a data set before any image is read.

use super::entry::Superclasses;
use super::{Dataset, ImageShape};

/// Facts of a data set: from the catalogue, or found on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The shape of every image; of the first, where only that was looked at.
    pub shape: ImageShape,
    /// How many classes there are.
    pub class_count: usize,
    /// Their names in the order of their labels, where they are known.
    pub classes: Option<Vec<String>>,
    /// Their groups.
    pub superclasses: Option<Superclasses>,
    /// How many training examples there are.
    pub train_size: usize,
    /// How many test examples there are.
    pub test_size: usize,
    /// How many training examples each class has, where that is known.
    pub train_per_class: Option<Vec<usize>>,
    /// How many test examples each class has, where that is known.
    pub test_per_class: Option<Vec<usize>>,
    /// A digest that changes with the content, for a data set of one's own.
    pub digest: Option<String>,
}

impl Facts {
    /// The facts of a data set that is in the catalogue or, with some classes, made on the spot.
    pub fn known(dataset: Dataset, synthetic_classes: usize) -> Option<Self> {
        if dataset == Dataset::Synthetic {
            return Some(Self {
                shape: ImageShape { channels: 3, height: 32, width: 32 },
                class_count: synthetic_classes,
                classes: None,
                superclasses: None,
                train_size: 20_000,
                test_size: 2_000,
                train_per_class: None,
                test_per_class: None,
                digest: None,
            });
        }
        let entry = dataset.entry()?;
        let names = || entry.classes.iter().map(|&name| name.to_owned()).collect();
        Some(Self {
            shape: entry.shape,
            class_count: entry.class_count,
            classes: (!entry.classes.is_empty()).then(names),
            superclasses: entry.superclasses,
            train_size: entry.train_size,
            test_size: entry.test_size,
            train_per_class: Some(entry.train_per_class.to_vec()),
            test_per_class: Some(entry.test_per_class.to_vec()),
            digest: None,
        })
    }

    /// How many labels there are of each class.
    pub fn per_class(labels: &[u16], class_count: usize) -> Vec<usize> {
        let mut counts = vec![0; class_count];
        for &label in labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }
}
