//! What a spec means: every value fixed, nothing optional that has a default.

use std::fmt;
use std::path::PathBuf;

use super::compute::Compute;
use super::procedure::{Evaluation, Training};
use crate::blueprint::{Architecture, Blueprint, FrozenSet, Granularity, ImageShape};
use crate::catalogue::Dataset;

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
    /// Where the weights that go over come from.
    pub source: Option<Source>,
    /// The task fine-tuned on.
    pub target: Task,
    /// What goes over and what stays frozen.
    pub transfer: Transfer,
    /// After which epochs the target is evaluated.
    pub evaluation: Evaluation,
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

/// A data set and how to train on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Where its images come from.
    pub data: Data,
    /// How many classes it has.
    pub classes: usize,
    /// n: how many training examples are drawn.
    pub train_size: usize,
    /// The share of training labels that is corrupted.
    pub label_noise: f64,
    /// How to train.
    pub training: Training,
    /// What it draws from.
    pub seeds: Seeds,
}

/// Where images come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Data {
    /// Files under the data root.
    Files(Dataset),
    /// Images made on the spot.
    Synthetic {
        /// 1: the parts of the source's images; 0: others. A source has 1.
        latent_similarity: f64,
        /// Whether it is the source's task or the target's.
        side: Side,
    },
}

/// Which of the two tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The task pretrained on.
    Source,
    /// The task fine-tuned on.
    Target,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrozenNorm {
    /// The source's running ones.
    Source,
    /// Those of the target's training images, computed once.
    Target,
    /// Each batch's, the running ones moving on.
    Batch,
}

/// Where the layers that train start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfrozenInit {
    /// At the source's weights.
    Source,
    /// At initial weights.
    Random,
}

impl Data {
    /// The data set it is from.
    pub fn dataset(self) -> Dataset {
        match self {
            Self::Files(dataset) => dataset,
            Self::Synthetic { .. } => Dataset::Synthetic,
        }
    }
}

impl Experiment {
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
