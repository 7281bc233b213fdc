//! Where a run and a source keep what.

use std::path::{Path, PathBuf};

use super::row::Row;
use super::table::last_row;

/// A directory of a run or of a source; both hold the same files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory(PathBuf);

impl RunDirectory {
    /// A directory that is there already.
    pub fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// The directory of a run: `<out>/<name>/<folder>/`.
    pub fn of_run(out: &Path, name: &str, folder: &str) -> Self {
        Self(out.join(name).join(folder))
    }

    /// The directory of a shared source: `<out>/sources/<hash>/`.
    pub fn of_source(out: &Path, hash: &str) -> Self {
        Self(out.join("sources").join(hash))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The resolved spec.
    pub fn spec(&self) -> PathBuf {
        self.0.join("spec.toml")
    }

    /// Status, versions, times and what was found on the way.
    pub fn record(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// One row per epoch: the product.
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.csv")
    }

    /// One row per epoch: seconds and memory.
    pub fn timing(&self) -> PathBuf {
        self.0.join("timing.csv")
    }

    /// Which training labels are wrong: a row for each, with its index in the data set.
    pub fn corrupted(&self) -> PathBuf {
        self.0.join("corrupted.csv")
    }

    /// Which examples were right after evaluations, as bits.
    pub fn correct(&self, examples: &str) -> PathBuf {
        self.0.join("correct").join(format!("{examples}.bits"))
    }

    /// What was tried on states of the training, a row for each epoch.
    pub fn branches(&self) -> PathBuf {
        self.0.join("branches.csv")
    }

    /// What the curves show.
    pub fn summary(&self) -> PathBuf {
        self.0.join("summary.json")
    }

    /// The event files of TensorBoard, where they were asked for.
    pub fn tensorboard(&self) -> PathBuf {
        self.0.join("tensorboard")
    }

    /// The weights at the end.
    pub fn weights(&self) -> PathBuf {
        self.0.join("weights.safetensors")
    }

    /// The states to go on from.
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoint")
    }

    /// What was said.
    pub fn log(&self) -> PathBuf {
        self.0.join("log.txt")
    }

    /// How alike source and target are.
    pub fn similarity(&self) -> PathBuf {
        self.0.join("similarity.json")
    }

    /// What was said while that was measured.
    pub fn similarity_log(&self) -> PathBuf {
        self.0.join("similarity-log.txt")
    }

    /// How well linear heads and nearest neighbours do on each layer's features.
    pub fn probes(&self) -> PathBuf {
        self.0.join("probes.csv")
    }

    /// What was said while that was measured.
    pub fn probe_log(&self) -> PathBuf {
        self.0.join("probe-log.txt")
    }

    /// Why a run failed.
    pub fn error(&self) -> PathBuf {
        self.0.join("error.txt")
    }

    /// The name of the directory itself.
    pub fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether a run left something here.
    pub fn is_begun(&self) -> bool {
        [self.record(), self.metrics(), self.error()].iter().any(|path| path.is_file())
    }

    /// The last whole row of `metrics.csv`.
    pub fn last_row(&self) -> Option<Row> {
        last_row(&self.metrics())
    }
}
