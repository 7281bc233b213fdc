//! Which checkpoint a training resumes from: the latest that is intact, within the budget, and has every measurement
//! that the spec asks for now. If there are checkpoints but none qualifies, it is an error that names the smallest budget
//! that would work. A finished training resumes only from its end: nothing of it is trained again.

use anyhow::Result;

use crate::error::UserError;
use crate::run::phase::log::RunLog;
use crate::run::recovery::checkpoint::{Checkpoint, CheckpointStore};
use crate::rundir::{self, DataRecord, MeasuredBy, Metrics, RunDirectory};
use crate::spec::{Budget, Checkpoints, Due, Evaluation, FINAL_EPOCHS, Side, Task};
use crate::text;

/// How many epochs a message names.
const NAMED: usize = 5;

/// The requested training.
pub(in crate::run) struct Goal<'a> {
    pub(in crate::run) directory: &'a RunDirectory,
    pub(in crate::run) side: Side,
    /// The hash of the spec, as in the directory's name.
    pub(in crate::run) hash: &'a str,
    pub(in crate::run) task: &'a Task,
    pub(in crate::run) evaluation: Evaluation,
    /// The steps of the training that is finished on disk, if one is.
    pub(in crate::run) finished: Option<u64>,
}

/// An intact checkpoint that may qualify.
struct CandidateCheckpoint {
    /// Whole epochs trained.
    epochs: u64,
    /// Steps trained in all.
    steps: u64,
    rows: Vec<Metrics>,
    /// Half-life of its averaged weights in steps, if it has any.
    averaged_half_life: Option<f64>,
}

/// The checkpoint to resume from, if there is one. It is an error if it was trained on other data than there is now.
pub(in crate::run) fn resume(
    store: &CheckpointStore<'_>,
    goal: &Goal<'_>,
    data: &DataRecord,
    run_log: &mut RunLog<'_>,
) -> Result<Option<Checkpoint>> {
    let mut passed = Vec::new();
    let found = store.furthest(goal.side, goal.hash, |checkpoint| {
        let candidate = goal.look_at(checkpoint)?;
        let serves = candidate.steps <= goal.steps()
            && goal.is_in_reach(&candidate)
            && goal.missing(&candidate.rows, goal.epochs()).is_none()
            && goal.has_averages(candidate.averaged_half_life);
        if !serves {
            passed.push(candidate);
        }
        Ok(serves)
    })?;
    let Some(checkpoint) = found.checkpoint else {
        found.damaged.iter().try_for_each(|damaged| run_log.note(damaged))?;
        passed.retain(|candidate| goal.is_in_reach(candidate));
        return match goal.finished {
            Some(steps) if passed.is_empty() => Err(no_final_state(goal.directory, steps).into()),
            None if passed.is_empty() => Ok(None),
            _ => Err(goal.refusal(&passed).into()),
        };
    };
    for damaged in &found.damaged {
        run_log.note(&format!("{damaged}; resuming from the previous one"))?;
    }
    let header = &checkpoint.header;
    let phase = goal.side.name();
    if header.data != data.content {
        let message = format!("the data set of the {phase} has changed since its training began");
        return Err(UserError::new(message).hint("restore the old files, or start over with `--fresh`").into());
    }
    let beyond = match header.steps {
        0 => String::new(),
        steps => format!(" and {}", text::counted(steps as usize, "step", "steps")),
    };
    run_log.note(&format!("{phase}: resuming after epoch {}{beyond}", header.epochs))?;
    Ok(Some(checkpoint))
}

/// Deletes the checkpoints that a finished training no longer needs. A failure is only noted: the training is finished
/// anyway.
pub(in crate::run) fn discard(
    store: &CheckpointStore<'_>,
    checkpoints: &Checkpoints,
    run_log: &mut RunLog<'_>,
) -> Result<()> {
    match store.finish(checkpoints) {
        Ok(()) => Ok(()),
        Err(error) => run_log.note(&format!("cannot delete checkpoints that are no longer needed: {error:#}")),
    }
}

