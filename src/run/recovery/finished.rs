//! Whether the run on disk is finished as requested, finished with another budget, or diverged.

use anyhow::Result;

use crate::error::UserError;
use crate::run::branch;
use crate::run::recovery::checkpoint::has_state;
use crate::run::recovery::resume::{FRESH, at_least, too_long};
use crate::run::request::Finished;
use crate::rundir::{self, Length, MeasuredBy, Metrics, Record, RunDirectory, Status, Summary};
use crate::spec::{Budget, Due, Evaluation, Experiment, Keep, Side, Spec};
use crate::train::BranchPlan;

/// The run on disk, if it is finished with the requested budget and evaluation schedule. One with a longer budget is an
/// error, because its results differ; so is one that diverged.
pub(in crate::run) fn finished(spec: &Spec, directory: &RunDirectory) -> Result<Option<Finished>> {
    let Some(record) = Record::read(directory)? else { return Ok(None) };
    let target = &spec.experiment.target;
    let asked = Length::of(target);
    // A shorter budget than that of the diverged run may end before the divergence.
    if record.status == Status::Diverged && record.length.steps <= asked.steps {
        let reason = record.reason.as_deref().unwrap_or("its numbers were not finite");
        let message = format!("the run in `{}` has already diverged: {reason}", directory.path().display());
        return Err(UserError::new(message)
            .hint("try a third of the learning rate, or `warmup_steps`; either starts a new run")
            .hint("`--fresh` trains the same run again and moves the existing one aside")
            .into());
    }
    if !record.is_finished() || record.length.steps < asked.steps {
        return Ok(None);
    }
    let rows = rundir::read::<Metrics>(&directory.metrics()).ok();
    if record.length.steps > asked.steps {
        return Err(longer_than_asked(spec, directory, record.length, rows.as_deref()).into());
    }
    // Torn or missing files are written again, whatever the record says.
    let summary = Summary::read(directory);
    let has_weights = record.lean || directory.weights().is_file();
    let (Some(summary), Some(rows), true) = (summary, rows, has_weights) else { return Ok(None) };
    let is_whole = rows.last().is_some_and(|last| (last.epoch, last.step) == (summary.epochs, asked.steps));
    let evaluation = spec.experiment.evaluation;
    let averages =
        evaluation.averaged_half_life(target).is_none_or(|wanted| summary.averaged_half_life == Some(wanted));
    let branches = branch::missing(directory, &spec.experiment).is_empty();
    if !is_whole || !averages || !branches || !rows.iter().all(|row| is_as_scheduled(row, evaluation)) {
        return Ok(None);
    }
    Ok(Some(Finished { directory: directory.clone(), summary, rows, already: true }))
}

/// What a finished run has of the measurements that a spec asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// All of them.
    AsAsked,
    /// It lacks only branches, and has the states to branch from and to resume from.
    LacksBranches,
    /// It lacks what may need another training.
    Otherwise,
}

/// Compares the measurements of a finished run with those that a spec asks for.
pub fn measured(spec: &Spec, directory: &RunDirectory) -> Measured {
    let has_all = |spec: &Spec| matches!(finished(spec, directory), Ok(Some(_)));
    if has_all(spec) {
        return Measured::AsAsked;
    }
    let mut without = spec.clone();
    without.experiment.branches.at = Keep::Epochs(Vec::new());
    let (target, missing) = (&spec.experiment.target, branch::missing(directory, &spec.experiment));
    let steps_per_epoch = target.training.steps_per_epoch(target.train_size);
    let after = |plan: &BranchPlan| plan.epoch * steps_per_epoch;
    let mut needed = missing.iter().map(after).chain([Length::of(target).steps]);
    if has_all(&without) && needed.all(|step| has_state(directory, target, step)) {
        return Measured::LacksBranches;
    }
    Measured::Otherwise
}

/// The error for a run that is finished with a longer budget, with the command that returns it as it is.
fn longer_than_asked(spec: &Spec, directory: &RunDirectory, length: Length, rows: Option<&[Metrics]>) -> UserError {
    let Experiment { target, evaluation, .. } = &spec.experiment;
    let error = too_long(directory, target, length.steps);
    let is_whole = length.steps.is_multiple_of(target.training.steps_per_epoch(target.train_size));
    let as_it_is = match target.training.budget {
        Budget::Steps(_) => at_least(Side::Target, target, length.steps),
        Budget::Epochs(_) if is_whole => at_least(Side::Target, target, length.epochs),
        Budget::Epochs(_) => format!("use its budget, `steps = {}`, instead of `epochs`", length.steps),
    };
    let as_scheduled = rows.is_some_and(|rows| rows.iter().all(|row| is_as_scheduled(row, *evaluation)));
    let as_it_is =
        if as_scheduled { as_it_is } else { format!("with the `[evaluate]` table of its `spec.toml`, {as_it_is}") };
    error.hint(as_it_is).hint(FRESH)
}

/// Whether a row of `metrics.csv` has exactly what a schedule asks for.
fn is_as_scheduled(row: &Metrics, evaluation: Evaluation) -> bool {
    let due = Due::scheduled(row.epoch, evaluation);
    let is_complete = !MeasuredBy::ALL.into_iter().any(|measure| row.lacks(measure, due, evaluation.extra));
    is_complete && *row == row.shown(evaluation)
}
