//! Bytes to u8 images and labels; subsets, label noise, statistics. One file per format. Nothing on a device here.

mod cifar;
mod noise;
mod resize;
mod statistics;
mod subset;
mod synthetic;

use std::path::Path;

use anyhow::Result;

pub use noise::Labels;
pub use statistics::Normalisation;

use crate::blueprint::ImageShape;
use crate::spec::{Data, Task};

/// Images of one shape with a label each: u8, colour by colour, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The shape of each image.
    pub shape: ImageShape,
    /// All pixels, `[count, channels, height, width]`.
    pub pixels: Vec<u8>,
    /// The true labels, `[count]`.
    pub labels: Vec<u16>,
}

/// A task's data, ready for training.
#[derive(Debug)]
pub struct TaskData {
    /// The training examples in the order of the subset.
    pub train: Images,
    /// The labels to train on, some of them corrupted.
    pub train_labels: Labels,
    /// The test examples, their labels always true.
    pub test: Images,
    /// What makes pixels into the network's input.
    pub normalisation: Normalisation,
    /// The names of the classes, in the order of their labels.
    pub classes: Vec<String>,
}

impl Images {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }
}

/// Loads a task: its subset of training examples with label noise, and all test examples, reduced to `shape`.
pub fn load(task: &Task, shape: ImageShape, root: &Path) -> Result<TaskData> {
    let dataset = task.data.dataset();
    let wanted = subset::draw(dataset.train_size(), task.train_size, task.seeds.subset);
    let (train, test, classes) = match task.data {
        Data::Synthetic { latent_similarity, side } => {
            let generator = synthetic::Generator::new(task.classes, latent_similarity, side);
            let train = generator.images(synthetic::Split::Train, &wanted);
            let test = generator.images(synthetic::Split::Test, &(0..dataset.test_size()).collect::<Vec<_>>());
            (train, test, (0..task.classes).map(|class| format!("class {class}")).collect())
        }
        Data::Files(dataset) => {
            let layout = dataset.cifar().ok_or_else(|| anyhow::anyhow!("`{}` has no files", dataset.name()))?;
            let (train, test, classes) = cifar::read(layout, task.classes, root)?;
            (train.select(&wanted), test, classes)
        }
    };
    let (train, test) = (resize::reduce(train, shape), resize::reduce(test, shape));
    let train_labels =
        noise::corrupt(&train.labels, &wanted, dataset.train_size(), task.classes, task.label_noise, task.seeds.noise);
    let normalisation = statistics::of(&train);
    Ok(TaskData { train, train_labels, test, normalisation, classes })
}

impl Images {
    /// The images of some indices, in their order.
    fn select(&self, indices: &[usize]) -> Self {
        let size = self.shape.elements();
        let mut pixels = Vec::with_capacity(indices.len() * size);
        for &index in indices {
            pixels.extend_from_slice(&self.pixels[index * size..(index + 1) * size]);
        }
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        Self { shape: self.shape, pixels, labels }
    }
}

/// Whether the data set's files are under the root, and where: for `doctor`.
pub fn find(dataset: crate::catalogue::Dataset, root: &Path) -> Option<std::path::PathBuf> {
    dataset.cifar().and_then(|layout| cifar::find(layout, root))
}