impl Goal<'_> {
    fn steps(&self) -> u64 {
        self.task.training.steps(self.task.train_size)
    }

    fn epochs(&self) -> u64 {
        self.task.training.epochs(self.task.train_size)
    }

    fn steps_per_epoch(&self) -> u64 {
        self.task.training.steps_per_epoch(self.task.train_size)
    }

    fn look_at(&self, checkpoint: &Checkpoint) -> Result<CandidateCheckpoint> {
        let (epochs, beyond) = (checkpoint.header.epochs, checkpoint.header.steps);
        let steps = epochs.saturating_mul(self.steps_per_epoch()).saturating_add(beyond);
        let averaged_half_life = checkpoint.header.averaged_half_life;
        Ok(CandidateCheckpoint { epochs, steps, rows: rundir::parse(&checkpoint.rows)?, averaged_half_life })
    }

    /// Whether a training that is finished on disk stays as it is if it resumes from there.
    fn is_in_reach(&self, candidate: &CandidateCheckpoint) -> bool {
        self.finished.is_none_or(|finished| finished <= candidate.steps)
    }

    /// Whether `half_life` is the requested one, if averaged weights are requested.
    fn has_averages(&self, half_life: Option<f64>) -> bool {
        self.evaluation.averaged_half_life(self.task).is_none_or(|wanted| half_life == Some(wanted))
    }

    /// The measurements that are due within `epochs` and that `rows` lack.
    fn missing(&self, rows: &[Metrics], epochs: u64) -> Option<Missing> {
        MeasuredBy::ALL.into_iter().find_map(|measure| {
            let lacks = |row: &Metrics| {
                row.lacks(measure, Due::after(row.epoch, epochs, self.evaluation), self.evaluation.extra)
            };
            let epochs: Vec<u64> = rows.iter().filter(|row| lacks(row)).map(|row| row.epoch).collect();
            (!epochs.is_empty()).then_some(Missing { measure, epochs })
        })
    }

    /// The smallest budget that a checkpoint qualifies for, in the unit of the requested one; `None` if its epochs were
    /// not measured as the schedule asks.
    fn least(&self, passed: &CandidateCheckpoint) -> Option<u64> {
        let per_epoch = self.steps_per_epoch();
        let first = passed.steps.div_ceil(per_epoch).max(1);
        // Beyond that, the end of the budget no longer affects which past epochs are due.
        let epochs = (first..=first.max(passed.epochs + FINAL_EPOCHS))
            .find(|&epochs| self.missing(&passed.rows, epochs).is_none())?;
        Some(match self.task.training.budget {
            Budget::Epochs(_) => epochs,
            Budget::Steps(_) => passed.steps.max((epochs - 1) * per_epoch + 1),
        })
    }

    /// The error if no checkpoint qualifies; `passed` has the latest first.
    fn refusal(&self, passed: &[CandidateCheckpoint]) -> UserError {
        let wrong = passed.iter().find(|passed| !self.has_averages(passed.averaged_half_life));
        if let Some(passed) = wrong {
            return self.other_averages(passed.averaged_half_life);
        }
        let least = passed.iter().filter_map(|passed| self.least(passed)).min();
        let within = passed.iter().find(|passed| passed.steps <= self.steps());
        let Some(missing) = within.and_then(|passed| self.missing(&passed.rows, self.epochs())) else {
            let furthest = passed.first().map_or(0, |furthest| furthest.steps);
            let error = too_long(self.directory, self.task, furthest);
            return match least {
                Some(least) => error.hint(at_least(self.side, self.task, least)).hint(FRESH),
                None => error.hint(FRESH),
            };
        };
        let named: Vec<String> = missing.epochs.iter().take(NAMED).map(u64::to_string).collect();
        let more = match missing.epochs.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let epochs = if missing.epochs.len() == 1 { "epoch" } else { "epochs" };
        let error = UserError::usage(format!(
            "the run in `{}` lacks measurements that the spec asks for: {} after {epochs} {}{more}",
            self.directory.path().display(),
            missing.what(),
            named.join(", ")
        ));
        let error = match least {
            Some(least) => error.hint(at_least(self.side, self.task, least)),
            None => error.hint(format!("request fewer measurements with `{}`", missing.key())),
        };
        error.hint(FRESH)
    }
}

