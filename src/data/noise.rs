//! Label noise. Every draw belongs to an index of the full training set, so that the noise of a subset is that of any
//! larger one.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::npy;
use crate::error::UserError;
use crate::seed::{Purpose, named_stream, stream};
use crate::spec::Noise;
use crate::text;

/// A file of labels for a data set of millions is far smaller.
const LARGEST_FILE: u64 = 256 << 20;

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
pub(super) struct Truth<'a> {
    /// The true label of each example of the full training set; none where the task leaves its class out.
    pub(super) full: &'a [Option<u16>],
    /// The task's training examples among them.
    pub(super) indices: &'a [usize],
    /// The names of the task's classes.
    pub(super) classes: &'a [String],
    /// The class in the task of each of the data set's own, and those names: what a file of labels may speak of.
    pub(super) own: (&'a [Option<u16>], &'a [String]),
}

/// The labels to train on: those of `fraction` of the examples are drawn anew, or all come from a file.
pub(super) fn corrupt(truth: &Truth<'_>, noise: &Noise, fraction: f64, seed: u64) -> Result<Labels> {
    let of = |index: &usize| truth.full[*index].expect("a task draws of its own classes");
    let labels: Vec<u16> = truth.indices.iter().map(of).collect();
    let classes = truth.classes.len() as u16;
    let mut stream = stream(seed, Purpose::Noise, 0);
    let mut draws = || (stream.random::<f64>(), stream.random_range(1..classes.max(2)));
    let given = match noise {
        Noise::File(path) => from_file(truth, path)?,
        Noise::Permutation => permuted(truth, fraction, seed, &mut draws),
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
fn permuted(truth: &Truth<'_>, fraction: f64, seed: u64, draws: &mut dyn FnMut() -> (f64, u16)) -> Vec<u16> {
    let mut full = truth.full.to_vec();
    let noisy: Vec<usize> = (0..full.len()).filter(|&index| draws().0 < fraction && full[index].is_some()).collect();
    let mut labels: Vec<Option<u16>> = noisy.iter().map(|&index| full[index]).collect();
    labels.shuffle(&mut named_stream(seed, Purpose::Noise, "permutation"));
    noisy.iter().zip(labels).for_each(|(&index, label)| full[index] = label);
    truth.indices.iter().map(|&index| full[index].expect("it has its class's label, or another's")).collect()
}

/// Labels of the full training set, in its order, from a file.
fn from_file(truth: &Truth<'_>, path: &Path) -> Result<Vec<u16>> {
    let wrong = |cause: String| UserError::new(format!("cannot read the labels `{}`: {cause}", path.display()));
    let bytes = super::files::read_whole(path, LARGEST_FILE).map_err(|error| wrong(error.to_string()))?;
    let (own, names) = truth.own;
    let all = parse(&bytes, names).map_err(|cause| {
        wrong(cause).hint(format!("a line is a number from 0 to {} or a class's name", names.len() - 1))
    })?;
    if all.len() != truth.full.len() {
        let (found, wanted) = (text::grouped(all.len() as u64), text::grouped(truth.full.len() as u64));
        let message = format!("it has {found} labels, and the full training set {wanted} examples");
        return Err(wrong(message).hint("a label for each training example of the data set, in its order").into());
    }
    let label = |&index: &usize| {
        own[all[index]].ok_or_else(|| {
            let name = &names[all[index]];
            wrong(format!("example {index} has class `{name}`, which the task leaves out"))
                .hint("let `classes` have it, or give the example another label")
                .into()
        })
    };
    truth.indices.iter().map(label).collect()
}

/// The classes in a file of labels, by their place in `names`: a class's number or name on each line, or an array of
/// `NumPy`'s.
pub(super) fn parse(bytes: &[u8], names: &[String]) -> Result<Vec<usize>, String> {
    let class = |line: usize, found: Option<usize>, shown: &str| {
        found
            .filter(|&class| class < names.len())
            .ok_or_else(|| format!("line {line} is `{}`, and no class", text::shortened(shown)))
    };
    if bytes.starts_with(npy::MAGIC) {
        let numbers = npy::labels(bytes)?.into_iter().enumerate();
        return numbers.map(|(at, number)| class(at + 1, usize::try_from(number).ok(), &number.to_string())).collect();
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is neither text nor an .npy file".to_owned())?;
    let by_name: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let of = |(at, line): (usize, &str)| {
        // Classes may have numbers for names: a name it is where it can be one.
        let own = by_name.get(line.trim()).copied();
        class(at + 1, own.or_else(|| line.trim().parse().ok()), line)
    };
    text.lines().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_where_a_class_has_it() {
        let names = ["10", "2", "a"].map(str::to_owned);
        assert_eq!(parse(b"2\n10\na\n1\n", &names), Ok(vec![1, 0, 2, 1]));
        assert!(parse(b"3", &names).is_err());
    }
}
