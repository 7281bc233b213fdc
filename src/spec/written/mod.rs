//! The keys of a spec. This page is their only list: the checks, the resolved spec, the JSON schema and
//! `configs/README.md` are all made from it. A comment on a key is what its user reads.
//!
//! An `Option` is a key whose default depends on other keys; `defaults` fills it.

mod checkpoint;
mod compute;
mod network;
mod scalars;
mod task;
mod train;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::experiment::{FrozenNorm, UnfrozenInit};
use super::measures::Correct;
use crate::blueprint::Granularity;

pub(super) use checkpoint::{Branches, Checkpoints, Keep};
pub(super) use compute::{Compute, MemoryFormat, Precision};
pub(super) use network::{Architecture, Network};
pub(super) use scalars::{CountOrLog, Device, LayersOrAll, Threads};
pub(super) use task::{ClassName, Fit, Labelling, NoiseKind, Normalise, Size, Task, TestFolder};
pub(super) use train::{Augment, Optimizer, Schedule, Train};

/// A whole spec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Written {
    /// The folder under `--out` that holds the run.
    #[schemars(extend("x-default" = "the spec file's name", "x-identity" = false))]
    pub(super) name: Option<String>,
    /// The seed of everything random in the target phase.
    pub(super) seed: u64,
    /// Where to compute: `auto`, `cpu`, `cuda` or `cuda:N`. A device that is asked for and absent is an error.
    #[schemars(extend("x-identity" = false))]
    pub(super) device: Device,
    /// In which kind of number to compute: `auto`, `fp32`, `bf16`, and on CUDA `tf32` or `fp16`. `auto` is `bf16` where
    /// that was measured to be faster, else `fp32`: `bf16` on GPUs from compute capability 8.0 on, on CPUs with AMX, and on
    /// those with AVX-512 BF16 but for transformers of a width below 256.
    pub(super) precision: Precision,
    /// How many CPU threads to compute with; `auto` takes what the environment allots.
    #[schemars(extend("x-identity" = false))]
    pub(super) threads: Threads,
    /// Side that the images of both tasks are given: down by area, up by a bicubic filter. Needed where the tasks' own
    /// sizes differ, or those of a folder's images.
    #[schemars(range(min = 4, max = 1024), extend("x-unit" = "pixels", "x-default" = "the data sets' own"))]
    pub(super) image_size: Option<u64>,
    /// What becomes of images that are not square: the middle is cut out, `crop`, or the whole squeezed, `squeeze`.
    pub(super) image_fit: Fit,
    /// Colours of the images of both tasks: 3, or 1 for grey. Needed where the tasks' own differ. Colours become grey
    /// by their luma (ITU-R BT.601), grey becomes three equal colours.
    #[schemars(range(min = 1, max = 3), extend("x-default" = "the data sets' own"))]
    pub(super) channels: Option<u64>,
    /// One seed a purpose, where they are to differ.
    pub(super) seeds: Seeds,
    /// The network that both tasks share, but for its head.
    pub(super) network: Network,
    /// The task to pretrain on, or weights from a file. Without this table there is no pretraining: the target trains
    /// from scratch or, with frozen layers, on a frozen random prefix.
    pub(super) source: Option<Source>,
    /// The task to fine-tune on.
    pub(super) target: Task,
    /// What goes from source to target, and what stays frozen.
    pub(super) transfer: Transfer,
    /// When errors are measured.
    pub(super) evaluate: Evaluate,
    /// How to compute.
    pub(super) compute: Compute,
    /// When the state of a training is kept, so that it can go on after an interruption.
    pub(super) checkpoint: Checkpoints,
    /// Controls that leave from states of the target's training, and do not change it: `branches.csv`.
    pub(super) branches: Branches,
    /// The task named `synthetic`, which needs no files. Its images show a few small patterns, the parts, on a
    /// cluttered ground; a class is a set of parts.
    pub(super) synthetic: Option<Synthetic>,
}

/// One seed a purpose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Seeds {
    /// Everything random in the source phase, so that runs of many seeds may share one source.
    pub(super) source: u64,
    /// Initial weights of the head and of layers that start anew.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) init: Option<u64>,
    /// Which training examples are drawn.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) subset: Option<u64>,
    /// Which labels are corrupted, and into what; and random labels.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) noise: Option<u64>,
    /// The order of the training examples in each epoch.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) order: Option<u64>,
    /// What augmentation does to each image.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) augment: Option<u64>,
    /// What dropout drops in each step.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) dropout: Option<u64>,
}