impl Goal<'_> {
    /// The error if a training has other averaged weights than requested, or none.
    fn other_averages(&self, half_life: Option<f64>) -> UserError {
        let place = self.directory.path().display();
        let key = "evaluate.averaged_half_life";
        let wanted = self.evaluation.averaged_half_life(self.task).unwrap_or_default();
        match half_life {
            None => UserError::usage(format!("the run in `{place}` has no averaged weights: `{key}` was not set"))
                .hint(format!("remove `{key}` from the spec, {FRESH}")),
            Some(own) => UserError::usage(format!(
                "the run in `{place}` averages weights with a half-life of {own} steps, not {wanted}"
            ))
            .hint(format!("use that half-life, {FRESH}")),
        }
    }
}

/// The error for a finished run without a checkpoint of its last step: an earlier one, or none, would train it again and
/// overwrite its results. A pruned run has no weights either.
fn no_final_state(directory: &RunDirectory, steps: u64) -> UserError {
    let message = format!(
        "the run in `{}` finished after {} steps and has no checkpoint left at its end: its budget, evaluation schedule \
         and branches cannot change, and missing files cannot be restored",
        directory.path().display(),
        text::grouped(steps)
    );
    UserError::usage(message)
        .hint("start over with `--fresh`, which moves the existing run aside")
        .hint("`checkpoint.keep_final = true`, the default, keeps a checkpoint at the end of a run")
}

/// Measurements that are due and missing.
struct Missing {
    measure: MeasuredBy,
    epochs: Vec<u64>,
}

impl Missing {
    fn what(&self) -> &'static str {
        match self.measure {
            MeasuredBy::Test => "test errors",
            MeasuredBy::Train => "train errors",
            MeasuredBy::TestAveraged => "test errors of averaged weights",
            MeasuredBy::TrainAveraged => "train errors of averaged weights",
            MeasuredBy::Norms => "norms",
        }
    }

    /// The key that asks for them.
    fn key(&self) -> &'static str {
        match self.measure {
            MeasuredBy::Test => "evaluate.every",
            MeasuredBy::Train => "evaluate.train_every",
            MeasuredBy::TestAveraged | MeasuredBy::TrainAveraged => "evaluate.averaged_half_life",
            MeasuredBy::Norms => "evaluate.norms",
        }
    }
}

pub(in crate::run) const FRESH: &str = "or start over with `--fresh`, which moves the existing run aside";

/// The error for a run that has trained for more steps than requested.
pub(in crate::run) fn too_long(directory: &RunDirectory, task: &Task, trained: u64) -> UserError {
    let steps = |count: u64| text::counted(count as usize, "step", "steps");
    let epochs = |count: u64| text::counted(count as usize, "epoch", "epochs");
    let per_epoch = task.training.steps_per_epoch(task.train_size);
    let (has, wants) = match task.training.budget {
        Budget::Steps(asked) => (steps(trained), steps(asked)),
        Budget::Epochs(asked) => match (trained / per_epoch, trained % per_epoch) {
            (whole, 0) => (epochs(whole), epochs(asked)),
            (whole, rest) => (format!("{} and {}", epochs(whole), steps(rest)), epochs(asked)),
        },
    };
    let shown = directory.path().display();
    UserError::usage(format!("the run in `{shown}` has trained {has}, more than the requested {wants}"))
}

/// Advice to request a longer budget.
pub(in crate::run) fn at_least(side: Side, task: &Task, least: u64) -> String {
    let unit = match task.training.budget {
        Budget::Steps(_) => "steps",
        Budget::Epochs(_) => "epochs",
    };
    let phase = side.name();
    format!("request at least {least} {unit}: `--set {phase}.train.{unit}={least}`")
}
