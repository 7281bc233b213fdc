//! Whether what is finished was made with the data that are there now.
//!
//! Names, sizes and the catalogue name a data set, and its files may change under them. The record of a training keeps a
//! digest of its files' sizes, inodes and change times; the content is compared only where that differs. Where the data
//! are not there, or the record is of an earlier version, there is nothing to compare.

use std::path::Path;

use anyhow::Result;

use crate::data::{self, Access, Image, ReadingProgress};
use crate::error::UserError;
use crate::native;
use crate::run::facts::data_record;
use crate::run::recovery::stop::Stop;
use crate::run::request::Places;
use crate::rundir::Record;
use crate::spec::{Experiment, Task};

/// Compares data with what a finished training recorded of them.
pub(in crate::run) struct Unchanged<'a> {
    pub(in crate::run) experiment: &'a Experiment,
    pub(in crate::run) places: Places<'a>,
    pub(in crate::run) stop: &'a Stop,
}

impl Unchanged<'_> {
    /// An error where the data of a task are not those that `directory` was trained on. `how` says what to do to train
    /// on those that are there.
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
        let image = Image { shape: experiment.image, fit: experiment.fit };
        let access = Access { root: self.places.data, threads: native::reading_threads(experiment.threads) };
        let data = data::load(task, image, access, &mut |reading| {
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
        Err(UserError::new(message).hint(format!("put the old files back, or {how}")).into())
    }
}
