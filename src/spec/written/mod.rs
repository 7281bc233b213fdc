//! The keys of a spec. This is their only list: validation, the resolved spec, the JSON schema and `configs/README.md`
//! are all generated from it. The doc comment of a key is what the user reads.
//!
//! An `Option` is a key whose default depends on other keys; `defaults` fills it.

mod checkpoint;
mod compute;
mod scalars;
mod task;
mod train;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::correct::Correct;
use super::transfer_choices::{FrozenNorm, UnfrozenInit};
use crate::blueprint::{Granularity, NetworkTable};

pub(super) use checkpoint::{Branches, Checkpoints, Keep};
pub(super) use compute::{Compute, MemoryFormat, Precision};
pub(super) use scalars::{CountOrLog, Device, LayersOrAll, Threads};
pub(super) use task::{ClassName, Fit, Labelling, NoiseKind, Normalise, Size, Task, TestFolder};
pub(super) use train::{Augment, Optimizer, Schedule, Train};

/// A freezewise spec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Written {
    /// Name of the folder under `--out` that holds the run.
    #[schemars(extend("x-default" = "the spec file's name", "x-identity" = false))]
    pub(super) name: Option<String>,
    /// Random seed of the target phase.
    pub(super) seed: u64,
    /// Device to train on: `auto`, `cpu`, `cuda` or `cuda:N`. It is an error if the named device is not available.
    #[schemars(extend("x-identity" = false))]
    pub(super) device: Device,
    /// Floating-point precision: `auto`, `fp32`, `bf16`, and on CUDA also `tf32` or `fp16`. `auto` is `bf16` on GPUs
    /// of compute capability 8.0 and newer, on CPUs with AMX, and on CPUs with AVX-512 BF16 except for transformers
    /// narrower than 256; otherwise, and for a ResNet narrower than 16 or a DenseNet of a growth below 8 on a CPU, `fp32`.
    pub(super) precision: Precision,
    /// Number of CPU threads; `auto` takes the number allotted by the environment.
    #[schemars(extend("x-identity" = false))]
    pub(super) threads: Threads,
    /// Height and width that the images of both tasks are resized to: by area averaging when shrinking, bicubic when
    /// enlarging. Required where the image sizes of the tasks differ, or those within a folder.
    #[schemars(range(min = 4, max = 1024), extend("x-unit" = "pixels", "x-default" = "the data sets' own"))]
    pub(super) image_size: Option<u64>,
    /// How to make images square: `crop` takes the centre, `squeeze` scales the whole image without keeping its aspect
    /// ratio.
    pub(super) image_fit: Fit,
    /// Colour channels of the images of both tasks: 3, or 1 for greyscale. Required where the tasks differ. Colour
    /// becomes grey by its luma (ITU-R BT.601); grey becomes three equal channels.
    #[schemars(range(min = 1, max = 3), extend("x-default" = "the data sets' own"))]
    pub(super) channels: Option<u64>,
    /// Separate seeds by purpose.
    pub(super) seeds: Seeds,
    /// The network of both tasks; each task has its own head.
    pub(super) network: NetworkTable,
    /// The task to pretrain on, or weights from a file. Without this table there is no pretraining: the target trains
    /// from scratch, or with frozen layers on a frozen random prefix.
    pub(super) source: Option<Source>,
    /// The task to fine-tune on.
    pub(super) target: Task,
    /// Which layers are transferred from source to target, and which stay frozen.
    pub(super) transfer: Transfer,
    /// When and what to evaluate.
    pub(super) evaluate: Evaluate,
    /// Speed, memory use and determinism. The results differ at most by floating-point rounding.
    pub(super) compute: Compute,
    /// When to write checkpoints, from which an interrupted run resumes.
    pub(super) checkpoint: Checkpoints,
    /// Controls that start from checkpoints of target training and leave it unchanged; results go to `branches.csv`.
    pub(super) branches: Branches,
    /// The built-in task `synthetic`, which needs no files. Its images show a few small patterns (parts) on a cluttered
    /// background; a class is a set of parts.
    pub(super) synthetic: Option<Synthetic>,
}

/// Separate seeds by purpose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Seeds {
    /// Seed of the whole source phase. It does not follow `seed`, so that runs with different seeds can share one
    /// source.
    pub(super) source: u64,
    /// Seed of the initial weights of the head and of all layers that are not transferred.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) init: Option<u64>,
    /// Seed of the draw of training examples.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) subset: Option<u64>,
    /// Seed of label noise and of random labels.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) noise: Option<u64>,
    /// Seed of the order of training examples in each epoch.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) order: Option<u64>,
    /// Seed of data augmentation.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) augment: Option<u64>,
    /// Seed of dropout.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) dropout: Option<u64>,
}

