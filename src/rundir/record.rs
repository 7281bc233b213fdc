//! `run.json`: what a run was made with, what it found on the way, and how it ended.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::data_record::DataRecord;
use super::directory::RunDirectory;
use super::git::{self, Git};
use super::host;
use super::made_with::MadeWith;
use super::transfer::TransferReport;
use crate::error::UserError;
use crate::files;
use crate::spec::{Normalisation, Position, Seeds, Settings, Task};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Under way, or ended without a recorded exit status.
    Running,
    /// Its budget is done.
    Finished,
    /// It was stopped, and can go on.
    Stopped,
    /// Its numbers were no longer finite: it would be so again.
    Diverged,
    /// It ended with an error.
    Failed,
}

/// How long a budget is; a finished run has done it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    /// Passes over the training examples.
    pub epochs: u64,
    /// Optimizer steps.
    pub steps: u64,
}

impl Length {
    /// Of a task's budget.
    pub fn of(task: &Task) -> Self {
        Self { epochs: task.training.epochs(task.train_size), steps: task.training.steps(task.train_size) }
    }
}

/// The record. What another version of the program did not write, or wrote otherwise, says nothing; the status and the
/// length count all the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// How far it is.
    pub status: Status,
    /// Why it ended, where it ended early.
    #[serde(default)]
    pub reason: Option<String>,
    /// Its budget.
    #[serde(flatten)]
    pub length: Length,
    /// The hash in its directory's name.
    #[serde(default)]
    pub hash: String,
    /// Its source's directory name.
    pub source_hash: Option<String>,
    /// The command line of the last attempt.
    #[serde(default)]
    pub argv: Vec<String>,
    /// The seed of each purpose.
    #[serde(default)]
    pub seeds: Map<String, Value>,
    /// This program's version.
    #[serde(default)]
    pub freezewise: String,
    /// libtorch's.
    #[serde(default)]
    pub libtorch: String,
    /// The machine of the last attempt.
    #[serde(default)]
    pub host: String,
    /// Its processor.
    #[serde(default)]
    pub cpu: String,
    /// Its device.
    #[serde(default)]
    pub device: String,
    /// The NVIDIA driver's version, where there is one.
    #[serde(default)]
    pub driver: Option<String>,
    /// CPU threads.
    #[serde(default)]
    pub threads: usize,
    /// What the spec came to.
    #[serde(default, deserialize_with = "lenient")]
    pub compute: Option<Settings>,
    /// The working tree that it was started in.
    #[serde(default, deserialize_with = "lenient")]
    pub git: Option<Git>,
    /// When the first attempt began.
    #[serde(default)]
    pub started: String,
    /// When the last one ended.
    pub finished: Option<String>,
    /// Of all attempts whose end was recorded.
    pub seconds: Option<f64>,
    /// Whether its weights and states were dropped since: it is finished all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lean: bool,
    /// Later attempts.
    #[serde(default, deserialize_with = "lenient")]
    pub restarts: Vec<Restart>,
    /// What was found of its data.
    #[serde(default, deserialize_with = "lenient")]
    pub data: Option<DataRecord>,
    /// What went over from the source.
    #[serde(default, deserialize_with = "lenient")]
    pub transfer: Option<TransferReport>,
}

/// A later attempt at the same run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Restart {
    /// When.
    pub at: String,
    /// On which machine.
    pub host: String,
    /// With how many CPU threads.
    pub threads: usize,
    /// On which device.
    pub device: String,
    /// How the attempt before it ended.
    pub reason: String,
    /// Whole epochs that it resumes from.
    pub epoch: u64,
    /// Steps beyond them.
    pub step: u64,
}

