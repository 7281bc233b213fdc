//! When a phase is evaluated; the `evaluate` table resolved.

use super::measures::{ExtraMeasures, measures};
use super::report::ProblemReport;
use super::task::Task;
use super::written;

/// A position in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Completed epochs.
    pub epochs: u64,
    /// Completed steps of the current epoch.
    pub steps: u64,
}

/// When to evaluate, and what to measure besides errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// When to evaluate test and validation examples.
    pub test: EvaluationSchedule,
    /// When to evaluate training examples; only epochs of `test` count.
    pub train: EvaluationSchedule,
    /// What to measure besides errors.
    pub extra: ExtraMeasures,
}

impl Evaluation {
    /// Whether test errors are measured after an epoch.
    pub fn has(self, epoch: u64) -> bool {
        self.test.has(epoch)
    }

    /// Half-life of averaged weights in steps of the task's training; `None`: no averaging.
    pub fn averaged_half_life(self, task: &Task) -> Option<f64> {
        self.extra.averaging.map(|half_life| half_life.steps(task.training.steps(task.train_size)))
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
    fn from(schedule: EvaluationSchedule) -> Self {
        Self { test: schedule, train: schedule, extra: ExtraMeasures::NONE }
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
    /// The errors that the schedule asks for after `epoch`.
    pub fn scheduled(epoch: u64, evaluation: Evaluation) -> Self {
        Self { train: evaluation.has_train(epoch), test: evaluation.has(epoch) }
    }

    /// The errors due after `epoch`, in a budget of `epochs`: those of the schedule, and those at the end of the
    /// budget.
    pub fn after(epoch: u64, epochs: u64, evaluation: Evaluation) -> Self {
        let last = if evaluation.test == EvaluationSchedule::End { 1 } else { FINAL_EPOCHS };
        let scheduled = Self::scheduled(epoch, evaluation);
        Self { train: scheduled.train || epoch == epochs, test: scheduled.test || epoch + last > epochs }
    }
}

/// Resolves the `evaluate` table.
pub(super) fn evaluation(written: &written::Evaluate, report: &mut ProblemReport<'_>) -> Evaluation {
    let schedule = |written| match written {
        written::CountOrLog::Every(every) => EvaluationSchedule::Every(every),
        written::CountOrLog::Word(_) => EvaluationSchedule::Log,
    };
    let test = schedule(written.every);
    let train = written.train_every.map_or(test, schedule);
    let within = match (test, train) {
        (EvaluationSchedule::Every(test), EvaluationSchedule::Every(train)) => train.is_multiple_of(test),
        (_, EvaluationSchedule::Log) => true,
        _ => false,
    };
    if !within {
        let hint = match test {
            EvaluationSchedule::Every(every) => {
                format!("use a multiple of {every} (`evaluate.every`), or `log`")
            }
            EvaluationSchedule::Log | EvaluationSchedule::End => {
                "use `log`, as in `evaluate.every`, or remove it".to_owned()
            }
        };
        let message = "`train_every` includes epochs that `evaluate.every` does not evaluate";
        report.add("evaluate.train_every", message, hint);
    }
    Evaluation { test, train, extra: measures(written) }
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
