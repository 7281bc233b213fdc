//! What a spec means: every value fixed, nothing optional that has a default.

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

/// One experiment: a source, a target, a network and what stays frozen.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// The folder that holds the run.
    pub name: String,
    /// Where to compute.
    pub device: DeviceChoice,
    /// How to compute.
    pub compute: Compute,
    /// CPU threads; `None` takes what the environment allots, which is known only when it runs.
    pub threads: Option<usize>,
    /// The network.
    pub architecture: Architecture,
    /// The shape of the images of both tasks.
    pub image: ImageShape,
    /// How images of other proportions come to have it.
    pub fit: Fit,
    /// Where the weights that go over come from.
    pub source: Option<Source>,
    /// The task fine-tuned on.
    pub target: Task,
    /// What goes over and what stays frozen.
    pub transfer: Transfer,
    /// After which epochs the target is evaluated.
    pub evaluation: Evaluation,
    /// When the state of a training is kept.
    pub checkpoints: Checkpoints,
    /// What is tried on the target's states.
    pub branches: Branches,
}

/// Where a target's first weights come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A network trained on a task.
    Task(Box<Task>),
    /// A safetensors file.
    Weights(PathBuf),
}

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU where there is one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU of this index.
    Cuda(usize),
}

/// A data set, what is taken of it, and how to train on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Where its images come from.
    pub data: Data,
    /// Which of its classes, which part of it.
    pub selection: Selection,
    /// How many classes the task has.
    pub classes: usize,
    /// How many training examples there are of its classes in its part of the data set, those held out included.
    pub pool: usize,
    /// n: how many training examples are drawn.
    pub train_size: usize,
    /// How they are drawn.
    pub draw: Draw,
    /// How many test examples there are.
    pub test_size: usize,
    /// How many examples are held out for validation.
    pub validation_size: usize,
    /// The share of their labels that is drawn anew.
    pub validation_noise: f64,
    /// Whose labels examples have before any is drawn anew.
    pub labelling: Labelling,
    /// The share of training labels that is drawn anew.
    pub label_noise: f64,
    /// How they are.
    pub noise: Noise,
    /// What makes pixels into the network's input.
    pub normalise: Normalise,
    /// How to train.
    pub training: Training,
    /// What it draws from.
    pub seeds: Seeds,
}

/// What of a data set a task is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The data set's classes that it takes, rising.
    pub classes: Vec<usize>,
    /// The group of each of the data set's classes, where groups are the labels.
    pub groups: Option<Superclasses>,
    /// The part of the training examples that it has for itself.
    pub part: DisjointPart,
}

/// One of some disjoint parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisjointPart {
    /// Which, from 0.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

/// How training examples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// As they come.
    Plain,
    /// As many of each class.
    Balanced,
}

/// Whose labels examples have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labelling {
    /// The data set's.
    DataSet,
    /// Random ones, drawn for each index of the data set.
    Random,
}

/// How labels are corrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noise {
    /// Into a wrong label, each as likely.
    Uniform,
    /// Into any label, each as likely, the true one among them.
    UniformAll,
    /// The corrupted ones change places among themselves.
    Permutation,
    /// Into that of the next class.
    Pairs,
    /// All labels come from a file.
    File(PathBuf),
}

/// What makes pixels into the network's input.
#[derive(Clone, Debug, PartialEq)]
pub enum Normalise {
    /// Mean and deviation of the task's own training examples.
    Subset,
    /// Those of the source.
    Source,
    /// Given ones, by channel, in units of the full range.
    Given {
        /// What is subtracted.
        mean: Vec<f64>,
        /// What is divided by.
        deviation: Vec<f64>,
    },
}

/// What is subtracted from each colour and what it is divided by, in units of the full range 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean by channel.
    pub mean: Vec<f64>,
    /// Standard deviation by channel, of the population.
    pub deviation: Vec<f64>,
}

/// How images of other proportions are made to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// They are not: all must have the shape.
    Exact,
    /// The middle is cut out.
    Crop,
    /// The whole is squeezed.
    Squeeze,
}

/// The seeds of a task's random streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Initial weights.
    pub initial: u64,
    /// Training examples.
    pub subset: u64,
    /// Label noise.
    pub noise: u64,
    /// Order of an epoch.
    pub order: u64,
    /// Augmentation.
    pub augment: u64,
    /// Dropout.
    pub dropout: u64,
}

/// What goes from source to target, and what stays frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What counts as one layer.
    pub granularity: Granularity,
    /// Which of them stay frozen; k is how many.
    pub frozen: FrozenSet,
    /// Statistics of frozen batch norms.
    pub frozen_norm: FrozenNorm,
    /// The start of the layers that train.
    pub unfrozen_init: UnfrozenInit,
}

/// Which statistics frozen batch norms use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrozenNorm {
    /// The source's running ones.
    Source,
    /// Those of the target's training images, computed once.
    Target,
    /// Each batch's, the running ones moving on.
    Batch,
}

/// Where the layers that train start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnfrozenInit {
    /// At the source's weights.
    Source,
    /// At initial weights.
    Random,
}

impl Transfer {
    /// Whether a layer starts from the source's weights, of so many that can be frozen. The head never does.
    pub fn copies(&self, layer: usize, freezable: usize) -> bool {
        layer < freezable && (self.frozen.has(layer) || self.unfrozen_init == UnfrozenInit::Source)
    }
}

impl Experiment {
    /// Whether it trains a source, in place of weights from a file.
    pub fn trains_source(&self) -> bool {
        matches!(self.source, Some(Source::Task(_)))
    }

    /// The network of a task.
    ///
    /// # Panics
    ///
    /// Where the sizes do not go together, which the checks of a spec have refused.
    pub fn blueprint(&self, task: &Task) -> Blueprint {
        let blueprint = Blueprint::new(&self.architecture, self.transfer.granularity, self.image, task.classes);
        blueprint.expect("a spec whose sizes do not go together is refused when it is read")
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
