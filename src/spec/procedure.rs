//! How a phase is trained and when it is measured, every value fixed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::experiment::Task;
use super::measures::ExtraMeasures;

/// A training.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// How long.
    pub budget: Budget,
    /// Examples in a step.
    pub batch_size: usize,
    /// The rule for a step.
    pub optimizer: Optimizer,
    /// The rate of a step.
    pub rate: Rate,
    /// Share of each label that is spread over the classes.
    pub label_smoothing: f64,
    /// What is done to training images at random.
    pub augmentation: Augmentation,
}

/// How long a training lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Passes over the training examples.
    Epochs(u64),
    /// Optimizer steps.
    Steps(u64),
}

/// A place in a training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Whole epochs behind.
    pub epochs: u64,
    /// Steps behind in the epoch under way.
    pub steps: u64,
}

/// An optimizer and its constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd {
        /// How much of the last direction is kept.
        momentum: f64,
        /// Nesterov's form.
        nesterov: bool,
        /// Added to the gradient, times the weight.
        weight_decay: f64,
    },
    /// Adam (Kingma and Ba, arXiv 1412.6980) or `AdamW` (Loshchilov and Hutter, arXiv 1711.05101).
    Adam {
        /// Decay of the mean of gradients.
        beta1: f64,
        /// Decay of the mean of squared gradients.
        beta2: f64,
        /// Added to the root of the latter.
        epsilon: f64,
        /// Strength of the decay.
        weight_decay: f64,
        /// Whether the decay stays out of the means, as in `AdamW`.
        decoupled: bool,
    },
}

/// The learning rate of every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// Before the schedule.
    pub base: f64,
    /// Steps of linear warm-up.
    pub warmup_steps: u64,
    /// How it changes.
    pub schedule: Schedule,
}

/// How the learning rate changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Divided by √(1 + ⌊step / period⌋): Nakkiran et al., arXiv 1912.02292.
    InverseSqrt {
        /// Steps.
        period: u64,
    },
    /// Half a cosine wave, down to 0 at the end of the budget.
    Cosine,
    /// Linearly down to 0 at the end of the budget.
    Linear,
    /// Multiplied at each of some epochs.
    Step {
        /// Epochs, rising.
        milestones: Vec<u64>,
        /// The factor.
        decay: f64,
    },
}

/// What is done to training images at random.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Pixels added on each side before a random cut; 0: no crop.
    pub crop_padding: usize,
    /// What they are.
    pub crop_fill: Fill,
    /// Whether half of the images are mirrored.
    pub flip: bool,
    /// The least share of an image that a random box has, which is stretched to the whole; absent: no box.
    pub resized_area: Option<f64>,
    /// How far brightness, contrast and saturation go from 1; 0: not at all.
    pub jitter: f64,
    /// The side of a square that is blanked; 0: none is.
    pub cutout: usize,
}

/// What lies beyond the edge of an image.
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
    /// Whether anything is done.
    pub fn is_some(self) -> bool {
        self != Self::default()
    }
}

/// After which epochs errors are measured, and what beside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// On the test examples, and on those held out.
    pub test: EvaluationSchedule,
    /// On the training examples, where the test examples are due too.
    pub train: EvaluationSchedule,
    /// What is measured beside errors.
    pub measures: ExtraMeasures,
}

impl Evaluation {
    /// Whether test errors are due after an epoch.
    pub fn has(self, epoch: u64) -> bool {
        self.test.has(epoch)
    }

    /// The half-life of averaged weights in a task's training, in steps; absent where weights are not averaged.
    pub fn averaged_half_life(self, task: &Task) -> Option<f64> {
        self.measures.averaging.map(|half_life| half_life.steps(task.training.steps(task.train_size)))
    }

    /// Whether training errors are due after an epoch.
    pub fn has_train(self, epoch: u64) -> bool {
        self.has(epoch) && self.train.has(epoch)
    }
}

/// A schedule of epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationSchedule {
    /// Every so many, and before the first step.
    Every(u64),
    /// About twenty in each tenfold of epochs.
    Log,
    /// The last of the budget alone.
    End,
}

impl From<EvaluationSchedule> for Evaluation {
    fn from(rhythm: EvaluationSchedule) -> Self {
        Self { test: rhythm, train: rhythm, measures: ExtraMeasures::NONE }
    }
}

impl EvaluationSchedule {
    /// Whether the schedule has an epoch; epoch 0 is before the first step.
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
    /// Steps of an epoch over `examples`.
    pub fn steps_per_epoch(&self, examples: usize) -> u64 {
        examples.div_ceil(self.batch_size) as u64
    }

    /// All steps of the budget.
    pub fn steps(&self, examples: usize) -> u64 {
        match self.budget {
            Budget::Epochs(epochs) => epochs * self.steps_per_epoch(examples),
            Budget::Steps(steps) => steps,
        }
    }

    /// All epochs of the budget, the last of them perhaps cut short.
    pub fn epochs(&self, examples: usize) -> u64 {
        match self.budget {
            Budget::Epochs(epochs) => epochs,
            Budget::Steps(steps) => steps.div_ceil(self.steps_per_epoch(examples)),
        }
    }
}

/// Which errors are to be measured after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// On the training examples.
    pub train: bool,
    /// On the test examples and on those held out.
    pub test: bool,
}

/// The last epochs of a budget are always evaluated on the test examples: a run's last test error is the mean over them.
/// The training examples have their turn in the last one.
pub const FINAL_EPOCHS: u64 = 5;

impl Due {
    /// After an epoch of a budget of so many: what the schedule asks for, and what the end of the budget does.
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
