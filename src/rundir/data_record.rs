//! The data of a task, as recorded in `run.json`.

use serde::{Deserialize, Serialize};

use crate::spec::Normalisation;

/// Facts about a task's data, known once it is read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DataRecord {
    /// Data set.
    pub dataset: String,
    /// Checksum of the whole data set; `None` for generated images.
    pub checksum: Option<String>,
    /// Digest of the images and labels used for training and testing, after drawing and label noise.
    pub content: String,
    /// State of the data set's files, to detect later changes.
    pub files: Option<String>,
    /// Number n of training examples.
    pub train_examples: usize,
    /// Number of test examples.
    pub test_examples: usize,
    /// Requested fraction of corrupted training labels.
    pub label_noise_asked: f64,
    /// Fraction of training labels that are wrong.
    pub label_noise_realised: f64,
    /// Number of wrong training labels.
    pub corrupted_examples: usize,
    /// Normalisation of pixels.
    pub normalisation: Option<Normalisation>,
    /// Class names in label order.
    pub classes: Vec<String>,
    /// Number of validation examples.
    pub validation_examples: usize,
    /// Requested fraction of corrupted validation labels.
    pub validation_noise_asked: f64,
    /// Fraction of validation labels that are wrong; `None` without validation examples.
    pub validation_noise_realised: Option<f64>,
    /// Pairs of a training and a test example that are the same image, by their indices in the data set.
    pub duplicates: Vec<(usize, usize)>,
    /// Files that could not be decoded and were skipped.
    pub skipped_files: Vec<String>,
}
