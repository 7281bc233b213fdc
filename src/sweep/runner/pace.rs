//! Follows the rows of a job's `timing.csv`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::rundir::{RunDirectory, Timing, last_row};

/// How often the file is read.
const INTERVAL: Duration = Duration::from_millis(200);

/// The `timing.csv` of a job.
#[derive(Debug)]
pub(super) struct Pace {
    path: PathBuf,
    /// The last epoch seen; at first, of an earlier attempt.
    epoch: Option<u64>,
    looked: Instant,
}

impl Pace {
    pub(super) fn of(directory: &RunDirectory) -> Self {
        let path = directory.timing();
        let epoch = last_row(&path).map(|row: Timing| row.epoch);
        Self { path, epoch, looked: Instant::now() }
    }

    /// The last row, if it is new and of an epoch of training.
    pub(super) fn new_row(&mut self) -> Option<Timing> {
        if self.looked.elapsed() < INTERVAL {
            return None;
        }
        self.looked = Instant::now();
        let row: Timing = last_row(&self.path)?;
        let is_new = self.epoch.replace(row.epoch) != Some(row.epoch);
        (is_new && row.epoch > 0).then_some(row)
    }
}
