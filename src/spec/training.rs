//! The training procedure of a phase; the `train` table resolved, and keys that conflict.

use super::augment::{self, Augmentation, augmentation};
use super::report::ProblemReport;
use super::written::{self, Train};

/// Training procedure of a phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Length of the training.
    pub budget: Budget,
    /// Examples per step.
    pub batch_size: usize,
    /// Optimizer.
    pub optimizer: Optimizer,
    /// Learning rate.
    pub rate: Rate,
    /// Label smoothing, in [0, 1].
    pub label_smoothing: f64,
    /// Data augmentation.
    pub augmentation: Augmentation,
}

/// Length of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// In passes over the training examples.
    Epochs(u64),
    /// In optimizer steps.
    Steps(u64),
}

/// An optimizer with its hyperparameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd {
        /// Momentum.
        momentum: f64,
        /// Whether to use Nesterov momentum.
        nesterov: bool,
        /// L2 penalty, added to the gradient.
        weight_decay: f64,
    },
    /// Adam (Kingma and Ba, arXiv 1412.6980) or `AdamW` (Loshchilov and Hutter, arXiv 1711.05101).
    Adam {
        /// Decay rate of the running mean of gradients.
        beta1: f64,
        /// Decay rate of the running mean of squared gradients.
        beta2: f64,
        /// Added to the denominator for numerical stability.
        epsilon: f64,
        /// Weight decay.
        weight_decay: f64,
        /// Whether weight decay bypasses the gradient means, as in `AdamW`.
        decoupled: bool,
    },
}

impl Optimizer {
    /// Numbers of optimizer state per trainable weight.
    pub fn moments(self) -> u64 {
        match self {
            Self::Sgd { momentum: 0.0, .. } => 0,
            Self::Sgd { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }
}

/// Learning rate of every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// Base learning rate, before the schedule.
    pub base: f64,
    /// Steps of linear warmup.
    pub warmup_steps: u64,
    /// Schedule.
    pub schedule: Schedule,
}

/// Learning rate schedule.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Constant.
    Constant,
    /// Divided by √(1 + ⌊step / period⌋): Nakkiran et al., arXiv 1912.02292.
    InverseSqrt {
        /// Period in steps.
        period: u64,
    },
    /// Cosine decay to 0 at the end of the budget.
    Cosine,
    /// Linear decay to 0 at the end of the budget.
    Linear,
    /// Multiplied by a factor at each milestone.
    Step {
        /// Epochs, increasing.
        milestones: Vec<u64>,
        /// Factor.
        decay: f64,
    },
}

impl Training {
    /// A training with a constant learning rate, and with nothing else that a key can ask for.
    pub fn plain(budget: Budget, batch_size: usize, optimizer: Optimizer, base: f64) -> Self {
        let rate = Rate { base, warmup_steps: 0, schedule: Schedule::Constant };
        Self { budget, batch_size, optimizer, rate, label_smoothing: 0.0, augmentation: Augmentation::default() }
    }

    /// Steps per epoch for this many training examples.
    pub fn steps_per_epoch(&self, examples: usize) -> u64 {
        examples.div_ceil(self.batch_size) as u64
    }

    /// Total steps of the budget.
    pub fn steps(&self, examples: usize) -> u64 {
        match self.budget {
            Budget::Epochs(epochs) => epochs * self.steps_per_epoch(examples),
            Budget::Steps(steps) => steps,
        }
    }

    /// Total epochs of the budget; the last may be incomplete.
    pub fn epochs(&self, examples: usize) -> u64 {
        match self.budget {
            Budget::Epochs(epochs) => epochs,
            Budget::Steps(steps) => steps.div_ceil(self.steps_per_epoch(examples)),
        }
    }
}

/// Resolves a filled table for `examples` training examples; `prefix` is the table's dotted key.
pub(super) fn training(train: &Train, examples: usize, prefix: &str, report: &mut ProblemReport<'_>) -> Training {
    check_unused(train, prefix, report);
    let training = Training {
        budget: train.steps.map_or(Budget::Epochs(train.epochs.unwrap_or(1)), Budget::Steps),
        batch_size: train.batch_size as usize,
        optimizer: optimizer(train, prefix, report),
        rate: Rate {
            base: train.learning_rate.unwrap_or_default(),
            warmup_steps: train.warmup_steps,
            schedule: schedule(train, prefix, report),
        },
        label_smoothing: train.label_smoothing,
        augmentation: augmentation(train),
    };
    if train.epochs.is_some() && train.steps.is_some() {
        report.add(
            &format!("{prefix}.steps"),
            format!("`{prefix}.steps` and `{prefix}.epochs` both set the length of training"),
            "keep one of them",
        );
    }
    let steps = training.steps(examples);
    if train.warmup_steps > steps {
        report.add(
            &format!("{prefix}.warmup_steps"),
            format!("`warmup_steps = {}`, but training has only {steps} steps", train.warmup_steps),
            "train longer, or use fewer warmup steps",
        );
    }
    below_one(train.label_smoothing, &format!("{prefix}.label_smoothing"), report);
    augment::check(train, prefix, report);
    training
}

