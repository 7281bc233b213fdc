//! Label noise. Every draw belongs to an index of the full training set, so that a subset has the same noise as any
//! larger one.

use anyhow::Result;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::label_file;
use super::relabel::Relabel;
use crate::seed::{Purpose, Stream, named_stream};
use crate::spec::Noise;

/// Which examples are corrupted. Training and validation have independent draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Corrupted {
    /// Training examples.
    Training,
    /// Validation examples.
    Validation,
}

impl Corrupted {
    /// Names of the random streams of its draws, and of its permutation.
    fn streams(self) -> [&'static str; 2] {
        match self {
            Self::Training => ["0", "permutation"],
            Self::Validation => ["validation", "validation permutation"],
        }
    }
}

/// Labels after corruption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Given labels, `[count]`.
    pub given: Vec<u16>,
    /// Which of them are wrong, `[count]`.
    pub corrupted: Vec<bool>,
}

impl Labels {
    /// Compares given labels with true ones.
    fn new(given: Vec<u16>, truth: &[u16]) -> Self {
        let corrupted = given.iter().zip(truth).map(|(given, truth)| given != truth).collect();
        Self { given, corrupted }
    }

    /// CSV of the wrong labels, with their indices in the full training set.
    pub fn corrupted_table(&self, indices: &[usize], truth: &[u16]) -> String {
        let wrong = indices.iter().enumerate().filter(|(at, _)| self.corrupted[*at]);
        let rows = wrong.map(|(at, index)| format!("{index},{},{}\n", truth[at], self.given[at]));
        std::iter::once("index,true_label,given_label\n".to_owned()).chain(rows).collect()
    }

    /// Number of wrong labels.
    pub fn corrupted_count(&self) -> usize {
        self.corrupted.iter().filter(|&&corrupted| corrupted).count()
    }

    /// Fraction of wrong labels: the realised noise rather than the requested noise.
    pub fn realised_fraction(&self) -> f64 {
        self.corrupted_count() as f64 / self.given.len() as f64
    }
}

/// Input of label noise.
#[derive(Clone, Copy)]
pub(super) struct Truth<'a> {
    /// True label of each example of the full training set; `None` if the task does not use its class.
    pub(super) full: &'a [Option<u16>],
    /// How many of them are training examples; a data set's own validation examples follow.
    pub(super) training: usize,
    /// Indices of the task's examples.
    pub(super) indices: &'a [usize],
    /// The task's labels, and the names that a label file may use.
    pub(super) relabel: &'a Relabel,
}

/// Corrupts a fraction of the labels, or takes all labels from a file.
pub(super) fn corrupt(
    truth: &Truth<'_>,
    noise: &Noise,
    fraction: f64,
    (seed, corrupted): (u64, Corrupted),
) -> Result<Labels> {
    let of = |index: &usize| truth.full[*index].expect("a task draws of its own classes");
    let labels: Vec<u16> = truth.indices.iter().map(of).collect();
    let classes = truth.relabel.classes.len() as u16;
    let [name, permutation] = corrupted.streams();
    let mut stream = named_stream(seed, Purpose::Noise, name);
    let mut draws = || (stream.random::<f64>(), stream.random_range(1..classes.max(2)));
    let given = match noise {
        Noise::File(path) => label_file::labels(path, truth.training, truth.indices, truth.relabel)?,
        Noise::Permutation => {
            permuted(truth, fraction, &mut named_stream(seed, Purpose::Noise, permutation), &mut draws)
        }
        Noise::Uniform | Noise::UniformAll | Noise::Pairs => {
            let draws: Vec<(f64, u16)> = truth.full.iter().map(|_| draws()).collect();
            let anew = |(&label, &index): (&u16, &usize)| match (draws[index], noise) {
                ((chance, _), _) if chance >= fraction => label,
                (_, Noise::Pairs) => (label + 1) % classes,
                ((_, offset), Noise::Uniform) => (label + offset) % classes,
                // Given chance < fraction, the same number is uniform over the labels.
                ((chance, _), _) => ((chance / fraction * f64::from(classes)) as u16).min(classes - 1),
            };
            labels.iter().zip(truth.indices).map(anew).collect()
        }
    };
    Ok(Labels::new(given, &labels))
}

/// Permutes the labels of the noisy part of the full set.
fn permuted(truth: &Truth<'_>, fraction: f64, places: &mut Stream, draws: &mut dyn FnMut() -> (f64, u16)) -> Vec<u16> {
    let mut full = truth.full.to_vec();
    let noisy: Vec<usize> = (0..full.len()).filter(|&index| draws().0 < fraction && full[index].is_some()).collect();
    let mut labels: Vec<Option<u16>> = noisy.iter().map(|&index| full[index]).collect();
    labels.shuffle(places);
    noisy.iter().zip(labels).for_each(|(&index, label)| full[index] = label);
    truth.indices.iter().map(|&index| full[index].expect("it has its class's label, or another's")).collect()
}