impl Record {
    /// The record of a training that begins.
    pub fn new(task: &Task, hash: String, source_hash: Option<String>, made_with: &MadeWith, data: DataRecord) -> Self {
        Self {
            status: Status::Running,
            reason: None,
            length: Length::of(task),
            hash,
            source_hash,
            argv: std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
            seeds: seeds(task.seeds),
            freezewise: made_with.freezewise.clone(),
            libtorch: made_with.libtorch.clone(),
            host: host::name(),
            cpu: made_with.cpu.clone(),
            device: made_with.device.clone(),
            driver: host::driver(),
            threads: made_with.threads,
            compute: Some(made_with.compute),
            git: git::here(),
            started: now(),
            finished: None,
            seconds: None,
            lean: false,
            restarts: Vec::new(),
            data: Some(data),
            transfer: None,
        }
    }

    /// Goes on with the record of the attempts before, if there were any: from a checkpoint, or from the beginning.
    #[must_use]
    pub fn following(mut self, before: Option<Self>, start: Option<Position>) -> Self {
        let Some(before) = before else { return self };
        let start = start.unwrap_or_default();
        let reason = match before.status {
            Status::Running => "no exit status was recorded (killed, or the host went down)".into(),
            Status::Finished if before.length == self.length => {
                "what it left was no longer whole, or was measured by another schedule".into()
            }
            Status::Finished => {
                format!("its budget was {} steps, and is {} now", before.length.steps, self.length.steps)
            }
            Status::Stopped | Status::Diverged | Status::Failed => before.reason.unwrap_or_default(),
        };
        self.restarts = before.restarts;
        self.restarts.push(Restart {
            at: now(),
            host: self.host.clone(),
            threads: self.threads,
            device: self.device.clone(),
            reason,
            epoch: start.epochs,
            step: start.steps,
        });
        (self.started, self.seconds) = (before.started, before.seconds);
        self.transfer = before.transfer;
        self
    }

    /// Notes by what images become the network's input, once that is known.
    pub fn set_normalisation(&mut self, normalisation: &Normalisation) {
        if let Some(record) = &mut self.data {
            record.normalisation = Some(normalisation.clone());
        }
    }

    /// Whether it says that some budget is done.
    pub fn is_finished(&self) -> bool {
        self.status == Status::Finished
    }

    /// Whether it says that a task's training is done: all of its budget, and no more.
    pub fn has_finished(&self, task: &Task) -> bool {
        self.is_finished() && self.length.steps == Length::of(task).steps
    }

    /// The record of a directory, if it has one.
    pub fn read(directory: &RunDirectory) -> Result<Option<Self>> {
        let path = directory.record();
        if !files::exists(&path)? {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        // A record that is torn says nothing, as if it were not there.
        let Ok(value) = serde_json::from_slice::<Value>(&bytes) else { return Ok(None) };
        // One that is whole and not understood is no reason to write over what it is the record of.
        serde_json::from_value(value).map(Some).map_err(|error| {
            UserError::new(format!("cannot understand `{}`: {error}", path.display()))
                .hint("use the version of freezewise that wrote it, or move its folder away to start over")
                .into()
        })
    }

    /// Writes it, so that a reader sees the old one or the new.
    pub fn write(&self, directory: &RunDirectory) -> Result<()> {
        write_json(&directory.record(), self)
    }

    /// Notes how it ended.
    pub fn end(&mut self, status: Status, reason: Option<String>, seconds: f64) {
        (self.status, self.reason) = (status, reason);
        self.finished = Some(now());
        self.seconds = Some(self.seconds.unwrap_or(0.0) + seconds);
    }
}

/// A part of a file that may have been written by another version: what cannot be understood is left out.
pub fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(file: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(file)?).unwrap_or_default())
}

fn seeds(seeds: Seeds) -> Map<String, Value> {
    let named = [
        ("init", seeds.initial),
        ("subset", seeds.subset),
        ("noise", seeds.noise),
        ("order", seeds.order),
        ("augment", seeds.augment),
        ("dropout", seeds.dropout),
    ];
    named.into_iter().map(|(name, seed)| (name.to_owned(), seed.into())).collect()
}

/// Writes JSON for people and programs: indented, atomic.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    files::write_atomically(path, text.as_bytes())
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
