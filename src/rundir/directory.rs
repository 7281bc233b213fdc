//! The layout of the directory of a run or a source.

use std::path::{Path, PathBuf};

use super::table::last_row;
use crate::metrics::Metrics;

/// The directory of a run or a source. Both contain the same files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory(PathBuf);

impl RunDirectory {
    /// An existing directory.
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

    /// Path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `spec.toml`: the resolved spec.
    pub fn spec(&self) -> PathBuf {
        self.0.join("spec.toml")
    }

    /// `run.json`: status, versions, times, facts about the data.
    pub fn record(&self) -> PathBuf {
        self.0.join("run.json")
    }

    /// `metrics.csv`: errors, one row per epoch.
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.csv")
    }

    /// `timing.csv`: seconds and memory, one row per epoch.
    pub fn timing(&self) -> PathBuf {
        self.0.join("timing.csv")
    }

    /// `corrupted.csv`: training examples with wrong labels, by index in the data set.
    pub fn corrupted(&self) -> PathBuf {
        self.0.join("corrupted.csv")
    }

    /// `correct/*.bits`: which examples were classified correctly at evaluations.
    pub fn correct(&self, examples: &str) -> PathBuf {
        self.0.join("correct").join(format!("{examples}.bits"))
    }

    /// `branches.csv`: results of branches, one row per epoch.
    pub fn branches(&self) -> PathBuf {
        self.0.join("branches.csv")
    }

    /// `summary.json`: what the curves show.
    pub fn summary(&self) -> PathBuf {
        self.0.join("summary.json")
    }

    /// `tensorboard/`: event files for TensorBoard, if requested.
    pub fn tensorboard(&self) -> PathBuf {
        self.0.join("tensorboard")
    }

    /// `weights.safetensors`: final weights.
    pub fn weights(&self) -> PathBuf {
        self.0.join("weights.safetensors")
    }

    /// `checkpoint/`: states to resume from.
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoint")
    }

    /// `log.txt`: messages.
    pub fn log(&self) -> PathBuf {
        self.0.join("log.txt")
    }

    /// `similarity.json`: similarity of source and target.
    pub fn similarity(&self) -> PathBuf {
        self.0.join("similarity.json")
    }

    /// What was said while that was measured.
    pub fn similarity_log(&self) -> PathBuf {
        self.0.join("similarity-log.txt")
    }

    /// `probes.csv`: accuracy of linear heads and nearest neighbours on the features of each layer.
    pub fn probes(&self) -> PathBuf {
        self.0.join("probes.csv")
    }

    /// What was said while that was measured.
    pub fn probe_log(&self) -> PathBuf {
        self.0.join("probe-log.txt")
    }

    /// `error.txt`: why a run failed.
    pub fn error(&self) -> PathBuf {
        self.0.join("error.txt")
    }

    /// Name of the directory itself.
    pub fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether a run has started here.
    pub fn is_begun(&self) -> bool {
        [self.record(), self.metrics(), self.error()].iter().any(|path| path.is_file())
    }

    /// The last complete row of `metrics.csv`.
    pub fn last_row(&self) -> Option<Metrics> {
        last_row(&self.metrics())
    }
}