/// The task to pretrain on, or weights in its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Source {
    /// A safetensors file with weights of the network, in place of a training: from `freezewise weights import`, or
    /// with torchvision's names. Its head is ignored.
    #[schemars(extend("x-default" = "none: the source is trained"))]
    pub(super) weights: Option<String>,
    #[serde(flatten)]
    pub(super) task: Task,
}

/// The transfer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Transfer {
    /// k: how many layers, counted from the input, stay frozen. 0 fine-tunes everything, `all` trains the head alone.
    #[schemars(extend("x-unit" = "layers"))]
    pub(super) frozen_layers: LayersOrAll,
    /// In place of `frozen_layers`: which layers stay frozen, by name, `*` for any letters, such as
    /// `["stem", "layer3.*"]`. Every pattern must match a layer. Those before the first layer that trains are skipped
    /// by the gradient.
    pub(super) frozen: Vec<String>,
    /// What counts as one layer: a whole `block`, or each `sublayer`, a convolution with its norm, attention, an MLP.
    pub(super) granularity: Granularity,
    /// What batch norm in frozen layers uses: the `source`'s running statistics; statistics of the `target`'s
    /// training images, computed once; or each `batch`'s own, as `requires_grad = False` alone has it in PyTorch.
    #[schemars(extend("x-default" = "`source`, or without a source `target`"))]
    pub(super) frozen_norm: Option<FrozenNorm>,
    /// Where layers beyond k start: from the `source`, or at `random`.
    #[schemars(extend("x-default" = "`source`, or without a source `random`"))]
    pub(super) unfrozen_init: Option<UnfrozenInit>,
}

/// When to evaluate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Evaluate {
    /// After which epochs the target's train and test errors are measured: every so many, or `log` for about twenty
    /// in each tenfold of epochs. A run's last five epochs are measured for its summary in any case.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false))]
    pub(super) every: CountOrLog,
    /// After which of those the train error is measured: every so many epochs, or `log`. Over many epochs most of an
    /// evaluation's time goes into it, where training examples outnumber test examples. The last epoch has it in any
    /// case.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false, "x-default" = "as `every`"))]
    pub(super) train_every: Option<CountOrLog>,
    /// Measures errors of averaged weights too: an exponential average with this half-life, in steps (an integer) or as a
    /// share of the budget (a fraction). A bump that averaging removes was the optimizer's noise. To test a peak, take at
    /// most a tenth of the steps between the first minimum and the peak. Batch norms are re-estimated on at most 4,000
    /// training images before each evaluation. The training itself does not change.
    #[schemars(extend("x-unit" = "steps", "x-identity" = false, "x-default" = "none: not measured"))]
    pub(super) averaged_half_life: Option<HalfLife>,
    /// After which of the evaluated epochs `correct/` gets one bit per test image, whether it was classified correctly:
    /// `all`, `log` for log-spaced epochs and the last five, or `off`.
    #[schemars(extend("x-identity" = false))]
    pub(super) correct: Correct,
    /// Whether the same is kept of the training images, against the labels given.
    #[schemars(extend("x-identity" = false))]
    pub(super) correct_train: bool,
    /// Measures after every epoch the norms of the weights that train, of the head, of the distance from the initial (or
    /// transferred) weights, and the mean gradient norm.
    #[schemars(extend("x-identity" = false))]
    pub(super) norms: bool,
}

/// A half-life, in one of its forms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum HalfLife {
    /// Steps.
    Steps(#[schemars(range(min = 1, max = 1_000_000_000))] u64),
    /// A share of the budget.
    Share(#[schemars(range(min = 0.000_001, max = 1.0))] f64),
}

/// The synthetic task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Synthetic {
    /// How alike the parts of the target are to those of the source: 1 the same parts, 0 unrelated ones.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(super) latent_similarity: f64,
    /// How many classes either task has.
    #[schemars(range(min = 2, max = 100), extend("x-unit" = "classes"))]
    pub(super) classes: u64,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self { latent_similarity: 0.5, classes: 10 }
    }
}
