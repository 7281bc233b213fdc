//! When a phase is evaluated; the `evaluate` table resolved.

use super::evaluation_schedule::{EvaluationSchedule, FINAL_EPOCHS};
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

impl From<EvaluationSchedule> for Evaluation {
    fn from(schedule: EvaluationSchedule) -> Self {
        Self { test: schedule, train: schedule, extra: ExtraMeasures::NONE }
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
    fn train_errors_are_due_only_with_test_errors() {
        let thinned = Evaluation { train: EvaluationSchedule::Log, ..EvaluationSchedule::Every(2).into() };
        let epochs = |has: fn(Evaluation, u64) -> bool| (101..=106).filter(|&epoch| has(thinned, epoch)).collect();
        assert_eq!((epochs(Evaluation::has), epochs(Evaluation::has_train)), (vec![102, 104, 106], vec![]));
        assert!(thinned.has_train(100) && thinned.has_train(126));
        assert!(EvaluationSchedule::Log.has(113) && !thinned.has_train(113), "test errors are not due");
    }
}
