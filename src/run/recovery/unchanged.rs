//! Whether a finished training used the data that is there now.
//!
//! The hash of a run covers a data set's name and sizes, but its files may change. The record keeps a digest of the
//! files' sizes, inodes and change times; only if that differs is the content compared. If the data is missing, or the
//! record is from an earlier version, there is nothing to compare.

use std::path::Path;

use anyhow::Result;

use crate::data::{self, Access, ReadingProgress, WantedImages};
use crate::error::UserError;
use crate::native;
use crate::run::facts::data_record;
use crate::run::recovery::stop::Stop;
use crate::run::request::Places;
use crate::rundir::Record;
use crate::spec::{Experiment, Task};

/// Compares data with the record of a finished training.
pub(in crate::run) struct Unchanged<'a> {
    pub(in crate::run) experiment: &'a Experiment,
    pub(in crate::run) places: Places<'a>,
    pub(in crate::run) stop: &'a Stop,
}

impl Unchanged<'_> {
    /// An error if the data of a task is not what `directory` was trained on. `how` tells the user how to train on the
    /// new data.
    pub(in crate::run) fn check(
        &self,
        task: &Task,
        record: &Record,
        directory: &Path,
        how: &str,
        tell: &mut dyn FnMut(&ReadingProgress),
    ) -> Result<()> {
        let Some(recorded) = &record.data else { return Ok(()) };
        let (Some(before), Some(now)) = (&recorded.files, data::state(&task.data, self.places.data)) else {
            return Ok(());
        };
        if *before == now {
            return Ok(());
        }
        let experiment = self.experiment;
        let wanted = WantedImages { shape: experiment.image, fit: experiment.fit };
        let access = Access {
            root: self.places.data,
            threads: native::reading_threads(experiment.threads),
            check: &|| self.stop.check(),
        };
        let data = data::load(task, wanted, access, &mut |reading| {
            reading.iter().for_each(&mut *tell);
            self.stop.check()
        })?;
        if data_record(task, &data, self.stop)?.content == recorded.content {
            return Ok(());
        }
        let message = format!(
            "the data set `{}` has changed since `{}` was trained on it",
            task.data.name(),
            directory.display()
        );
        Err(UserError::new(message).hint(format!("restore the old files, or {how}")).into())
    }
}
