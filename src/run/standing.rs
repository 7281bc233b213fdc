//! How a run stands on disk, before anything is done about it: finished, diverged, or short of a measurement that is
//! asked for now.

use anyhow::Result;

use super::checkpoint::Checkpoint;
use super::directory::RunDirectory;
use super::execute::Finished;
use super::metrics::{self, Row};
use super::record::{Record, Status};
use super::summary::Summary;
use crate::error::UserError;
use crate::spec::{Evaluation, Spec};
use crate::train::{Due, FINAL_EPOCHS};

/// So many epochs are named in a message.
const NAMED: usize = 5;

/// The run as it stands on disk, if its budget is done. A run that diverged is an error, and so is a finished one that
/// was not measured where it is to be measured now.
pub(super) fn finished(spec: &Spec, directory: &RunDirectory) -> Result<Option<Finished>> {
    let Some(record) = Record::read(directory)? else { return Ok(None) };
    if record.status == Status::Diverged {
        let reason = record.reason.as_deref().unwrap_or("its numbers were not finite");
        let message = format!("the run in `{}` diverged before: {reason}", directory.path().display());
        return Err(UserError::new(message)
            .hint("try a third of the learning rate, or `warmup_steps`: that is another run")
            .hint("`--fresh` trains the same again, and keeps what is there aside")
            .into());
    }
    if !record.has_finished(&spec.experiment.target) {
        return Ok(None);
    }
    // What is torn or gone was not finished, whatever the record says.
    let summary: Option<Summary> =
        std::fs::read(directory.summary()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let rows = metrics::read::<Row>(&directory.metrics()).ok();
    let (Some(summary), Some(rows), true) = (summary, rows, directory.weights().is_file()) else { return Ok(None) };
    if rows.last().is_none_or(|last| last.epoch != summary.epochs) {
        return Ok(None);
    }
    let asked = spec.experiment.target.training.epochs(spec.experiment.target.train_size);
    let evaluation = spec.experiment.evaluation;
    refuse_missing(directory, &rows, |epoch| {
        let within = epoch <= asked;
        Due { train: within && evaluation.has_train(epoch), test: within && evaluation.has(epoch) }
    })?;
    Ok(Some(Finished { directory: directory.clone(), summary, rows, already: true }))
}

/// Refuses to go on from a checkpoint behind which lies what was not measured, and is asked for now: by the schedule,
/// or by the end of a budget that is shorter than it was.
pub(super) fn check_measured(
    directory: &RunDirectory,
    start: &Checkpoint,
    evaluation: Evaluation,
    epochs: u64,
) -> Result<()> {
    let rows: Vec<Row> = metrics::parse(&start.rows)?;
    let last = epochs.max(start.header.epochs);
    refuse_missing(directory, &rows, |epoch| Due {
        train: evaluation.has_train(epoch) || epoch == last,
        test: evaluation.has(epoch) || (epoch > 0 && epoch + FINAL_EPOCHS > last),
    })
}

/// An error that names the epochs after which something is due and was not measured.
fn refuse_missing(directory: &RunDirectory, rows: &[Row], due: impl Fn(u64) -> Due) -> Result<()> {
    let without = |lacks: &dyn Fn(&Row) -> bool| -> Vec<u64> {
        rows.iter().filter(|row| lacks(row)).map(|row| row.epoch).collect()
    };
    let test = without(&|row| due(row.epoch).test && row.test_error.is_none());
    let train = without(&|row| due(row.epoch).train && row.train_error.is_none());
    let (what, key, epochs) = match (test.is_empty(), train.is_empty()) {
        (true, true) => return Ok(()),
        (true, false) => ("train errors", "evaluate.train_every", train),
        (false, _) => ("test errors", "evaluate.every", test),
    };
    let named: Vec<String> = epochs.iter().take(NAMED).map(u64::to_string).collect();
    let more = if epochs.len() > NAMED { format!(" and {} more", epochs.len() - NAMED) } else { String::new() };
    let epochs = if epochs.len() == 1 { "epoch" } else { "epochs" };
    let message = format!(
        "the run in `{}` lacks what is asked for now: {what} after {epochs} {}{more}",
        directory.path().display(),
        named.join(", ")
    );
    let hint = "`--fresh` makes them, from the beginning; what is there is kept aside";
    Err(UserError::usage(message).hint(hint).hint(format!("or ask for no more than it has: see `{key}`")).into())
}
