//! How a run stands on disk, before anything is done about it: finished as it is asked for, finished otherwise, or
//! diverged.

use anyhow::Result;

use super::directory::RunDirectory;
use super::execute::Finished;
use super::metrics::{self, Row};
use super::record::{Length, Record, Status};
use super::resume::too_long;
use super::summary::Summary;
use crate::error::UserError;
use crate::spec::{Budget, Evaluation, Spec};

/// The run as it stands on disk, if it is finished with the budget and the schedule of evaluation that are asked for.
/// One that is finished with a longer budget is an error: its numbers are others. So is one that diverged.
pub(super) fn finished(spec: &Spec, directory: &RunDirectory) -> Result<Option<Finished>> {
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
    if record.length.steps > asked.steps {
        let least = match target.training.budget {
            Budget::Epochs(_) => record.length.epochs,
            Budget::Steps(_) => record.length.steps,
        };
        return Err(too_long(directory, "target", target, record.length.steps, Some(least)).into());
    }
    // What is torn or gone is made again, whatever the record says.
    let summary = Summary::read(directory);
    let rows = metrics::read::<Row>(&directory.metrics()).ok();
    let (Some(summary), Some(rows), true) = (summary, rows, directory.weights().is_file()) else { return Ok(None) };
    let is_whole = rows.last().is_some_and(|last| (last.epoch, last.step) == (summary.epochs, asked.steps));
    if !is_whole || !rows.iter().all(|row| is_as_scheduled(row, spec.experiment.evaluation)) {
        return Ok(None);
    }
    Ok(Some(Finished { directory: directory.clone(), summary, rows, already: true }))
}

/// Whether a row of `metrics.csv` has what a schedule asks for, and no more.
fn is_as_scheduled(row: &Row, evaluation: Evaluation) -> bool {
    let lacks_test = evaluation.has(row.epoch) && row.test_error.is_none();
    let lacks_train = evaluation.has_train(row.epoch) && row.train_error.is_none();
    !lacks_test && !lacks_train && *row == row.shown(evaluation)
}

/// Refuses to train a finished run again from the beginning, in its place, where no state is left to extend it from or
/// to measure it by another schedule.
pub(super) fn check_replaceable(directory: &RunDirectory) -> Result<()> {
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
