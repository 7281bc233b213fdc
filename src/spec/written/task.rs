//! The keys of a task, `[source]` or `[target]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Train;

/// A data set, what is taken of it, and how to train on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Task {
    /// The data set: `cifar10`, `cifar100`, `mnist`, `fashion-mnist`, `kmnist`, `tiny-imagenet` or `synthetic`, or one
    /// of your own at `path`: a `folder` with `train/<class>/` and `val/<class>/` or `test/<class>/` of PNG and JPEG
    /// files, or an `npz` file of arrays.
    #[schemars(extend("x-default" = "none: it must be given"))]
    pub(in crate::spec) dataset: String,
    /// `folder`, `npz`: where it is, from the data folder on. A run is named by what is
    /// there, not by the path: an `npz` by its bytes, a `folder` by the names and sizes of its files.
    #[schemars(extend("x-default" = "none: needed with `folder` and `npz`"))]
    pub(in crate::spec) path: Option<String>,
    /// `npz`: the names of training images, training labels, test images and test labels; with two more, such as `MedMNIST`'s
    /// `val_images` and `val_labels`, the file's own validation examples, in place of those that `validation_size` holds out.
    #[schemars(extend(
        "x-default" = "`train_images`, `train_labels`, `test_images`, `test_labels`, or `x_train`, `y_train`, `x_test`, `y_test`"
    ))]
    pub(in crate::spec) arrays: Option<Vec<String>>,
    /// `folder`: which folder holds the test images, where there are both `val` and `test`.
    #[schemars(extend("x-default" = "the one that is there"))]
    pub(in crate::spec) test_folder: Option<TestFolder>,
    /// `folder`, `tiny-imagenet`: leave out files that are no images, or damaged ones, and list them in `run.json`.
    /// Otherwise they are an error, as is in any case a file that the system does not let be read.
    pub(in crate::spec) skip_bad_files: bool,
    /// The classes to take: names in quotes, numbers from 0 without, ranges of numbers such as `"0-49"`, parts of all
    /// classes in their order such as `"1/2"`, or names of superclasses. They are numbered anew, in the data set's order;
    /// the classes of a `folder` are in the order of their names as text: `0`, `1`, `10`, `2`. An entry that can be read
    /// in two ways is an error, such as the number of one class that is the name of another: then give names in quotes.
    #[schemars(extend("x-default" = "all"))]
    pub(in crate::spec) classes: Vec<ClassName>,
    /// What is learned: the `class`; the `superclass` that CIFAR-100 has for each; or, to measure capacity, nothing,
    /// `random`: each image, of training, validation and test alike, has a label drawn once for its index in the data set
    /// (by `seeds.noise`), each class as likely. Which images are drawn is as with `class`.
    pub(in crate::spec) labels: Labelling,
    /// Part `"i/m"` of the training examples: the data set is dealt into m parts with each class shared evenly. The parts
    /// are the same for every seed and whatever `classes` and `labels` are, so that of one m those of source and target
    /// are disjoint.
    #[schemars(extend("x-default" = "all of them"))]
    pub(in crate::spec) split: Option<String>,
    /// How many training examples to draw: a number, a fraction of those there are, such as `0.1`, a number of each
    /// class that is learned, such as `"50 per class"` (of each superclass where those are the labels), or `"all"`.
    /// Smaller draws of one seed are part of larger ones.
    #[schemars(extend("x-unit" = "examples", "x-default" = "`\"all\"`"))]
    pub(in crate::spec) train_size: Size,
    /// Whether as many examples of each class that is learned are drawn (to within one), instead of at random.
    pub(in crate::spec) balanced: bool,
    /// How many training examples are held out to choose an epoch by: drawn before any subset, so the same for every
    /// n, each class (and superclass) with its share to within one. `train_size` does not count them.
    #[schemars(range(max = 1_000_000_000), extend("x-unit" = "examples"))]
    pub(in crate::spec) validation_size: u64,
    /// The share of validation labels that is corrupted, as `label_noise_kind` says (`uniform` beside `label_file`) and by
    /// draws of their own: for those who have no clean labels to choose an epoch by. With 0 they are true.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(in crate::spec) validation_noise: f64,
    /// The share of training labels that is corrupted, once, drawn for each index of the full training set. Test labels
    /// stay.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(in crate::spec) label_noise: f64,
    /// What a corrupted label becomes: a wrong one, each as likely, `uniform`; any one, the true one too,
    /// `uniform-all`; that of another corrupted example of the full training set, `permutation`; that of the next
    /// class, `pairs`.
    pub(in crate::spec) label_noise_kind: NoiseKind,
    /// In place of `label_noise`: a file with a label for each example of the data set's full training set, such as
    /// human annotations: a class's number or name on each line, or an `.npy` array of numbers. A number that is also the
    /// name of another class (or, where superclasses are the labels, the number of one with another label) is an error:
    /// write names in quotes, one a line. The path is relative to the folder that the command runs in.
    #[schemars(extend("x-default" = "none"))]
    pub(in crate::spec) label_file: Option<String>,
    /// By which mean and deviation of each channel pixels become the network's input: those of the `source`'s training
    /// examples, of the task's own `subset`, or `given` ones.
    #[schemars(extend("x-default" = "a target with a trained source: `source`; else `subset`"))]
    pub(in crate::spec) normalisation: Option<Normalise>,
    /// `given`: the mean of each channel, pixels going from 0 to 1.
    #[schemars(extend("x-default" = "none: needed with `given`"))]
    pub(in crate::spec) normalisation_mean: Option<Vec<f64>>,
    /// `given`: the standard deviation of each channel.
    #[schemars(extend("x-default" = "none: needed with `given`"))]
    pub(in crate::spec) normalisation_deviation: Option<Vec<f64>>,
    /// How to train.
    pub(in crate::spec) train: Train,
}

/// A number of examples, in one of its forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum Size {
    /// So many.
    Count(#[schemars(range(min = 1, max = 1_000_000_000))] u64),
    /// A share.
    Fraction(#[schemars(range(min = 0.0, max = 1.0))] f64),
    /// `all`, or `N per class`.
    Words(String),
}

impl Default for Size {
    fn default() -> Self {
        Self::Words("all".into())
    }
}

/// A class, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::spec) enum ClassName {
    /// By its number.
    Number(u64),
    /// By a name, a range or a part.
    Words(String),
}

/// How images are made to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Fit {
    /// The middle.
    #[default]
    Crop,
    /// The whole.
    Squeeze,
}

/// The folder of the test images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum TestFolder {
    /// `val`.
    Val,
    /// `test`.
    Test,
}

/// What is learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Labelling {
    /// The class.
    #[default]
    Class,
    /// Its group.
    Superclass,
    /// None: a random one.
    Random,
}

/// What a corrupted label becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum NoiseKind {
    /// A wrong one.
    #[default]
    Uniform,
    /// Any one.
    UniformAll,
    /// Another corrupted example's.
    Permutation,
    /// The next class's.
    Pairs,
}

/// Statistics that pixels are normalised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Normalise {
    /// The source's.
    Source,
    /// The task's own.
    Subset,
    /// Those that are given.
    Given,
}