/// The task to pretrain on, or weights in its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Source {
    /// Safetensors file with pretrained weights for this network, instead of training a source: written by `freezewise
    /// weights import`, or with torchvision's parameter names. The head in it is ignored.
    #[schemars(extend("x-default" = "none: train the source"))]
    pub(super) weights: Option<String>,
    #[serde(flatten)]
    pub(super) task: Task,
}

/// What is transferred and what stays frozen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Transfer {
    /// Number k of frozen layers, counted from the input: 0 fine-tunes everything, `all` trains only the head.
    #[schemars(extend("x-unit" = "layers"))]
    pub(super) frozen_layers: LayersOrAll,
    /// Names of the layers to freeze, instead of `frozen_layers`; `*` matches any characters, as in `["stem",
    /// "layer3.*"]`. Every pattern must match a layer. The backward pass skips frozen layers that come before the first
    /// trainable one.
    pub(super) frozen: Vec<String>,
    /// What counts as one layer: a `block` (stem, residual block, dense layer, encoder block), or a `sublayer` (each
    /// convolution with its norm, each attention, each MLP).
    pub(super) granularity: Granularity,
    /// Statistics of batch norm in frozen layers: the running statistics of the `source`; statistics of the `target`'s
    /// training images, computed once; or those of each `batch`, as in PyTorch with only `requires_grad = False`.
    #[schemars(extend("x-default" = "`source`; `target` without a source"))]
    pub(super) frozen_norm: Option<FrozenNorm>,
    /// Initial weights of the layers that are not frozen: transferred from the `source`, or `random`.
    #[schemars(extend("x-default" = "`source`; `random` without a source"))]
    pub(super) unfrozen_init: Option<UnfrozenInit>,
}

/// When to evaluate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Evaluate {
    /// Evaluate the target's train and test error after every N epochs, or on a `log` schedule of about 20 evaluations
    /// per factor of 10. The last five epochs of a run are always evaluated, for its summary.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false))]
    pub(super) every: CountOrLog,
    /// Evaluate the train error only at some of the evaluated epochs: every N epochs, or on a `log` schedule. In long
    /// runs with more training than test examples, train error takes most of the evaluation time. The last epoch always
    /// has a train error.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false, "x-default" = "same as `every`"))]
    pub(super) train_every: Option<CountOrLog>,
    /// Also evaluate averaged weights: an exponential moving average with this half-life, in steps (integer) or as a
    /// fraction of the budget. A peak that disappears under averaging was optimizer noise. To test a peak, use at most
    /// a tenth of the steps between the first minimum and the peak. Batch norm is re-estimated on at most 4,000
    /// training images before each evaluation. Training itself does not change.
    #[schemars(extend("x-unit" = "steps", "x-identity" = false, "x-default" = "none: not measured"))]
    pub(super) averaged_half_life: Option<HalfLife>,
    /// Evaluated epochs at which `correct/` stores one bit per test image, set where it was classified correctly:
    /// `all`, `log` (log-spaced epochs and the last five), or `off`.
    #[schemars(extend("x-identity" = false))]
    pub(super) correct: Correct,
    /// Whether to store the same for the training images, against the labels used in training.
    #[schemars(extend("x-identity" = false))]
    pub(super) correct_train: bool,
    /// Whether to record after every epoch the norms of the trainable weights, of the head, and of the distance from
    /// the initial (or transferred) weights, and the mean gradient norm.
    #[schemars(extend("x-identity" = false))]
    pub(super) norms: bool,
}

/// A half-life in steps, or as a fraction of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum HalfLife {
    /// In steps.
    Steps(#[schemars(range(min = 1, max = 1_000_000_000))] u64),
    /// As a fraction of the budget.
    Share(#[schemars(range(min = 0.000_001, max = 1.0))] f64),
}

/// The built-in synthetic task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Synthetic {
    /// How similar the parts of the target are to those of the source: 1 for identical, 0 for unrelated.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(super) latent_similarity: f64,
    /// Number of classes of each task.
    #[schemars(range(min = 2, max = 100), extend("x-unit" = "classes"))]
    pub(super) classes: u64,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self { latent_similarity: 0.5, classes: 10 }
    }
}
