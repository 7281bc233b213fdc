//! The keys of a spec. This page is their only list: the checks, the resolved spec, the JSON schema and
//! `configs/README.md` are all made from it. A comment on a key is what its user reads.
//!
//! An `Option` is a key whose default depends on other keys; `defaults` fills it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// How many CPU threads to compute with; `auto` takes what the environment allots.
    #[schemars(extend("x-identity" = false))]
    pub(super) threads: Threads,
    /// Side to which the images of both tasks are reduced, by area. No larger than the data sets' own.
    #[schemars(range(min = 4, max = 1024), extend("x-unit" = "pixels", "x-default" = "the data sets' own"))]
    pub(super) image_size: Option<u64>,
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
    /// Which labels are corrupted, and into what.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) noise: Option<u64>,
    /// The order of the training examples in each epoch.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) order: Option<u64>,
    /// Crops and flips.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) augment: Option<u64>,
    /// What dropout drops in each step.
    #[schemars(extend("x-default" = "`seed`"))]
    pub(super) dropout: Option<u64>,
}

/// The network. Each architecture has the sizes of its definition unless they are given here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Network {
    /// The family and depth.
    pub(super) architecture: Architecture,
    /// A ResNet's channels in the first stage; later stages have two, four and eight times as many. For a
    /// vision transformer, numbers in a token.
    #[schemars(
        range(min = 1, max = 4096),
        extend("x-unit" = "channels", "x-default" = "64; `vit-b16` 768, `vit-cifar` 512")
    )]
    pub(super) width: Option<u64>,
    /// What comes first in torchvision's ResNet and DenseNet. `cifar` is a 3×3 convolution of stride 1, for small
    /// images; `imagenet` is torchvision's 7×7 convolution of stride 2 with max-pooling.
    #[schemars(extend("x-default" = "`cifar`"))]
    pub(super) stem: Option<Stem>,
    /// DenseNet: how many dense layers each block has.
    #[schemars(extend("x-unit" = "layers", "x-default" = "`[6, 12, 24, 16]`"))]
    pub(super) blocks: Option<Vec<u64>>,
    /// DenseNet: channels that each dense layer adds; the stem has twice as many.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "channels", "x-default" = "32"))]
    pub(super) growth: Option<u64>,
    /// DenseNet: the share of channels that a transition keeps.
    #[schemars(range(min = 0.01, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0.5"))]
    pub(super) compression: Option<f64>,
    /// Vision transformers: side of a patch, which must divide the image's.
    #[schemars(
        range(min = 1, max = 1024),
        extend("x-unit" = "pixels", "x-default" = "`vit-b16` 16, `vit-cifar` 4")
    )]
    pub(super) patch: Option<u64>,
    /// Vision transformers: how many encoder blocks.
    #[schemars(range(min = 1, max = 256), extend("x-unit" = "blocks", "x-default" = "`vit-b16` 12, `vit-cifar` 6"))]
    pub(super) depth: Option<u64>,
    /// Vision transformers: heads of each attention, which share the width evenly.
    #[schemars(range(min = 1, max = 256), extend("x-unit" = "heads", "x-default" = "`vit-b16` 12, `vit-cifar` 8"))]
    pub(super) heads: Option<u64>,
    /// Vision transformers: numbers in the middle of each MLP.
    #[schemars(
        range(min = 1, max = 65_536),
        extend("x-unit" = "channels", "x-default" = "`vit-b16` 3072, `vit-cifar` 512")
    )]
    pub(super) mlp_width: Option<u64>,
    /// Vision transformers: the share that is dropped after the embedding, each attention and each linear map of an
    /// MLP. In frozen layers nothing is dropped.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0"))]
    pub(super) dropout: Option<f64>,
    /// Vision transformers: whether a learned token is classified, `class-token`, or the `mean` of all tokens.
    #[schemars(extend("x-default" = "`class-token`"))]
    pub(super) pooling: Option<Pooling>,
}

