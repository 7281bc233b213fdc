//! Label noise. Every draw belongs to an index of the full training set, so that the noise of a subset is that of any
//! larger one.

use anyhow::Result;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::label_file;
use super::relabel::Relabel;
use crate::seed::{Purpose, Stream, named_stream};
use crate::spec::Noise;

/// Which examples are corrupted: each have draws of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Corrupted {
    /// Those to train on.
    Training,
    /// Those held out.
    Validation,
}

impl Corrupted {
    /// The names of the streams of its draws, and of a permutation.
    fn streams(self) -> [&'static str; 2] {
        match self {
            Self::Training => ["0", "permutation"],
            Self::Validation => ["validation", "validation permutation"],
        }
    }
}

/// The labels to train on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The labels given, `[count]`.
    pub given: Vec<u16>,
    /// Which of them are wrong, `[count]`.
    pub corrupted: Vec<bool>,
}

impl Labels {
    /// The labels given, against the true ones.
    fn new(given: Vec<u16>, truth: &[u16]) -> Self {
        let corrupted = given.iter().zip(truth).map(|(given, truth)| given != truth).collect();
        Self { given, corrupted }
    }

    /// A table of the wrong ones, with the index of each in the full training set.
    pub fn corrupted_table(&self, indices: &[usize], truth: &[u16]) -> String {
        let wrong = indices.iter().enumerate().filter(|(at, _)| self.corrupted[*at]);
        let rows = wrong.map(|(at, index)| format!("{index},{},{}\n", truth[at], self.given[at]));
        std::iter::once("index,true_label,given_label\n".to_owned()).chain(rows).collect()
    }

    /// How many are wrong.
    pub fn corrupted_count(&self) -> usize {
        self.corrupted.iter().filter(|&&corrupted| corrupted).count()
    }

    /// The share that is wrong: the noise as it fell out, not as it was asked for.
    pub fn realised_fraction(&self) -> f64 {
        self.corrupted_count() as f64 / self.given.len() as f64
    }
}

/// What label noise works on.
#[derive(Clone, Copy)]
pub(super) struct Truth<'a> {
    /// The true label of each example of the full training set; none where the task leaves its class out.
    pub(super) full: &'a [Option<u16>],
    /// The task's examples among them.
    pub(super) indices: &'a [usize],
    /// The task's labels, and what a file of them may speak of.
    pub(super) relabel: &'a Relabel,
}

/// The labels given: those of `fraction` of the examples are drawn anew, or all come from a file.
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
        Noise::File(path) => label_file::labels(path, truth.full.len(), truth.indices, truth.relabel)?,
        Noise::Permutation => {
            permuted(truth, fraction, &mut named_stream(seed, Purpose::Noise, permutation), &mut draws)
        }
        Noise::Uniform | Noise::UniformAll | Noise::Pairs => {
            let draws: Vec<(f64, u16)> = truth.full.iter().map(|_| draws()).collect();
            let anew = |(&label, &index): (&u16, &usize)| match (draws[index], noise) {
                ((chance, _), _) if chance >= fraction => label,
                (_, Noise::Pairs) => (label + 1) % classes,
                ((_, offset), Noise::Uniform) => (label + offset) % classes,
                // The same chance says which label: below the fraction it is uniform there.
                ((chance, _), _) => ((chance / fraction * f64::from(classes)) as u16).min(classes - 1),
            };
            labels.iter().zip(truth.indices).map(anew).collect()
        }
    };
    Ok(Labels::new(given, &labels))
}

/// The labels of the noisy part of the full set change places among themselves.
fn permuted(truth: &Truth<'_>, fraction: f64, places: &mut Stream, draws: &mut dyn FnMut() -> (f64, u16)) -> Vec<u16> {
    let mut full = truth.full.to_vec();
    let noisy: Vec<usize> = (0..full.len()).filter(|&index| draws().0 < fraction && full[index].is_some()).collect();
    let mut labels: Vec<Option<u16>> = noisy.iter().map(|&index| full[index]).collect();
    labels.shuffle(places);
    noisy.iter().zip(labels).for_each(|(&index, label)| full[index] = label);
    truth.indices.iter().map(|&index| full[index].expect("it has its class's label, or another's")).collect()
}
