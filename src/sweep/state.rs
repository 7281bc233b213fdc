//! The state of a run, read from its files and its lock; no spec is needed.

use anyhow::Result;
use serde::Serialize;

use crate::run;
use crate::rundir::{Length, Record, RunDirectory, Status, Summary};

/// The state of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "detail", rename_all = "lowercase")]
pub enum RunState {
    /// Finished with its budget.
    Done,
    /// The loss became non-finite: a result, not a failure.
    Diverged(String),
    /// Ended with an error.
    Failed(String),
    /// Locked by a running process, which is named.
    Running(String),
    /// Stopped with a checkpoint.
    Stopped,
    /// No exit status was recorded: it was killed, or its host went down.
    Stale,
    /// Not started, or not with this budget.
    Waiting,
}

impl RunState {
    /// The state in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged(_) => "diverged",
            Self::Failed(_) => "failed",
            Self::Running(_) => "running",
            Self::Stopped => "stopped",
            Self::Stale => "stale",
            Self::Waiting => "waiting",
        }
    }

    /// The reason, or the process that runs it.
    pub fn detail(&self) -> &str {
        match self {
            Self::Diverged(text) | Self::Failed(text) | Self::Running(text) => text,
            Self::Done | Self::Stopped | Self::Stale | Self::Waiting => "",
        }
    }

    /// The state of a run that should have the budget `length`; with `None`, of whatever budget it has.
    pub fn of(directory: &RunDirectory, length: Option<Length>) -> Result<Self> {
        let record = match Record::read(directory) {
            Ok(record) => record,
            // An unreadable record, or one from another version, must not hide the other runs.
            Err(error) => return Ok(Self::Failed(format!("{error:#}"))),
        };
        let holder = match run::holder(directory.path()) {
            Ok(holder) => holder,
            Err(error) => return Ok(Self::Failed(format!("{error:#}"))),
        };
        Ok(match (record, holder) {
            (Some(record), _) if record.status == Status::Finished && is_complete(directory, &record, length) => {
                Self::Done
            }
            (_, Some(holder)) => Self::Running(holder),
            (None, None) => first_line(directory).map_or(Self::Waiting, Self::Failed),
            (Some(record), None) => match record.status {
                Status::Finished => Self::Waiting,
                Status::Stopped => Self::Stopped,
                Status::Running => Self::Stale,
                // A shorter budget than that of the diverged run may end before the divergence.
                Status::Diverged if length.is_some_and(|asked| asked.steps < record.length.steps) => Self::Waiting,
                Status::Diverged => Self::Diverged(reason(&record)),
                Status::Failed => Self::Failed(reason(&record)),
            },
        })
    }
}

/// Weights are not needed, so a pruned run is complete too.
fn is_complete(directory: &RunDirectory, record: &Record, length: Option<Length>) -> bool {
    let long_enough = length.is_none_or(|length| record.length.steps == length.steps);
    long_enough && Summary::read(directory).is_some()
}

fn reason(record: &Record) -> String {
    let text = record.reason.as_deref().unwrap_or("no reason was recorded");
    text.lines().next().unwrap_or_default().to_owned()
}

fn first_line(directory: &RunDirectory) -> Option<String> {
    let text = std::fs::read_to_string(directory.error()).ok()?;
    text.lines().next().map(str::to_owned)
}
