//! Computes and writes the rows of a probe, one by one.

use anyhow::Result;
use tch::{Device, Tensor};

use super::features::{LayerFeatures, groups};
use super::networks::{NetworkVersion, ProbedRun};
use crate::data::TaskData;
use crate::run::phase::log::RunLog;
use crate::run::recovery::lock::Lock;
use crate::run::recovery::stop::{Stop, stopped};
use crate::rundir::{CsvTable, ProbeRow};
use crate::train::{NEIGHBOURS, fit_linear, fit_tuned, nearest_error};

/// How many of the requested rows are done, and whether to stop before the next.
pub(super) struct ProbeProgress<'a> {
    pub(super) done: usize,
    pub(super) all: usize,
    pub(super) stop: &'a Stop,
}

impl ProbeProgress<'_> {
    /// Replaces an error caused by a stop request with one that tells how far the probe came.
    fn with_progress(&self, error: anyhow::Error) -> anyhow::Error {
        match self.stop.reason() {
            Some(reason) => stopped(&reason, &format!("after row {} of {}", self.done, self.all)).into(),
            None => error,
        }
    }
}

/// A probe in progress.
pub(super) struct Probing<'a> {
    pub(super) networks: ProbedRun<'a>,
    pub(super) lock: &'a Lock,
    pub(super) table: CsvTable<ProbeRow>,
    /// All rows of the table.
    pub(super) rows: &'a mut Vec<ProbeRow>,
    pub(super) progress: ProbeProgress<'a>,
}

/// The labels to fit on and to measure errors with, on the device.
struct ProbeLabels {
    train: Tensor,
    test: Tensor,
}

impl ProbeLabels {
    fn of(data: &TaskData, device: Device) -> Self {
        let tensor = |labels: &[u16]| {
            let labels: Vec<i64> = labels.iter().map(|&label| i64::from(label)).collect();
            Tensor::from_slice(&labels).to_device(device)
        };
        Self { train: tensor(&data.train_labels.given), test: tensor(&data.test.labels) }
    }
}

impl Probing<'_> {
    /// Computes the missing rows of a network.
    pub(super) fn version(&mut self, version: NetworkVersion, run_log: &mut RunLog<'_>) -> Result<()> {
        let looked_at = self.networks.load(version, run_log)?;
        let network = &looked_at.network;
        let labels = ProbeLabels::of(self.networks.data, network.device());
        let missing = |layer: &usize| !self.rows.iter().any(|row| version.is_of(row, *layer));
        let missing: Vec<usize> = (1..=network.freezable()).filter(missing).collect();
        let images = looked_at.train.count() + looked_at.test.count();
        for layers in groups(network.blueprint(), images, &missing) {
            let stop = self.progress.stop;
            let mut stops = || stop.reason().is_some();
            let features = LayerFeatures::of(&looked_at, &layers, &mut stops);
            let features = features.map_err(|error| self.progress.with_progress(error))?;
            for (layer, [train, test]) in layers.into_iter().zip(features.layers) {
                let row = fitted(&[train, test], &labels, self.networks.data.classes.len(), &mut stops);
                let row = row.map_err(|error| self.progress.with_progress(error))?;
                let layer_name = network.blueprint().layers[layer - 1].name.clone();
                let row = ProbeRow { layer, layer_name, ..version.marked(row) };
                self.write(row, run_log)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, row: ProbeRow, run_log: &mut RunLog<'_>) -> Result<()> {
        // A process that took over the lock writes its own rows.
        self.lock.check()?;
        self.table.append(&row)?;
        self.table.sync()?;
        run_log.note(&sentence(&row))?;
        self.rows.push(row);
        self.progress.done += 1;
        Ok(())
    }
}

/// Fits heads and neighbours on the features of training images and measures errors; features are `[images, features]`.
fn fitted(
    [train, test]: &[Tensor; 2],
    labels: &ProbeLabels,
    classes: usize,
    stops: &mut dyn FnMut() -> bool,
) -> Result<ProbeRow> {
    let (tuned, penalty) = fit_tuned(train, &labels.train, classes, &mut *stops)?;
    let plain = fit_linear(train, &labels.train, classes, 0.0, &mut *stops)?;
    let knn_error = nearest_error([train, &labels.train], [test, &labels.test], classes, NEIGHBOURS, stops)?;
    Ok(ProbeRow {
        features: train.size()[1] as usize,
        linear_error: tuned.error(test, &labels.test),
        linear_train_error: tuned.error(train, &labels.train),
        penalty,
        linear_fit: tuned.end.to_string(),
        unpenalised_error: plain.error(test, &labels.test),
        unpenalised_train_error: plain.error(train, &labels.train),
        unpenalised_fit: plain.end.to_string(),
        knn_error,
        ..ProbeRow::default()
    })
}

/// One line for the log.
fn sentence(row: &ProbeRow) -> String {
    let percent = |error: f64| format!("{:.1}%", error * 100.0);
    let network = match row.epoch {
        Some(epoch) => format!("{} epoch {epoch}", row.network),
        None => row.network.clone(),
    };
    format!(
        "{network} · {} · linear {} · nearest neighbours {}",
        row.layer_name,
        percent(row.linear_error),
        percent(row.knn_error)
    )
}