/// A family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Architecture {
    /// Pre-activation ResNet-18 for small images.
    #[default]
    #[serde(rename = "preact-resnet18")]
    PreactResnet18,
    /// torchvision's ResNet-18.
    Resnet18,
    /// torchvision's ResNet-34.
    Resnet34,
    /// torchvision's ResNet-50.
    Resnet50,
    /// torchvision's DenseNet-121, or a `DenseNet` of other sizes.
    Densenet121,
    /// torchvision's ViT-B/16.
    #[serde(rename = "vit-b16")]
    VitB16,
    /// A vision transformer for small images.
    VitCifar,
}

/// A first layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stem {
    /// 3×3, stride 1.
    Cifar,
    /// 7×7, stride 2, max-pooling.
    Imagenet,
}

/// What a vision transformer classifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pooling {
    /// A learned token.
    ClassToken,
    /// The mean of the tokens.
    Mean,
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

/// A data set and how to train on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Task {
    /// The data set: `cifar10`, `cifar100` or `synthetic`.
    #[schemars(extend("x-default" = "none: it must be given"))]
    pub(super) dataset: String,
    /// How many training examples to draw, or `all`. Smaller draws of one seed are part of larger ones.
    #[schemars(extend("x-unit" = "examples"))]
    pub(super) train_size: CountOrAll,
    /// The share of training labels that is replaced, each by a wrong label drawn uniformly, once. Test labels stay.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(super) label_noise: f64,
    /// How to train.
    pub(super) train: Train,
}

/// A training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Train {
    /// How long to train, in passes over the training examples.
    #[schemars(range(min = 1), extend("x-unit" = "epochs", "x-default" = "100, unless `steps` is given"))]
    pub(super) epochs: Option<u64>,
    /// How long to train, in optimizer steps; the last epoch ends where they do.
    #[schemars(range(min = 1), extend("x-unit" = "steps", "x-default" = "none: `epochs` counts"))]
    pub(super) steps: Option<u64>,
    /// Examples in a step. The rest of an epoch makes a smaller batch and is trained on too.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "examples"))]
    pub(super) batch_size: u64,
    /// The rule that turns gradients into steps.
    pub(super) optimizer: Optimizer,
    /// The learning rate before its schedule.
    #[schemars(range(min = 0.0), extend("x-default" = "1e-4 for Adam and AdamW, 0.1 for SGD"))]
    pub(super) learning_rate: Option<f64>,
    /// How the learning rate changes.
    pub(super) schedule: Schedule,
    /// Steps over which the rate rises linearly to its schedule.
    #[schemars(extend("x-unit" = "steps"))]
    pub(super) warmup_steps: u64,
    /// `inverse-sqrt`: the rate is divided by √(1 + ⌊step / period⌋).
    #[schemars(range(min = 1), extend("x-unit" = "steps", "x-default" = "512, with `inverse-sqrt`"))]
    pub(super) period: Option<u64>,
    /// `step`: epochs after which the rate is multiplied by `decay`.
    #[schemars(extend("x-unit" = "epochs", "x-default" = "none: needed with `step`"))]
    pub(super) milestones: Option<Vec<u64>>,
    /// `step`: what the rate is multiplied by at each milestone.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.1, with `step`"))]
    pub(super) decay: Option<f64>,
    /// `sgd`: how much of the last direction is kept.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0, with `sgd`"))]
    pub(super) momentum: Option<f64>,
    /// `sgd`: Nesterov's form of momentum.
    #[schemars(extend("x-default" = "false, with `sgd`"))]
    pub(super) nesterov: Option<bool>,
    /// `adam`, `adamw`: decay of the mean of gradients.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.9, with Adam and AdamW"))]
    pub(super) beta1: Option<f64>,
    /// `adam`, `adamw`: decay of the mean of squared gradients.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.999, with Adam and AdamW"))]
    pub(super) beta2: Option<f64>,
    /// `adam`, `adamw`: added to the root of the mean of squared gradients.
    #[schemars(range(min = 0.0), extend("x-default" = "1e-8, with Adam and AdamW"))]
    pub(super) epsilon: Option<f64>,
    /// Weight decay: added to the gradient in SGD and Adam, apart from it in AdamW.
    #[schemars(range(min = 0.0))]
    pub(super) weight_decay: f64,
    /// The share of each label that is spread over all classes in the loss that is trained.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(super) label_smoothing: f64,
    /// What is done to training images at random: `crop`, `flip`.
    pub(super) augment: Vec<Augment>,
    /// `crop`: black pixels added on each side before an image is cut to its size again.
    #[schemars(range(min = 1, max = 64), extend("x-unit" = "pixels", "x-default" = "4, with `crop`"))]
    pub(super) crop_padding: Option<u64>,
}

