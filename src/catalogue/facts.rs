//! What a spec needs to know about a data set before any image is read.

use super::entry::Superclasses;
use super::{Dataset, ImageShape};

/// Facts about a data set, from the catalogue or from disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Shape of every image, or of the first if only that was examined.
    pub shape: ImageShape,
    /// Number of classes.
    pub class_count: usize,
    /// Class names in label order, if known.
    pub classes: Option<Vec<String>>,
    /// Superclasses.
    pub superclasses: Option<Superclasses>,
    /// Number of training examples.
    pub train_size: usize,
    /// Number of test examples.
    pub test_size: usize,
    /// Number of training examples of each class, if known.
    pub train_per_class: Option<Vec<usize>>,
    /// Number of test examples of each class, if known.
    pub test_per_class: Option<Vec<usize>>,
    /// Digest that changes with the content, for the user's own data.
    pub digest: Option<String>,
}

impl Facts {
    /// Facts about a data set in the catalogue, or about the synthetic one with this many classes.
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

    /// Number of labels of each class.
    pub fn per_class(labels: &[u16], class_count: usize) -> Vec<usize> {
        let mut counts = vec![0; class_count];
        for &label in labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }
}
