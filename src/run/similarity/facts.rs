//! `similarity.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::analysis::similarity::{Cka, Overlap};
use crate::data::TaskData;
use crate::spec::Task;

/// How alike a source and a target are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// The task pretrained on, with the hash of all that made its weights.
    pub source: TaskFacts,
    /// The task fine-tuned on.
    pub target: TaskFacts,
    /// The run that it stands beside, `<name>/<folder>`.
    pub run: String,
    /// How many images were looked at.
    pub images: ImageCounts,
    /// By a network before pretraining.
    pub before: Measures,
    /// By the same network after it.
    pub after: Measures,
    /// Each layer of the source-trained network against other networks, on the same test images of the target; the
    /// pooling last.
    pub layers: Vec<LayerSimilarity>,
    /// Classes of the same name; absent where classes have no names.
    pub labels: Option<Overlap>,
}

/// One of the two tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// The data set, or the file of the source's weights.
    pub name: String,
    /// C; absent where all that is known is a file of weights.
    pub classes: Option<usize>,
    /// n.
    pub train_examples: Option<usize>,
    /// Of a source: `<out>/sources/<hash>/` where it was trained here, and the `source_hash` of every run that starts
    /// from it.
    pub hash: Option<String>,
}

/// How many images of each split were looked at, drawn at random where there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCounts {
    /// For the Fréchet distances, with the next. Where both tasks have the same test images, each is given half of them.
    pub source_test: Option<usize>,
    /// For the Fréchet distances; none where the source is a file.
    pub target_test: Option<usize>,
    /// For LEEP and LogME, with their true labels.
    pub target_train: usize,
    /// Of the target's test images, for CKA.
    pub layers: usize,
}

/// What the pooled features of one network tell. The source's head counts for LEEP alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// The features of source and target as two Gaussians.
    pub frechet: Option<Frechet>,
    /// The classes of source and target as Gaussians each, paired.
    pub classes: Option<ClassMatching>,
    /// LEEP, in nats; the nearer to 0, the better the source's answers foretell the target's labels.
    pub leep: Option<f64>,
    /// LogME; the higher, the better a linear map of the features explains the target's labels.
    pub logme: f64,
}

/// The distance of two Gaussians.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frechet {
    /// In the features' own units, squared: of use within one network.
    pub squared: f64,
    /// The same as a share of the variance of both tasks' features together: of use between networks.
    pub relative: f64,
    /// How many features there are.
    pub features: usize,
    /// How far the covariances of source and target were shrunk.
    pub shrinkage: [f64; 2],
}

/// The cheapest pairing of classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMatching {
    /// The mean squared Fréchet distance of a pair.
    pub mean_squared: f64,
    /// The same as a share of the variance of both tasks' features together.
    pub relative: f64,
    /// On how many leading axes of the features classes were compared.
    pub axes: usize,
    /// The share of the features' variance along them.
    pub variance_kept: f64,
    /// The fewest images of a class; its covariance is shrunk the most.
    pub fewest_images: usize,
    /// Each class of the task with fewer, and the one it is paired with.
    pub pairs: Vec<ClassPair>,
}

/// Two classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassPair {
    /// Of the source.
    pub source: String,
    /// Of the target.
    pub target: String,
    /// Their squared Fréchet distance.
    pub squared: f64,
}

/// A layer of the source-trained network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerSimilarity {
    /// Its name.
    pub layer: String,
    /// Against the fresh network.
    pub fresh: Cka,
    /// Against the fine-tuned network, where the run is finished.
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