/// An optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Optimizer {
    /// Adam.
    Adam,
    /// Adam with decoupled weight decay.
    Adamw,
    /// Stochastic gradient descent.
    Sgd,
}

/// A schedule of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Schedule {
    /// The same rate throughout.
    Constant,
    /// Divided by a root of the steps.
    InverseSqrt,
    /// Half a cosine wave, down to 0 at the end of the budget.
    Cosine,
    /// Multiplied by a factor at given epochs.
    Step,
}

/// An augmentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Augment {
    /// A random part of the padded image.
    Crop,
    /// Mirrored left to right, half of the time.
    Flip,
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

/// What a layer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Granularity {
    /// A whole block.
    #[default]
    Block,
    /// A part of one.
    Sublayer,
}

/// Statistics of frozen batch norms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FrozenNorm {
    /// The source's.
    Source,
    /// The target's training images'.
    Target,
    /// Each batch's own.
    Batch,
}

/// The start of layers that train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum UnfrozenInit {
    /// The source's weights.
    Source,
    /// Initial weights.
    Random,
}

/// When to evaluate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Evaluate {
    /// After which epochs the target's train and test errors are measured: every so many, or `log` for about twenty
    /// in each tenfold of epochs. A run's last five epochs are measured for its summary in any case.
    #[schemars(extend("x-unit" = "epochs", "x-identity" = false))]
    pub(super) every: CountOrLog,
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

/// A device, as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Device(pub(super) String);

/// A number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Threads {
    /// So many.
    Count(#[schemars(range(min = 1, max = 1024))] u64),
    /// As the environment has it.
    Word(Auto),
}

/// A count of examples or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum CountOrAll {
    /// So many.
    Count(#[schemars(range(min = 1))] u64),
    /// All.
    Word(All),
}

/// A count of layers or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum LayersOrAll {
    /// So many.
    Count(u64),
    /// All.
    Word(All),
}

/// A count of epochs or the word for a logarithmic schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum CountOrLog {
    /// Every so many.
    Every(#[schemars(range(min = 1))] u64),
    /// Log-spaced.
    Word(Log),
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub(super) enum $name {
            /// The word.
            #[default]
            $name,
        }
    };
}
word!(
    /// `auto`.
    Auto
);
word!(
    /// `all`.
    All
);
word!(
    /// `log`.
    Log
);

impl Default for Device {
    fn default() -> Self {
        Self("auto".into())
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::Word(Auto::Auto)
    }
}

impl Default for CountOrAll {
    fn default() -> Self {
        Self::Word(All::All)
    }
}

impl Default for LayersOrAll {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Default for CountOrLog {
    fn default() -> Self {
        Self::Every(1)
    }
}

impl Default for Synthetic {
    fn default() -> Self {
        Self { latent_similarity: 0.5, classes: 10 }
    }
}

impl Default for Train {
    fn default() -> Self {
        Self {
            epochs: None,
            steps: None,
            batch_size: 128,
            optimizer: Optimizer::Adam,
            learning_rate: None,
            schedule: Schedule::Constant,
            warmup_steps: 0,
            period: None,
            milestones: None,
            decay: None,
            momentum: None,
            nesterov: None,
            beta1: None,
            beta2: None,
            epsilon: None,
            weight_decay: 0.0,
            label_smoothing: 0.0,
            augment: Vec::new(),
            crop_padding: None,
        }
    }
}
