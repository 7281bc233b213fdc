//! How a run stands on disk, before anything is done about it: finished as it is asked for, finished otherwise, or
//! diverged.

use anyhow::Result;

use crate::error::UserError;
use crate::run::branch;
use crate::run::recovery::resume::{FRESH, at_least, too_long};
use crate::run::request::Finished;
use crate::rundir::{self, Length, Record, Row, RunDirectory, Status, Summary};
use crate::spec::{Budget, Evaluation, Experiment, Side, Spec};

/// The run as it stands on disk, if it is finished with the budget and the schedule of evaluation that are asked for.
/// One that is finished with a longer budget is an error: its numbers are others. So is one that diverged.
pub(in crate::run) fn finished(spec: &Spec, directory: &RunDirectory) -> Result<Option<Finished>> {
    let Some(record) = Record::read(directory)? else { return Ok(None) };
    let target = &spec.experiment.target;
    let asked = Length::of(target);
    // A budget that is shorter than the one in which it diverged may end before that.
    if record.status == Status::Diverged && record.length.steps <= asked.steps {
        let reason = record.reason.as_deref().unwrap_or("its numbers were not finite");
        let message = format!("the run in `{}` diverged before: {reason}", directory.path().display());
        return Err(UserError::new(message)
            .hint("try a third of the learning rate, or `warmup_steps`: that is another run")
            .hint("`--fresh` trains the same again, and keeps what is there aside")
            .into());
    }
    if !record.is_finished() || record.length.steps < asked.steps {
        return Ok(None);
    }
    let rows = rundir::read::<Row>(&directory.metrics()).ok();
    if record.length.steps > asked.steps {
        return Err(longer_than_asked(spec, directory, record.length, rows.as_deref()).into());
    }
    // What is torn or gone is made again, whatever the record says.
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

/// The error of a run that is finished with a longer budget; it can still be had as it is.
fn longer_than_asked(spec: &Spec, directory: &RunDirectory, length: Length, rows: Option<&[Row]>) -> UserError {
    let Experiment { target, evaluation, .. } = &spec.experiment;
    let error = too_long(directory, target, length.steps);
    let is_whole = length.steps.is_multiple_of(target.training.steps_per_epoch(target.train_size));
    let as_it_is = match target.training.budget {
        Budget::Steps(_) => at_least(Side::Target, target, length.steps),
        Budget::Epochs(_) if is_whole => at_least(Side::Target, target, length.epochs),
        Budget::Epochs(_) => format!("ask for its budget, `steps = {}`, in place of `epochs`", length.steps),
    };
    let as_scheduled = rows.is_some_and(|rows| rows.iter().all(|row| is_as_scheduled(row, *evaluation)));
    let as_it_is =
        if as_scheduled { as_it_is } else { format!("with the `[evaluate]` table of its `spec.toml`, {as_it_is}") };
    error.hint(as_it_is).hint(FRESH)
}

/// Whether a row of `metrics.csv` has what a schedule asks for, and no more.
fn is_as_scheduled(row: &Row, evaluation: Evaluation) -> bool {
    let lacks_test = evaluation.has(row.epoch) && row.test_error.is_none();
    let lacks_train = evaluation.has_train(row.epoch) && row.train_error.is_none();
    let lacks_norms = evaluation.measures.norms && row.weight_norm.is_none();
    !lacks_test && !lacks_train && !lacks_norms && *row == row.shown(evaluation)
}

/// Refuses to train a finished run again from the beginning, in its place, where no state is left to extend it from or
/// to measure it by another schedule.
pub(in crate::run) fn check_replaceable(directory: &RunDirectory) -> Result<()> {
    let finished = Record::read(directory)?.filter(Record::is_finished);
    let Some(record) = finished.filter(|_| directory.weights().is_file() && directory.metrics().is_file()) else {
        return Ok(());
    };
    let message = format!(
        "the run in `{}` is finished with {} steps, and no checkpoint is left to change its budget or its schedule of \
         evaluation",
        directory.path().display(),
        crate::text::grouped(record.length.steps)
    );
    Err(UserError::usage(message)
        .hint("train from the beginning with `--fresh`, which moves the existing run aside")
        .hint("`checkpoint.keep_final = true`, the default, keeps a checkpoint at the end of a run")
        .into())
}
