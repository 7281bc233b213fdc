//! `run.json`: what a run was made with, what it found on the way, and how it ended.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::directory::RunDirectory;
use super::machine::Machine;
use super::transfer::TransferReport;
use crate::data::{Images, Normalisation, TaskData};
use crate::files;
use crate::native;
use crate::spec::Task;
use crate::train::Settings;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Under way, or ended without a word.
    Running,
    /// Its budget is done.
    Finished,
    /// It ended with an error.
    Failed,
}

/// How long a budget is; a finished run has done it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Length {
    pub(super) epochs: u64,
    pub(super) steps: u64,
}

impl Length {
    pub(super) fn of(task: &Task) -> Self {
        Self { epochs: task.training.epochs(task.train_size), steps: task.training.steps(task.train_size) }
    }
}

/// The record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    status: Status,
    #[serde(flatten)]
    length: Length,
    hash: String,
    pub(super) source_hash: Option<String>,
    freezewise: String,
    libtorch: String,
    device: String,
    threads: usize,
    compute: Settings,
    started: String,
    finished: Option<String>,
    seconds: Option<f64>,
    pub(super) data: Option<DataRecord>,
    pub(super) transfer: Option<TransferReport>,
}

/// What is known of a task's data once it is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DataRecord {
    dataset: String,
    /// Absent where images are made on the spot.
    #[serde(default)]
    checksum: Option<String>,
    train_examples: usize,
    test_examples: usize,
    label_noise_asked: f64,
    label_noise_realised: f64,
    corrupted_examples: usize,
    pub(super) normalisation: Normalisation,
    classes: Vec<String>,
    /// Examples held out of training.
    #[serde(default)]
    validation_examples: usize,
    /// Training and test examples that are the same image, by their indices in the data set.
    #[serde(default)]
    duplicates: Vec<(usize, usize)>,
    /// Files that could not be read and were left out.
    #[serde(default)]
    skipped_files: Vec<String>,
}

impl Record {
    pub(super) fn new(length: Length, hash: String, source_hash: Option<String>, machine: &Machine<'_>) -> Self {
        Self {
            status: Status::Running,
            length,
            hash,
            source_hash,
            freezewise: env!("CARGO_PKG_VERSION").into(),
            libtorch: native::LIBTORCH.into(),
            device: machine.device.name.clone(),
            threads: machine.threads,
            compute: machine.settings,
            started: now(),
            finished: None,
            seconds: None,
            data: None,
            transfer: None,
        }
    }

    /// Whether it says that a task's training is done, all of its budget.
    pub(super) fn has_finished(&self, task: &Task) -> bool {
        self.status == Status::Finished && self.length.steps >= Length::of(task).steps
    }

    /// The record of a directory, if it has one.
    pub(super) fn read(directory: &RunDirectory) -> Result<Option<Self>> {
        let path = directory.record();
        if !path.exists() {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        // A record that is torn says nothing, as if it were not there: the work starts over.
        Ok(serde_json::from_slice(&bytes).ok())
    }

    pub(super) fn write(&self, directory: &RunDirectory) -> Result<()> {
        write_json(&directory.record(), self)
    }

    /// Notes how it ended.
    pub(super) fn end(&mut self, status: Status, seconds: f64) {
        self.status = status;
        self.finished = Some(now());
        self.seconds = Some(seconds);
    }
}

impl DataRecord {
    pub(super) fn new(task: &Task, data: &TaskData) -> Self {
        Self {
            dataset: task.data.name(),
            checksum: data.checksum.clone(),
            train_examples: data.train.count(),
            test_examples: data.test.count(),
            label_noise_asked: task.label_noise,
            label_noise_realised: data.train_labels.realised_fraction(),
            corrupted_examples: data.train_labels.corrupted_count(),
            normalisation: data.normalisation.clone(),
            classes: data.classes.clone(),
            validation_examples: data.validation.as_ref().map_or(0, Images::count),
            duplicates: data.duplicates.clone(),
            skipped_files: data.skipped.clone(),
        }
    }
}

/// Writes JSON for people and programs: indented, atomic.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    files::write_atomically(path, text.as_bytes())
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
