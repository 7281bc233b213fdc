//! `similarity.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::analysis::similarity::{Cka, Overlap};
use crate::data::TaskData;
use crate::spec::Task;

/// How similar a source and a target are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// The task pretrained on.
    pub source: TaskFacts,
    /// The task fine-tuned on.
    pub target: TaskFacts,
    /// The run that this file belongs to, `<name>/<folder>`.
    pub run: String,
    /// How many images were used.
    pub images: ImageCounts,
    /// Measured with a network before pretraining.
    pub before: Measures,
    /// Measured with the same network after pretraining.
    pub after: Measures,
    /// Each layer of the pretrained network against other networks, on the same test images of the target; pooling
    /// last.
    pub layers: Vec<LayerSimilarity>,
    /// Classes with the same name; absent if classes have no names.
    pub labels: Option<Overlap>,
}

/// One of the two tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// The data set, or the source's weights file.
    pub name: String,
    /// C; absent for a weights file.
    pub classes: Option<usize>,
    /// n; absent for a weights file.
    pub train_examples: Option<usize>,
    /// Only for a source: the `source_hash` of every run that starts from it, and its directory `<out>/sources/<hash>/`
    /// if it was trained by freezewise.
    pub hash: Option<String>,
}

/// How many images of each split were used, a random subset if there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCounts {
    /// Source test images, for the Fréchet distances; absent if the source is a file. If both tasks have the same test
    /// images, each gets half of them.
    pub source_test: Option<usize>,
    /// Target test images, for the Fréchet distances; absent if the source is a file.
    pub target_test: Option<usize>,
    /// Target training images with true labels, for LEEP and LogME.
    pub target_train: usize,
    /// Target test images, for CKA.
    pub layers: usize,
}

/// Measures of the pooled features of one network. Only LEEP uses the source's head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Fréchet distance with source and target as one Gaussian each.
    pub frechet: Option<Frechet>,
    /// Fréchet distances with one Gaussian per class, paired.
    pub classes: Option<ClassMatching>,
    /// LEEP, in nats; the closer to 0, the better the source's predictions predict the target's labels.
    pub leep: Option<f64>,
    /// LogME; the higher, the better a linear map of the features explains the target's labels.
    pub logme: f64,
}

/// The Fréchet distance of two Gaussians.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frechet {
    /// Squared, in units of the features: comparable within one network.
    pub squared: f64,
    /// `squared` divided by the total variance of both tasks' features: comparable between networks.
    pub relative: f64,
    /// Number of features.
    pub features: usize,
    /// Ledoit-Wolf shrinkage of the covariances of source and target, from 0 to 1.
    pub shrinkage: [f64; 2],
}

/// The pairing of classes with the lowest total distance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMatching {
    /// Mean squared Fréchet distance over the pairs.
    pub mean_squared: f64,
    /// `mean_squared` divided by the total variance of both tasks' features.
    pub relative: f64,
    /// Number of leading principal axes that classes were compared on.
    pub axes: usize,
    /// Fraction of the features' variance along these axes.
    pub variance_kept: f64,
    /// Images of the smallest class, whose covariance is shrunk most.
    pub fewest_images: usize,
    /// Each class of the task with fewer classes, and its partner.
    pub pairs: Vec<ClassPair>,
}

/// A pair of classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassPair {
    /// The source's class.
    pub source: String,
    /// The target's class.
    pub target: String,
    /// Squared Fréchet distance of the two.
    pub squared: f64,
}

/// CKA of one layer of the pretrained network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerSimilarity {
    /// The layer's name.
    pub layer: String,
    /// Against the same layer before pretraining.
    pub fresh: Cka,
    /// Against the same layer after fine-tuning, if the run is finished.
    pub fine_tuned: Option<Cka>,
}

impl TaskFacts {
    pub(in crate::run) fn new(task: &Task, data: &TaskData) -> Self {
        Self {
            name: task.data.dataset().name().into(),
            classes: Some(data.classes.len()),
            train_examples: Some(data.train.count()),
            hash: None,
        }
    }

    pub(in crate::run) fn of_file(path: &Path) -> Self {
        Self { name: path.display().to_string(), classes: None, train_examples: None, hash: None }
    }
}
