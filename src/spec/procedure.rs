//! How a phase is trained and evaluated; every value is resolved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::experiment::Task;
use super::measures::ExtraMeasures;

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

/// A position in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Completed epochs.
    pub epochs: u64,
    /// Completed steps of the current epoch.
    pub steps: u64,
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

/// Data augmentation of training images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Padding in pixels on each side before a random crop; 0: no crop.
    pub crop_padding: usize,
    /// What to pad with.
    pub crop_fill: Fill,
    /// Whether to flip images horizontally, with probability 1/2.
    pub flip: bool,
    /// Smallest area of a random box that is resized to the full image, as a fraction; `None`: no box.
    pub resized_area: Option<f64>,
    /// Largest relative change of brightness, contrast and saturation; 0: no jitter.
    pub jitter: f64,
    /// Side of the erased square in pixels; 0: no cutout.
    pub cutout: usize,
}

/// Padding of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Black.
    #[default]
    Zero,
    /// The image, mirrored at its edge.
    Reflect,
}

impl Augmentation {
    /// Whether there is any augmentation.
    pub fn is_some(self) -> bool {
        self != Self::default()
    }
}

/// When to evaluate, and what to measure besides errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// When to evaluate test and validation examples.
    pub test: EvaluationSchedule,
    /// When to evaluate training examples; only epochs of `test` count.
    pub train: EvaluationSchedule,
    /// What to measure besides errors.
    pub measures: ExtraMeasures,
}

impl Evaluation {
    /// Whether test errors are measured after an epoch.
    pub fn has(self, epoch: u64) -> bool {
        self.test.has(epoch)
    }

    /// Half-life of averaged weights in steps of the task's training; `None`: no averaging.
    pub fn averaged_half_life(self, task: &Task) -> Option<f64> {
        self.measures.averaging.map(|half_life| half_life.steps(task.training.steps(task.train_size)))
    }

    /// Whether train errors are measured after an epoch.
    pub fn has_train(self, epoch: u64) -> bool {
        self.has(epoch) && self.train.has(epoch)
    }
}

/// A schedule of epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationSchedule {
    /// Every N epochs, and before the first step.
    Every(u64),
    /// About 20 per factor of 10.
    Log,
    /// Only the last epoch of the budget.
    End,
}

impl From<EvaluationSchedule> for Evaluation {
    fn from(rhythm: EvaluationSchedule) -> Self {
        Self { test: rhythm, train: rhythm, measures: ExtraMeasures::NONE }
    }
}

impl EvaluationSchedule {
    /// Whether the schedule includes an epoch; epoch 0 is before the first step.
    pub fn has(self, epoch: u64) -> bool {
        let notch = |epoch: u64| ((epoch as f64).log10() * 20.0 + 1e-9).floor();
        match self {
            Self::Every(every) => epoch.is_multiple_of(every),
            Self::End => false,
            Self::Log => epoch < 2 || notch(epoch) > notch(epoch - 1),
        }
    }
}

impl Training {
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

/// Which errors to measure after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// On training examples.
    pub train: bool,
    /// On test and validation examples.
    pub test: bool,
}

/// The last epochs of a budget are always evaluated on the test examples: a run's last test error is the mean over
/// them. Training examples are evaluated at least in the last one.
pub const FINAL_EPOCHS: u64 = 5;

impl Due {
    /// The errors due after `epoch`, in a budget of `epochs`: those of the schedule, and those at the end of the
    /// budget.
    pub fn after(epoch: u64, epochs: u64, evaluation: Evaluation) -> Self {
        let last = if evaluation.test == EvaluationSchedule::End { 1 } else { FINAL_EPOCHS };
        Self {
            train: evaluation.has_train(epoch) || epoch == epochs,
            test: evaluation.has(epoch) || epoch + last > epochs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_schedule_is_dense_first() {
        let epochs: Vec<u64> = (0..=1000).filter(|&epoch| EvaluationSchedule::Log.has(epoch)).collect();
        assert_eq!(&epochs[..11], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert!(epochs.contains(&100) && epochs.contains(&1000));
        let decade = epochs.iter().filter(|&&epoch| epoch > 100 && epoch <= 1000).count();
        assert_eq!(decade, 20);
        let kept: Vec<u64> = (0..=1000).filter(|&epoch| crate::spec::Keep::Log.has(epoch)).collect();
        assert_eq!(kept, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
        assert!(
            EvaluationSchedule::Every(3).has(0)
                && EvaluationSchedule::Every(3).has(6)
                && !EvaluationSchedule::Every(3).has(7)
        );
        let thinned = Evaluation { train: EvaluationSchedule::Log, ..EvaluationSchedule::Every(2).into() };
        let epochs = |has: fn(Evaluation, u64) -> bool| (101..=106).filter(|&epoch| has(thinned, epoch)).collect();
        assert_eq!((epochs(Evaluation::has), epochs(Evaluation::has_train)), (vec![102, 104, 106], vec![]));
        assert!(thinned.has_train(100) && thinned.has_train(126));
        assert!(EvaluationSchedule::Log.has(113) && !thinned.has_train(113), "test errors are not due");
    }
}
