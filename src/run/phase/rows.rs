//! Converts the report of an epoch to a row of `timing.csv`.

use crate::native::MemoryUse;
use crate::rundir::Timing;
use crate::spec::Side;
use crate::train::EpochReport;

/// The row of `timing.csv`.
pub(in crate::run) fn timing(side: Side, report: &EpochReport, memory: MemoryUse) -> Timing {
    Timing {
        phase: side.name().to_owned(),
        epoch: report.metrics.epoch,
        seconds: report.seconds,
        images_per_second: (report.images > 0).then(|| report.images as f64 / report.seconds),
        evaluation_seconds: report.evaluation_seconds,
        peak_memory_bytes: memory.peak,
        free_memory_bytes: memory.free,
    }
}
