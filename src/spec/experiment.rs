//! A validated experiment: every value is resolved, and no key with a default is optional any more.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checkpoints::{Branches, Checkpoints};
use super::compute::Compute;
use super::data::Data;
use super::procedure::{Evaluation, Training};
use crate::blueprint::{Architecture, Blueprint, FrozenSet, Granularity, ImageShape};
use crate::catalogue::Superclasses;

/// One experiment: source, target, network and frozen layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Name of the folder that holds the run.
    pub name: String,
    /// The device to train on.
    pub device: DeviceChoice,
    /// Precision, memory layout and kernels.
    pub compute: Compute,
    /// CPU threads; `None`: the number allotted by the environment, known only at run time.
    pub threads: Option<usize>,
    /// The network.
    pub architecture: Architecture,
    /// Shape of the images of both tasks.
    pub image: ImageShape,
    /// How images of another aspect ratio are fitted.
    pub fit: Fit,
    /// Origin of the transferred weights; `None`: training from scratch.
    pub source: Option<Source>,
    /// The task to fine-tune on.
    pub target: Task,
    /// What is transferred and what stays frozen.
    pub transfer: Transfer,
    /// When the target is evaluated.
    pub evaluation: Evaluation,
    /// When to write checkpoints.
    pub checkpoints: Checkpoints,
    /// Branches from the target's checkpoints.
    pub branches: Branches,
}

/// Origin of the transferred weights.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A network pretrained on a task.
    Task(Box<Task>),
    /// A safetensors file.
    Weights(PathBuf),
}

/// The device to train on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU if available, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU with this index.
    Cuda(usize),
}

/// A data set, the part of it to use, and how to train on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Where the images come from.
    pub data: Data,
    /// Which classes and which part of the data set.
    pub selection: Selection,
    /// Number C of classes.
    pub classes: usize,
    /// Number of training examples of the selected classes and part, including those held out for validation.
    pub pool: usize,
    /// Number n of training examples to draw.
    pub train_size: usize,
    /// How they are drawn.
    pub draw: Draw,
    /// Number of test examples.
    pub test_size: usize,
    /// Number of examples held out for validation.
    pub validation_size: usize,
    /// Fraction of validation labels to corrupt.
    pub validation_noise: f64,
    /// Which labels the examples have before any is corrupted.
    pub labelling: Labelling,
    /// Fraction of training labels to corrupt.
    pub label_noise: f64,
    /// What replaces corrupted labels.
    pub noise: Noise,
    /// Normalisation of pixels.
    pub normalise: Normalise,
    /// How to train.
    pub training: Training,
    /// Seeds of the task's random streams.
    pub seeds: Seeds,
}

/// The classes and the part of a data set that a task uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Classes of the data set, in increasing order.
    pub classes: Vec<usize>,
    /// The superclass of each class, where superclasses are the labels.
    pub groups: Option<Superclasses>,
    /// The part of the training examples.
    pub part: DisjointPart,
}

/// Part `index` of `of` disjoint parts of the training examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisjointPart {
    /// Index of the part, from 0.
    pub index: usize,
    /// Number of parts.
    pub of: usize,
}

/// How training examples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Uniformly.
    Plain,
    /// Equally many from each class.
    Balanced,
}

/// Which labels the examples have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labelling {
    /// Those of the data set.
    DataSet,
    /// Random labels, drawn for each index of the data set.
    Random,
}

/// What replaces a corrupted label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noise {
    /// A uniformly random wrong label.
    Uniform,
    /// A uniformly random label, possibly the true one.
    UniformAll,
    /// The label of another corrupted example.
    Permutation,
    /// The next class.
    Pairs,
    /// All labels come from a file.
    File(PathBuf),
}

/// How pixels are normalised.
#[derive(Clone, Debug, PartialEq)]
pub enum Normalise {
    /// By mean and deviation of the task's own training examples.
    Subset,
    /// By those of the source's training examples.
    Source,
    /// By given values per channel, for pixels in [0, 1].
    Given {
        /// Mean of each channel.
        mean: Vec<f64>,
        /// Standard deviation of each channel.
        deviation: Vec<f64>,
    },
}

/// Mean and standard deviation by which each channel is normalised, for pixels in [0, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of each channel.
    pub mean: Vec<f64>,
    /// Population standard deviation of each channel.
    pub deviation: Vec<f64>,
}

/// How images of another aspect ratio are fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Not at all: every image must have the shape.
    Exact,
    /// The centre is cropped.
    Crop,
    /// The whole image is scaled without keeping its aspect ratio.
    Squeeze,
}

/// Seeds of a task's random streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Initial weights.
    pub initial: u64,
    /// Draw of training examples.
    pub subset: u64,
    /// Label noise.
    pub noise: u64,
    /// Order of examples.
    pub order: u64,
    /// Augmentation.
    pub augment: u64,
    /// Dropout.
    pub dropout: u64,
}

/// What is transferred from source to target, and what stays frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What counts as one layer.
    pub granularity: Granularity,
    /// The frozen layers; k is their number.
    pub frozen: FrozenSet,
    /// Batch norm statistics of frozen layers.
    pub frozen_norm: FrozenNorm,
    /// Initial weights of layers that are not frozen.
    pub unfrozen_init: UnfrozenInit,
}

/// Batch norm statistics of frozen layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrozenNorm {
    /// Running statistics of the source.
    Source,
    /// Statistics of the target's training images, computed once.
    Target,
    /// Statistics of each batch; running statistics keep moving.
    Batch,
}

/// Initial weights of layers that are not frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnfrozenInit {
    /// Transferred from the source.
    Source,
    /// Random.
    Random,
}

impl Transfer {
    /// Whether layer `layer` of `freezable` is transferred from the source. The head never is.
    pub fn copies(&self, layer: usize, freezable: usize) -> bool {
        layer < freezable && (self.frozen.has(layer) || self.unfrozen_init == UnfrozenInit::Source)
    }
}

impl Experiment {
    /// Whether a source is trained, rather than loaded from a weights file.
    pub fn trains_source(&self) -> bool {
        matches!(self.source, Some(Source::Task(_)))
    }

    /// The network for a task.
    ///
    /// # Panics
    ///
    /// If the sizes are inconsistent, which validation of the spec rules out.
    pub fn blueprint(&self, task: &Task) -> Blueprint {
        let blueprint = Blueprint::new(&self.architecture, self.transfer.granularity, self.image, task.classes);
        blueprint.expect("validation rejects inconsistent sizes")
    }
}

impl fmt::Display for FrozenNorm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::Batch => "batch",
        })
    }
}
