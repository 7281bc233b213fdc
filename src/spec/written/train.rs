//! The keys of a `train` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::augment::Fill;

/// How to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Train {
    /// Budget in epochs (passes over the training examples).
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "epochs", "x-default" = "100, or `steps` if given"))]
    pub(in crate::spec) epochs: Option<u64>,
    /// Budget in optimizer steps; training ends there, even in the middle of an epoch.
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "steps", "x-default" = "none: use `epochs`"))]
    pub(in crate::spec) steps: Option<u64>,
    /// Examples per step. A last smaller batch of an epoch is trained on too.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "examples"))]
    pub(in crate::spec) batch_size: u64,
    /// Optimizer.
    pub(in crate::spec) optimizer: Optimizer,
    /// Base learning rate, before the schedule.
    #[schemars(range(min = 0.0), extend("x-default" = "1e-4 for `adam` and `adamw`, 0.1 for `sgd`"))]
    pub(in crate::spec) learning_rate: Option<f64>,
    /// Learning rate schedule.
    pub(in crate::spec) schedule: Schedule,
    /// Number of steps of linear warmup.
    #[schemars(range(max = 1_000_000_000), extend("x-unit" = "steps"))]
    pub(in crate::spec) warmup_steps: u64,
    /// `inverse-sqrt`: the learning rate is divided by √(1 + ⌊step / period⌋).
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "steps", "x-default" = "512 for `inverse-sqrt`"))]
    pub(in crate::spec) period: Option<u64>,
    /// `step`: epochs after which the learning rate is multiplied by `decay`.
    #[schemars(extend("x-unit" = "epochs", "x-default" = "none: required for `step`"))]
    pub(in crate::spec) milestones: Option<Vec<u64>>,
    /// `step`: factor of the learning rate at each milestone.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.1 for `step`"))]
    pub(in crate::spec) decay: Option<f64>,
    /// `sgd`: momentum.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0 for `sgd`"))]
    pub(in crate::spec) momentum: Option<f64>,
    /// `sgd`: use Nesterov momentum.
    #[schemars(extend("x-default" = "`false` for `sgd`"))]
    pub(in crate::spec) nesterov: Option<bool>,
    /// `adam`, `adamw`: decay rate β₁ of the running mean of gradients.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.9 for `adam` and `adamw`"))]
    pub(in crate::spec) beta1: Option<f64>,
    /// `adam`, `adamw`: decay rate β₂ of the running mean of squared gradients.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.999 for `adam` and `adamw`"))]
    pub(in crate::spec) beta2: Option<f64>,
    /// `adam`, `adamw`: ε, added to the denominator for numerical stability.
    #[schemars(range(min = 0.0), extend("x-default" = "1e-8 for `adam` and `adamw`"))]
    pub(in crate::spec) epsilon: Option<f64>,
    /// Weight decay: an L2 penalty on the gradient in `sgd` and `adam`, decoupled in `adamw`.
    #[schemars(range(min = 0.0), extend("x-default" = "0; 0.01 for `adamw`, as in PyTorch"))]
    pub(in crate::spec) weight_decay: Option<f64>,
    /// Label smoothing of the training loss: the fraction of each label that is spread evenly over all classes.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(in crate::spec) label_smoothing: f64,
    /// Data augmentation of training images: `crop`, a random crop of the padded image; `flip`, a horizontal flip with
    /// probability 1/2; `resized-crop`, a random box resized to the full image; `jitter`, random brightness, contrast
    /// and saturation; `cutout`, a random square erased.
    pub(in crate::spec) augment: Vec<Augment>,
    /// `crop`: pixels of padding on each side.
    #[schemars(range(min = 1, max = 64), extend("x-unit" = "pixels", "x-default" = "4 for `crop`"))]
    pub(in crate::spec) crop_padding: Option<u64>,
    /// `crop`: what to pad with: `zero` (black), or `reflect` (the mirrored edge of the image).
    #[schemars(extend("x-default" = "`zero` for `crop`"))]
    pub(in crate::spec) crop_fill: Option<Fill>,
    /// `resized-crop`: smallest area of the box, as a fraction of the image; its aspect ratio ranges from 3:4 to 4:3.
    #[schemars(range(min = 0.01, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0.08 for `resized-crop`"))]
    pub(in crate::spec) resized_area: Option<f64>,
    /// `jitter`: brightness, contrast and saturation are each multiplied by a random factor from 1 − this to 1 + this.
    #[schemars(range(min = 0.01, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0.4 for `jitter`"))]
    pub(in crate::spec) jitter_strength: Option<f64>,
    /// `cutout`: side of the square, which may extend beyond the image. It is filled with the mean colour.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "pixels", "x-default" = "16 for `cutout`"))]
    pub(in crate::spec) cutout_size: Option<u64>,
}

/// Optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Optimizer {
    /// Adam.
    Adam,
    /// Adam with decoupled weight decay.
    Adamw,
    /// Stochastic gradient descent.
    Sgd,
}

/// Learning rate schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Schedule {
    /// Constant.
    Constant,
    /// Divided by √(1 + ⌊step / period⌋).
    InverseSqrt,
    /// Cosine decay to 0 at the end of the budget.
    Cosine,
    /// Linear decay to 0 at the end of the budget.
    Linear,
    /// Multiplied by `decay` at each of the `milestones`.
    Step,
}

/// Data augmentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Augment {
    /// A random crop of the padded image.
    Crop,
    /// A horizontal flip with probability 1/2.
    Flip,
    /// A random box, resized to the full image.
    ResizedCrop,
    /// Random brightness, contrast and saturation.
    Jitter,
    /// A random square, erased.
    Cutout,
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
            weight_decay: None,
            label_smoothing: 0.0,
            augment: Vec::new(),
            crop_padding: None,
            crop_fill: None,
            resized_area: None,
            jitter_strength: None,
            cutout_size: None,
        }
    }
}
