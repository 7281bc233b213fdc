//! The record of a task's data in `run.json`.

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::data::{Images, TaskData};
use crate::run::recovery::stop::Stop;
use crate::rundir::DataRecord;
use crate::spec::Task;
use crate::text;

/// Bytes hashed between two checks for a stop request.
const PART: usize = 4 << 20;

/// The record of a task's data. Hashing gigabytes takes seconds, so it checks for a stop request.
pub(in crate::run) fn data_record(task: &Task, data: &TaskData, stop: &Stop) -> Result<DataRecord> {
    Ok(DataRecord {
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
        validation_noise_asked: task.validation_noise,
        validation_noise_realised: data.validation_noise_realised,
        duplicates: data.duplicates.clone(),
        skipped_files: data.skipped.clone(),
    })
}

/// The digest of pixels, true labels and given labels.
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
