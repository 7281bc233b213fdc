//! What `run.json` says of a task's data.

use serde::{Deserialize, Serialize};

use crate::spec::Normalisation;

/// What is known of a task's data once it is read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DataRecord {
    /// The data set.
    pub dataset: String,
    /// Of the whole data set; absent where images are made on the spot.
    pub checksum: Option<String>,
    /// The digest of the images and labels that are trained and tested on, as they are drawn and corrupted.
    pub content: String,
    /// The state of the data set's files, by which it is known later that they are unchanged.
    pub files: Option<String>,
    /// n.
    pub train_examples: usize,
    /// Test examples.
    pub test_examples: usize,
    /// The share of labels that was to be corrupted.
    pub label_noise_asked: f64,
    /// The share that is wrong.
    pub label_noise_realised: f64,
    /// How many are.
    pub corrupted_examples: usize,
    /// By what pixels became the network's input.
    pub normalisation: Option<Normalisation>,
    /// The names of the classes, in the order of their labels.
    pub classes: Vec<String>,
    /// Examples held out of training.
    pub validation_examples: usize,
    /// The share of their labels that was to be corrupted.
    pub validation_noise_asked: f64,
    /// The share that is wrong; absent where none is held out.
    pub validation_noise_realised: Option<f64>,
    /// Training and test examples that are the same image, by their indices in the data set.
    pub duplicates: Vec<(usize, usize)>,
    /// Files that could not be read and were left out.
    pub skipped_files: Vec<String>,
}