fn below_one(value: f64, key: &str, report: &mut ProblemReport<'_>) {
    if value >= 1.0 {
        report.add(key, format!("`{key} = {value}`, but must be below 1"), "nothing would be learned at 1");
    }
}

fn optimizer(train: &Train, prefix: &str, report: &mut ProblemReport<'_>) -> Optimizer {
    let weight_decay = train.weight_decay.unwrap_or_default();
    if train.optimizer == written::Optimizer::Sgd {
        let momentum = train.momentum.unwrap_or_default();
        let nesterov = train.nesterov.unwrap_or_default();
        below_one(momentum, &format!("{prefix}.momentum"), report);
        if nesterov && momentum == 0.0 {
            report.add(&format!("{prefix}.nesterov"), "`nesterov = true` needs momentum", "set `momentum = 0.9`");
        }
        return Optimizer::Sgd { momentum, nesterov, weight_decay };
    }
    let (beta1, beta2) = (train.beta1.unwrap_or_default(), train.beta2.unwrap_or_default());
    below_one(beta1, &format!("{prefix}.beta1"), report);
    below_one(beta2, &format!("{prefix}.beta2"), report);
    let decoupled = train.optimizer == written::Optimizer::Adamw;
    Optimizer::Adam { beta1, beta2, epsilon: train.epsilon.unwrap_or_default(), weight_decay, decoupled }
}

fn schedule(train: &Train, prefix: &str, report: &mut ProblemReport<'_>) -> Schedule {
    match train.schedule {
        written::Schedule::Constant => Schedule::Constant,
        written::Schedule::Cosine => Schedule::Cosine,
        written::Schedule::Linear => Schedule::Linear,
        written::Schedule::InverseSqrt => Schedule::InverseSqrt { period: train.period.unwrap_or(1) },
        written::Schedule::Step => {
            let milestones = train.milestones.clone().unwrap_or_default();
            let key = format!("{prefix}.milestones");
            if milestones.is_empty() {
                report.add(&key, "`schedule = \"step\"` needs milestones", "for example `milestones = [100, 150]`");
            } else if milestones.iter().any(|&epoch| epoch > 1_000_000_000) {
                report.add(&key, format!("`milestones = {milestones:?}` are too large"), "milestones are epochs");
            } else if milestones.first() == Some(&0) || !milestones.is_sorted_by(|one, next| one < next) {
                report.add(
                    &key,
                    format!("`milestones = {milestones:?}` must be increasing, from 1"),
                    "list each epoch once, in increasing order",
                );
            }
            Schedule::Step { milestones, decay: train.decay.unwrap_or(1.0) }
        }
    }
}

const SGD: &str = "`optimizer = \"sgd\"`";
const ADAM: &str = "`optimizer = \"adam\"` or `\"adamw\"`";

/// Reports keys without effect, which would otherwise go unnoticed.
fn check_unused(train: &Train, prefix: &str, report: &mut ProblemReport<'_>) {
    let sgd = train.optimizer == written::Optimizer::Sgd;
    let (step, root) = (written::Schedule::Step, written::Schedule::InverseSqrt);
    let rules = [
        ("momentum", train.momentum.is_some(), sgd, SGD),
        ("nesterov", train.nesterov.is_some(), sgd, SGD),
        ("beta1", train.beta1.is_some(), !sgd, ADAM),
        ("beta2", train.beta2.is_some(), !sgd, ADAM),
        ("epsilon", train.epsilon.is_some(), !sgd, ADAM),
        ("period", train.period.is_some(), train.schedule == root, "`schedule = \"inverse-sqrt\"`"),
        ("milestones", train.milestones.is_some(), train.schedule == step, "`schedule = \"step\"`"),
        ("decay", train.decay.is_some(), train.schedule == step, "`schedule = \"step\"`"),
    ];
    for (key, written, used, needed) in rules {
        if written && !used {
            let hint = format!("set {needed}, or remove the key");
            report.add(&format!("{prefix}.{key}"), format!("`{prefix}.{key}` has no effect without {needed}"), hint);
        }
    }
}
