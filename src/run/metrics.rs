//! `metrics.csv` and `timing.csv`: one row per epoch. An empty field was not measured; floats read back exactly.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files::Lines;
use crate::train::EpochReport;

/// A row of `metrics.csv`. Its fields are the columns; those that nothing measures yet stay empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, serde::Deserialize)]
#[allow(missing_docs)] // The columns are defined in README.md, in one table.
pub struct Row {
    pub phase: String,
    pub epoch: u64,
    pub step: u64,
    pub learning_rate: Option<f64>,
    pub train_loss: Option<f64>,
    pub train_error: Option<f64>,
    pub train_error_running: Option<f64>,
    pub train_error_clean: Option<f64>,
    pub train_error_corrupted: Option<f64>,
    pub corrupted_true_error: Option<f64>,
    pub validation_error: Option<f64>,
    pub test_loss: Option<f64>,
    pub test_error: Option<f64>,
    pub train_error_averaged: Option<f64>,
    pub test_error_averaged: Option<f64>,
    pub weight_norm: Option<f64>,
    pub distance_from_init: Option<f64>,
    pub gradient_norm: Option<f64>,
}

/// A row of `timing.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Timing {
    phase: String,
    epoch: u64,
    seconds: f64,
    images_per_second: Option<f64>,
    evaluation_seconds: f64,
    peak_memory_bytes: Option<u64>,
}

impl Row {
    /// The row of an epoch with all that was measured.
    pub(super) fn new(phase: &str, report: &EpochReport) -> Self {
        let train = report.train.as_ref();
        let split = train.and_then(|train| train.by_corruption);
        Self {
            phase: phase.to_owned(),
            epoch: report.epoch,
            step: report.step,
            learning_rate: report.learning_rate,
            train_loss: train.map(|train| train.loss),
            train_error: train.map(|train| train.error),
            train_error_running: report.running.map(|running| running.error),
            train_error_clean: split.and_then(|split| split.clean),
            train_error_corrupted: split.map(|split| split.corrupted),
            corrupted_true_error: split.map(|split| split.corrupted_true),
            validation_error: report.validation.map(|validation| validation.error),
            test_loss: report.test.map(|test| test.loss),
            test_error: report.test.map(|test| test.error),
            ..Self::default()
        }
    }

    /// The row without what is measured in evaluation mode.
    pub(super) fn without_evaluation(&self) -> Self {
        Self {
            phase: self.phase.clone(),
            epoch: self.epoch,
            step: self.step,
            learning_rate: self.learning_rate,
            train_error_running: self.train_error_running,
            ..Self::default()
        }
    }
}

impl Timing {
    pub(super) fn new(phase: &str, report: &EpochReport, peak_memory_bytes: Option<u64>) -> Self {
        Self {
            phase: phase.to_owned(),
            epoch: report.epoch,
            seconds: report.seconds,
            images_per_second: (report.images > 0).then(|| report.images as f64 / report.seconds),
            evaluation_seconds: report.evaluation_seconds,
            peak_memory_bytes,
        }
    }
}

/// A CSV file that grows by rows of one type.
pub(super) struct Table<T> {
    lines: Lines,
    row: std::marker::PhantomData<T>,
}

impl<T: Serialize + Default> Table<T> {
    /// Starts the file anew, with its header.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let header = text(&T::default(), true)?;
        let header = header.lines().next().unwrap_or_default();
        Ok(Self { lines: Lines::create(path, &format!("{header}\n"))?, row: std::marker::PhantomData })
    }

    /// Appends a row.
    pub(super) fn append(&mut self, row: &T) -> Result<()> {
        self.lines.append(text(row, false)?.trim_end())
    }
}

fn text<T: Serialize>(row: &T, header: bool) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().has_headers(header).from_writer(Vec::new());
    writer.serialize(row)?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Reads every row of a CSV file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let read = || -> Result<Vec<T>> { Ok(csv::Reader::from_path(path)?.deserialize().collect::<Result<_, _>>()?) };
    read().with_context(|| format!("cannot read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_exactly() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.csv");
        let mut table = Table::<Row>::create(&path)?;
        let rows = [
            Row { phase: "target".into(), ..Row::default() },
            Row {
                phase: "target".into(),
                epoch: 1,
                test_error: Some(0.1 + 0.2),
                train_loss: Some(1e-9),
                ..Row::default()
            },
        ];
        for row in &rows {
            table.append(row)?;
        }
        assert_eq!(read::<Row>(&path)?, rows);
        let text = std::fs::read_to_string(&path)?;
        assert_eq!(
            text.lines().next(),
            Some(
                "phase,epoch,step,learning_rate,train_loss,train_error,train_error_running,train_error_clean,\
                 train_error_corrupted,corrupted_true_error,validation_error,test_loss,test_error,\
                 train_error_averaged,test_error_averaged,weight_norm,distance_from_init,gradient_norm"
            )
        );
        assert_eq!(text.lines().nth(1), Some("target,0,0,,,,,,,,,,,,,,,"));
        Ok(())
    }
}
