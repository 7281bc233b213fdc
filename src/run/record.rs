//! `run.json`: what a run was made with, what it found on the way, and how it ended.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::checkpoint::{Checkpoint, MadeWith};
use super::directory::RunDirectory;
use super::git::{self, Git};
use super::host;
use super::stop::Stop;
use super::transfer::TransferReport;
use crate::data::{Images, Normalisation, TaskData};
use crate::error::UserError;
use crate::files;
use crate::spec::{Seeds, Task};
use crate::text;
use crate::train::Settings;

/// So many bytes of pixels go into a digest before it is asked again whether to stop.
const PART: usize = 64 << 20;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Under way, or ended without a word.
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
pub(super) struct Length {
    pub(super) epochs: u64,
    pub(super) steps: u64,
}

impl Length {
    pub(super) fn of(task: &Task) -> Self {
        Self { epochs: task.training.epochs(task.train_size), steps: task.training.steps(task.train_size) }
    }
}

/// The record. What another version of the program did not write, or wrote otherwise, says nothing; the status and the
/// length count all the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) status: Status,
    /// Why it ended, where it ended early.
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(flatten)]
    pub(super) length: Length,
    #[serde(default)]
    hash: String,
    pub(super) source_hash: Option<String>,
    #[serde(default)]
    argv: Vec<String>,
    #[serde(default)]
    seeds: Map<String, Value>,
    #[serde(default)]
    freezewise: String,
    #[serde(default)]
    libtorch: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    cpu: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    driver: Option<String>,
    #[serde(default)]
    threads: usize,
    #[serde(default, deserialize_with = "lenient")]
    compute: Option<Settings>,
    #[serde(default, deserialize_with = "lenient")]
    git: Option<Git>,
    /// When the first attempt began.
    #[serde(default)]
    started: String,
    finished: Option<String>,
    /// Of all attempts that ended with a word.
    seconds: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    restarts: Vec<Restart>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) data: Option<DataRecord>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) transfer: Option<TransferReport>,
}

/// A later attempt at the same run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Restart {
    at: String,
    host: String,
    threads: usize,
    device: String,
    /// How the attempt before it ended.
    reason: String,
    /// Whole epochs, and steps beyond them, that it goes on from.
    epoch: u64,
    step: u64,
}

/// What is known of a task's data once it is read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct DataRecord {
    dataset: String,
    /// Of the whole data set; absent where images are made on the spot.
    checksum: Option<String>,
    /// The digest of the images and labels that are trained and tested on, as they are drawn and corrupted.
    pub(super) content: String,
    /// The state of the data set's files, by which it is known later that they are unchanged.
    #[serde(default)]
    pub(super) files: Option<String>,
    train_examples: usize,
    test_examples: usize,
    label_noise_asked: f64,
    label_noise_realised: f64,
    corrupted_examples: usize,
    pub(super) normalisation: Option<Normalisation>,
    classes: Vec<String>,
    /// Examples held out of training.
    validation_examples: usize,
    /// Training and test examples that are the same image, by their indices in the data set.
    duplicates: Vec<(usize, usize)>,
    /// Files that could not be read and were left out.
    skipped_files: Vec<String>,
}

impl Record {
    /// The record of a training that begins.
    pub(super) fn new(
        task: &Task,
        hash: String,
        source_hash: Option<String>,
        made_with: &MadeWith,
        data: DataRecord,
    ) -> Self {
        Self {
            status: Status::Running,
            reason: None,
            length: Length::of(task),
            hash,
            source_hash,
            argv: std::env::args().collect(),
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
            restarts: Vec::new(),
            data: Some(data),
            transfer: None,
        }
    }

    /// Goes on with the record of the attempts before, if there were any: from a checkpoint, or from the beginning.
    pub(super) fn following(mut self, before: Option<Self>, start: Option<&Checkpoint>) -> Self {
        let Some(before) = before else { return self };
        let (epoch, step) = start.map_or((0, 0), |start| (start.header.epochs, start.header.steps));
        let reason = match before.status {
            Status::Running => "it ended without a word: it was killed, or its machine went down".into(),
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
            epoch,
            step,
        });
        (self.started, self.seconds) = (before.started, before.seconds);
        self.transfer = before.transfer;
        self
    }

    /// Notes by what images become the network's input, once that is known.
    pub(super) fn set_normalisation(&mut self, data: &TaskData) {
        if let Some(record) = &mut self.data {
            record.normalisation = Some(data.normalisation.clone());
        }
    }

    /// Whether it says that some budget is done.
    pub(super) fn is_finished(&self) -> bool {
        self.status == Status::Finished
    }

    /// Whether it says that a task's training is done: all of its budget, and no more.
    pub(super) fn has_finished(&self, task: &Task) -> bool {
        self.is_finished() && self.length.steps == Length::of(task).steps
    }

    /// The record of a directory, if it has one.
    pub(super) fn read(directory: &RunDirectory) -> Result<Option<Self>> {
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

    pub(super) fn write(&self, directory: &RunDirectory) -> Result<()> {
        write_json(&directory.record(), self)
    }

    /// Notes how it ended.
    pub(super) fn end(&mut self, status: Status, reason: Option<String>, seconds: f64) {
        (self.status, self.reason) = (status, reason);
        self.finished = Some(now());
        self.seconds = Some(self.seconds.unwrap_or(0.0) + seconds);
    }
}

/// A part of a file that may have been written by another version: what cannot be understood is left out.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(file: D) -> Result<T, D::Error> {
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

impl DataRecord {
    /// The digest of gigabytes takes seconds, in which a stop is heeded.
    pub(super) fn new(task: &Task, data: &TaskData, stop: &Stop) -> Result<Self> {
        Ok(Self {
            dataset: task.data.name(),
            checksum: data.checksum.clone(),
            content: content(data, stop)?,
            files: data.state.clone(),
            train_examples: data.train.count(),
            test_examples: data.test.count(),
            label_noise_asked: task.label_noise,
            label_noise_realised: data.train_labels.realised_fraction(),
            corrupted_examples: data.train_labels.corrupted_count(),
            normalisation: Some(data.normalisation.clone()),
            classes: data.classes.clone(),
            validation_examples: data.validation.as_ref().map_or(0, Images::count),
            duplicates: data.duplicates.clone(),
            skipped_files: data.skipped.clone(),
        })
    }
}

/// The digest of what is trained and tested on: pixels, true labels and given ones.
fn content(data: &TaskData, stop: &Stop) -> Result<String> {
    let mut digest = Sha256::new();
    for images in [&data.train, &data.test].into_iter().chain(&data.validation) {
        for part in images.pixels.chunks(PART) {
            stop.check()?;
            digest.update(part);
        }
        images.labels.iter().for_each(|label| digest.update(label.to_le_bytes()));
    }
    data.train_labels.given.iter().for_each(|label| digest.update(label.to_le_bytes()));
    Ok(format!("sha256:{}", text::hex(&digest.finalize())))
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
