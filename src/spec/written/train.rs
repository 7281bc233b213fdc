//! The keys of a `train` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::procedure::Fill;

/// A training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Train {
    /// How long to train, in passes over the training examples.
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "epochs", "x-default" = "100, unless `steps` is given"))]
    pub(in crate::spec) epochs: Option<u64>,
    /// How long to train, in optimizer steps; the last epoch ends where they do.
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "steps", "x-default" = "none: `epochs` counts"))]
    pub(in crate::spec) steps: Option<u64>,
    /// Examples in a step. The rest of an epoch makes a smaller batch and is trained on too.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "examples"))]
    pub(in crate::spec) batch_size: u64,
    /// The rule that turns gradients into steps.
    pub(in crate::spec) optimizer: Optimizer,
    /// The learning rate before its schedule.
    #[schemars(range(min = 0.0), extend("x-default" = "1e-4 for Adam and AdamW, 0.1 for SGD"))]
    pub(in crate::spec) learning_rate: Option<f64>,
    /// How the learning rate changes.
    pub(in crate::spec) schedule: Schedule,
    /// Steps over which the rate rises linearly to its schedule.
    #[schemars(range(max = 1_000_000_000), extend("x-unit" = "steps"))]
    pub(in crate::spec) warmup_steps: u64,
    /// `inverse-sqrt`: the rate is divided by √(1 + ⌊step / period⌋).
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-unit" = "steps", "x-default" = "512, with `inverse-sqrt`"))]
    pub(in crate::spec) period: Option<u64>,
    /// `step`: epochs after which the rate is multiplied by `decay`.
    #[schemars(extend("x-unit" = "epochs", "x-default" = "none: needed with `step`"))]
    pub(in crate::spec) milestones: Option<Vec<u64>>,
    /// `step`: what the rate is multiplied by at each milestone.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.1, with `step`"))]
    pub(in crate::spec) decay: Option<f64>,
    /// `sgd`: how much of the last direction is kept.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0, with `sgd`"))]
    pub(in crate::spec) momentum: Option<f64>,
    /// `sgd`: Nesterov's form of momentum.
    #[schemars(extend("x-default" = "false, with `sgd`"))]
    pub(in crate::spec) nesterov: Option<bool>,
    /// `adam`, `adamw`: decay of the mean of gradients.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.9, with Adam and AdamW"))]
    pub(in crate::spec) beta1: Option<f64>,
    /// `adam`, `adamw`: decay of the mean of squared gradients.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-default" = "0.999, with Adam and AdamW"))]
    pub(in crate::spec) beta2: Option<f64>,
    /// `adam`, `adamw`: added to the root of the mean of squared gradients.
    #[schemars(range(min = 0.0), extend("x-default" = "1e-8, with Adam and AdamW"))]
    pub(in crate::spec) epsilon: Option<f64>,
    /// Weight decay: added to the gradient in SGD and Adam, apart from it in AdamW.
    #[schemars(range(min = 0.0), extend("x-default" = "0; 0.01 with AdamW, as in PyTorch"))]
    pub(in crate::spec) weight_decay: Option<f64>,
    /// The share of each label that is spread over all classes in the loss that is trained.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction"))]
    pub(in crate::spec) label_smoothing: f64,
    /// What is done to training images at random: cut out of their padded form, `crop`; mirrored, half of them, `flip`;
    /// a random box stretched to the whole, `resized-crop`; brightness, contrast and saturation changed, `jitter`; a
    /// square blanked, `cutout`.
    pub(in crate::spec) augment: Vec<Augment>,
    /// `crop`: pixels added on each side before an image is cut to its size again.
    #[schemars(range(min = 1, max = 64), extend("x-unit" = "pixels", "x-default" = "4, with `crop`"))]
    pub(in crate::spec) crop_padding: Option<u64>,
    /// `crop`: what those pixels are: black, `zero`, or the image mirrored at its edge, `reflect`.
    #[schemars(extend("x-default" = "`zero`, with `crop`"))]
    pub(in crate::spec) crop_fill: Option<Fill>,
    /// `resized-crop`: the least share of the image's area that the box has; its proportions go from 3:4 to 4:3.
    #[schemars(range(min = 0.01, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0.08, with `resized-crop`"))]
    pub(in crate::spec) resized_area: Option<f64>,
    /// `jitter`: each of the three is multiplied by a factor from 1 − this to 1 + this.
    #[schemars(range(min = 0.01, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0.4, with `jitter`"))]
    pub(in crate::spec) jitter_strength: Option<f64>,
    /// `cutout`: side of the square, which may reach over the edge. It becomes the mean colour.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "pixels", "x-default" = "16, with `cutout`"))]
    pub(in crate::spec) cutout_size: Option<u64>,
}

/// An optimizer.
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

/// A schedule of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Schedule {
    /// The same rate throughout.
    Constant,
    /// Divided by a root of the steps.
    InverseSqrt,
    /// Half a cosine wave, down to 0 at the end of the budget.
    Cosine,
    /// Linearly down to 0 at the end of the budget.
    Linear,
    /// Multiplied by a factor at given epochs.
    Step,
}

/// An augmentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Augment {
    /// A random part of the padded image.
    Crop,
    /// Mirrored left to right, half of the time.
    Flip,
    /// A random box, stretched.
    ResizedCrop,
    /// Other colours.
    Jitter,
    /// A square blanked.
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
