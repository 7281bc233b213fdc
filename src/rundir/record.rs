//! `run.json`: status, versions, hardware, and facts found during the run.

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

/// Status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Running, or ended without a recorded exit status.
    Running,
    /// The budget is complete.
    Finished,
    /// Stopped early; it can resume.
    Stopped,
    /// The loss or weights became non-finite; a new attempt would diverge again.
    Diverged,
    /// Ended with an error.
    Failed,
}

/// Length of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    /// Passes over the training examples.
    pub epochs: u64,
    /// Optimizer steps.
    pub steps: u64,
}

impl Length {
    /// The budget of a task.
    pub fn of(task: &Task) -> Self {
        Self { epochs: task.training.epochs(task.train_size), steps: task.training.steps(task.train_size) }
    }
}

/// The record of a run. Fields that another version did not write, or wrote differently, are ignored; status and length
/// are read regardless.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// How far the run is: running, stopped, finished, failed or diverged.
    pub status: Status,
    /// Why it ended early, if it did.
    #[serde(default)]
    pub reason: Option<String>,
    /// Budget.
    #[serde(flatten)]
    pub length: Length,
    /// Hash in the directory's name.
    #[serde(default)]
    pub hash: String,
    /// Name of the source's directory.
    pub source_hash: Option<String>,
    /// Command line of the last attempt.
    #[serde(default)]
    pub argv: Vec<String>,
    /// Seed of each purpose.
    #[serde(default)]
    pub seeds: Map<String, Value>,
    /// Version of freezewise.
    #[serde(default)]
    pub freezewise: String,
    /// Version of libtorch.
    #[serde(default)]
    pub libtorch: String,
    /// Host of the last attempt.
    #[serde(default)]
    pub host: String,
    /// Processor.
    #[serde(default)]
    pub cpu: String,
    /// Device.
    #[serde(default)]
    pub device: String,
    /// Version of the NVIDIA driver, if there is one.
    #[serde(default)]
    pub driver: Option<String>,
    /// Number of CPU threads.
    #[serde(default)]
    pub threads: usize,
    /// Resolved compute settings.
    #[serde(default, deserialize_with = "lenient")]
    pub compute: Option<Settings>,
    /// Git working tree that it was started in.
    #[serde(default, deserialize_with = "lenient")]
    pub git: Option<Git>,
    /// Start of the first attempt.
    #[serde(default)]
    pub started: String,
    /// End of the last attempt.
    pub finished: Option<String>,
    /// Run time of all attempts with a recorded end.
    pub seconds: Option<f64>,
    /// Whether weights and checkpoints were pruned since; the run still counts as finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lean: bool,
    /// Later attempts.
    #[serde(default, deserialize_with = "lenient")]
    pub restarts: Vec<Restart>,
    /// Facts about the data.
    #[serde(default, deserialize_with = "lenient")]
    pub data: Option<DataRecord>,
    /// What was transferred from the source.
    #[serde(default, deserialize_with = "lenient")]
    pub transfer: Option<TransferReport>,
}

/// A later attempt at the same run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Restart {
    /// Start time.
    pub at: String,
    /// Host.
    pub host: String,
    /// Number of CPU threads.
    pub threads: usize,
    /// Device.
    pub device: String,
    /// How the previous attempt ended.
    pub reason: String,
    /// Completed epochs at the checkpoint that it resumed from.
    pub epoch: u64,
    /// Completed steps of the epoch after that.
    pub step: u64,
}

impl Record {
    /// The record of a run that starts.
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

    /// Continues the record of earlier attempts, if any, from a checkpoint or from the beginning.
    #[must_use]
    pub fn following(mut self, before: Option<Self>, start: Option<Position>) -> Self {
        let Some(before) = before else { return self };
        let start = start.unwrap_or_default();
        let reason = match before.status {
            Status::Running => "no exit status was recorded (killed, or the host went down)".into(),
            Status::Finished if before.length == self.length => {
                "its files were incomplete, or it was evaluated on another schedule".into()
            }
            Status::Finished => {
                format!("its budget changed from {} to {} steps", before.length.steps, self.length.steps)
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

    /// Records the normalisation, once it is known.
    pub fn set_normalisation(&mut self, normalisation: &Normalisation) {
        if let Some(record) = &mut self.data {
            record.normalisation = Some(normalisation.clone());
        }
    }

    /// Whether any budget is complete.
    pub fn is_finished(&self) -> bool {
        self.status == Status::Finished
    }

    /// Whether the training of a task is complete, with exactly its budget.
    pub fn has_finished(&self, task: &Task) -> bool {
        self.is_finished() && self.length.steps == Length::of(task).steps
    }

    /// Reads the record of a directory, if there is one.
    pub fn read(directory: &RunDirectory) -> Result<Option<Self>> {
        let path = directory.record();
        if !files::exists(&path)? {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        // A torn record counts as absent.
        let Ok(value) = serde_json::from_slice::<Value>(&bytes) else { return Ok(None) };
        // A complete record that cannot be understood must not be overwritten.
        serde_json::from_value(value).map(Some).map_err(|error| {
            UserError::new(format!("cannot understand `{}`: {error}", path.display()))
                .hint("use the version of freezewise that wrote it, or move its folder away to start over")
                .into()
        })
    }

    /// Writes the record atomically.
    pub fn write(&self, directory: &RunDirectory) -> Result<()> {
        write_json(&directory.record(), self)
    }

    /// Records how the run ended.
    pub fn end(&mut self, status: Status, reason: Option<String>, seconds: f64) {
        (self.status, self.reason) = (status, reason);
        self.finished = Some(now());
        self.seconds = Some(self.seconds.unwrap_or(0.0) + seconds);
    }
}

/// Deserialises a part of a file that another version may have written; what cannot be understood becomes the default.
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

/// Writes indented JSON atomically.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    files::write_atomically(path, text.as_bytes())
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
