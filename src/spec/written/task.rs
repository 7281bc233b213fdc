//! The keys of a task, `[source]` or `[target]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Train;

/// A data set, the part of it to use, and how to train on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Task {
    /// The data set: `cifar10`, `cifar100`, `mnist`, `fashion-mnist`, `kmnist`, `tiny-imagenet`, `synthetic`, or your
    /// own at `path`: a `folder` of PNG and JPEG files in `train/<class>/` and in `val/<class>/` or `test/<class>/`, or
    /// an `npz` file of arrays.
    #[schemars(extend("x-default" = "none: required"))]
    pub(in crate::spec) dataset: String,
    /// `folder`, `npz`: path, relative to the data folder. The run is identified by content, not by path: an `npz` by
    /// its bytes, a `folder` by the names and sizes of its files.
    #[schemars(extend("x-default" = "none: required for `folder` and `npz`"))]
    pub(in crate::spec) path: Option<String>,
    /// `npz`: names of the arrays of training images, training labels, test images and test labels. Two more names,
    /// such as `MedMNIST`'s `val_images` and `val_labels`, select the file's own validation set instead of the examples
    /// held out by `validation_size`.
    #[schemars(extend(
        "x-default" = "`train_images`, `train_labels`, `test_images`, `test_labels`, or `x_train`, `y_train`, `x_test`, `y_test`"
    ))]
    pub(in crate::spec) arrays: Option<Vec<String>>,
    /// `folder`: the folder with the test images, required if both `val` and `test` exist.
    #[schemars(extend("x-default" = "the one that exists"))]
    pub(in crate::spec) test_folder: Option<TestFolder>,
    /// `folder`, `tiny-imagenet`: skip files that cannot be decoded and list them in `run.json`, instead of failing.
    /// Files that cannot be read (permissions, disk errors) are always an error.
    pub(in crate::spec) skip_bad_files: bool,
    /// Classes to use: names in quotes, numbers from 0 without quotes, ranges such as `"0-49"`, parts of all classes in
    /// order such as `"1/2"`, or names of superclasses. They are renumbered from 0 in the data set's order; classes of
    /// a `folder` are ordered by name as text: `0`, `1`, `10`, `2`. An ambiguous entry, such as the number of one class
    /// that is also the name of another, is an error: use names in quotes.
    #[schemars(extend("x-default" = "all"))]
    pub(in crate::spec) classes: Vec<ClassName>,
    /// What the network learns: the `class`; CIFAR-100's `superclass`; or `random` labels, to measure capacity: each
    /// training, validation and test image gets a uniformly random label, drawn once per index in the data set (by
    /// `seeds.noise`). The choice of images is the same as with `class`.
    pub(in crate::spec) labels: Labelling,
    /// Part `"i/m"` of the training examples: the data set is split into m disjoint parts with equal shares of each
    /// class. The parts do not depend on the seed, `classes` or `labels`, so a source and a target with different i of
    /// the same m never share an image.
    #[schemars(extend("x-default" = "all"))]
    pub(in crate::spec) split: Option<String>,
    /// Number of training examples to draw: a number, a fraction such as `0.1` (`1` is one example, `1.0` all of them),
    /// a number per class such as `"50 per class"` (per superclass where those are the labels), or `"all"`. With the
    /// same seed, a smaller draw is a subset of a larger one.
    #[schemars(extend("x-unit" = "examples", "x-default" = "`\"all\"`"))]
    pub(in crate::spec) train_size: Size,
    /// Whether to draw equally many examples of each learned class (to within one) instead of drawing uniformly.
    pub(in crate::spec) balanced: bool,
    /// Number of training examples to hold out for validation, for selecting an epoch. Drawn before any subset, so they
    /// are the same for every `train_size` and not counted in it. Each class (and superclass) keeps its share to within
    /// one example.
    #[schemars(range(max = 1_000_000_000), extend("x-unit" = "examples"))]
    pub(in crate::spec) validation_size: u64,
    /// Fraction of validation labels to corrupt, as `label_noise_kind` says (`uniform` with a `label_file`) but
    /// drawn independently, to study selection without clean labels. With 0 they are the true labels.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(in crate::spec) validation_noise: f64,
    /// Fraction of training labels to corrupt, drawn once for each index of the full training set. Test labels are
    /// never corrupted.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(in crate::spec) label_noise: f64,
    /// What replaces a corrupted label: `uniform`, a uniformly random wrong label; `uniform-all`, a uniformly random
    /// label that may be the true one; `permutation`, the label of another corrupted example of the full training set;
    /// `pairs`, the next class.
    pub(in crate::spec) label_noise_kind: NoiseKind,
    /// File with a label for each example of the full training set, such as human annotations, instead of
    /// `label_noise`: one class number or name per line, or an `.npy` array of numbers. A number that is also the name
    /// of another class (or, where superclasses are the labels, the number of a class with another label) is an error:
    /// use names in quotes, one per line. The path is relative to the working directory.
    #[schemars(extend("x-default" = "none"))]
    pub(in crate::spec) label_file: Option<String>,
    /// Mean and standard deviation by which each channel is normalised: those of the `source`'s training examples, of
    /// the task's own `subset`, or `given` ones.
    #[schemars(extend("x-default" = "`source` for a target with a trained source, else `subset`"))]
    pub(in crate::spec) normalisation: Option<Normalise>,
    /// `given`: mean of each channel, for pixels scaled to [0, 1].
    #[schemars(extend("x-default" = "none: required for `given`"))]
    pub(in crate::spec) normalisation_mean: Option<Vec<f64>>,
    /// `given`: standard deviation of each channel, for pixels scaled to [0, 1].
    #[schemars(extend("x-default" = "none: required for `given`"))]
    pub(in crate::spec) normalisation_deviation: Option<Vec<f64>>,
    /// Optimizer, schedule, budget and augmentation.
    pub(in crate::spec) train: Train,
}

/// A number of examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum Size {
    /// This many.
    Count(#[schemars(range(min = 1, max = 1_000_000_000))] u64),
    /// A fraction of the available examples.
    Fraction(#[schemars(range(min = 0.0, max = 1.0))] f64),
    /// `all`, or `N per class`.
    Words(String),
}

impl Default for Size {
    fn default() -> Self {
        Self::Words("all".into())
    }
}

/// One class, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum ClassName {
    /// A class number.
    Number(u64),
    /// A name, a range or a part.
    Words(String),
}

/// How to make an image square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Fit {
    /// The centre of the image.
    #[default]
    Crop,
    /// The whole image, without keeping its aspect ratio.
    Squeeze,
}

/// The folder with the test images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum TestFolder {
    /// `val/`.
    Val,
    /// `test/`.
    Test,
}

/// What the network learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Labelling {
    /// The class.
    #[default]
    Class,
    /// CIFAR-100's superclass.
    Superclass,
    /// Random labels, to measure capacity.
    Random,
}

/// What replaces a corrupted label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum NoiseKind {
    /// A uniformly random wrong label.
    #[default]
    Uniform,
    /// A uniformly random label, possibly the true one.
    UniformAll,
    /// The label of another corrupted example.
    Permutation,
    /// The next class.
    Pairs,
}

/// Which statistics normalise the pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Normalise {
    /// Those of the source's training examples.
    Source,
    /// Those of the task's own training subset.
    Subset,
    /// `normalisation_mean` and `normalisation_deviation`.
    Given,
}
