//! Converts the report of an epoch to rows of `metrics.csv` and `timing.csv`.

use crate::native::MemoryUse;
use crate::rundir::{Row, Timing};
use crate::spec::Side;
use crate::train::EpochReport;

/// The row of `metrics.csv`, with everything that was measured.
pub(in crate::run) fn row(side: Side, report: &EpochReport) -> Row {
    let train = report.train.as_ref();
    let split = train.and_then(|train| train.by_corruption);
    Row {
        phase: side.name().to_owned(),
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
        train_error_averaged: report.train_error_averaged,
        test_error_averaged: report.test_error_averaged,
        weight_norm: report.norms.map(|norms| norms.weights),
        head_norm: report.norms.map(|norms| norms.head),
        distance_from_init: report.norms.map(|norms| norms.distance),
        gradient_norm: report.norms.and_then(|norms| norms.gradient),
    }
}

/// The row of `timing.csv`.
pub(in crate::run) fn timing(side: Side, report: &EpochReport, memory: MemoryUse) -> Timing {
    Timing {
        phase: side.name().to_owned(),
        epoch: report.epoch,
        seconds: report.seconds,
        images_per_second: (report.images > 0).then(|| report.images as f64 / report.seconds),
        evaluation_seconds: report.evaluation_seconds,
        peak_memory_bytes: memory.peak,
        free_memory_bytes: memory.free,
    }
}
