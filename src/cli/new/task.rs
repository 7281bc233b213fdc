//! The table of a task in a starter spec.

use crate::catalogue::Dataset;
use crate::spec::Side;
use std::fmt::Write as _;

/// A task that a starter spec trains.
#[derive(Clone, Copy, Debug)]
pub(super) struct StarterTask {
    pub(super) dataset: Dataset,
    pub(super) side: Side,
}

/// A source with images like the target's. Nothing is known about a user's own images, so they have none.
pub(super) fn usual_source(target: Dataset) -> Option<Dataset> {
    match (target, target.entry().map(|entry| entry.shape.channels)) {
        (Dataset::Synthetic, _) => Some(Dataset::Synthetic),
        (Dataset::Cifar100, _) => Some(Dataset::Cifar10),
        (Dataset::FashionMnist, _) => Some(Dataset::Mnist),
        (_, Some(1)) => Some(Dataset::FashionMnist),
        (_, Some(_)) => Some(Dataset::Cifar100),
        (_, None) => None,
    }
}

impl StarterTask {
    /// The name of its data set, for a sentence.
    pub(super) fn called(self) -> &'static str {
        match self.dataset {
            Dataset::Folder => "your own images",
            Dataset::Npz => "your own arrays",
            Dataset::Synthetic => "a synthetic task",
            published => published.entry().map_or("", |entry| entry.title),
        }
    }

    /// The channels of its images, if they are known without reading any.
    pub(super) fn channels(self) -> Option<usize> {
        match self.dataset {
            Dataset::Synthetic => Some(3),
            dataset => dataset.entry().map(|entry| entry.shape.channels),
        }
    }

    /// Whether its images need more pixels than those of the others.
    pub(super) fn is_detailed(self) -> bool {
        self.dataset.has_image_files()
    }

    /// `[source]` or `[target]`, with `[….train]`.
    pub(super) fn tables(self) -> String {
        let side = self.side.name();
        let what = match self.side {
            Side::Source => "the task to pretrain on; leave this table out to train from scratch",
            Side::Target => "the task to fine-tune on",
        };
        let mut text = format!("\n[{side}]  # {what}\ndataset = \"{}\"\n", self.dataset.name());
        text += &self.place();
        let _ = writeln!(text, "train_size = {}", self.train_size());
        if self.side == Side::Target {
            text += "label_noise = 0.2  # 20% of the training labels are wrong; test labels never are\n";
            text += "# validation_size = 200  # training examples held out to select an epoch\n";
        }
        let _ = write!(text, "[{side}.train]\n{}", self.training());
        text
    }

    fn place(self) -> String {
        let folders = "train/<class>/ and val/<class>/ or test/<class>/ of PNG and JPEG files";
        let arrays = "train_images, train_labels, test_images and test_labels";
        match self.dataset {
            Dataset::Folder => format!("path = \"my-images\"  # in the data folder: {folders}\n"),
            Dataset::Npz => format!("path = \"my-arrays.npz\"  # in the data folder: {arrays}\n"),
            _ => String::new(),
        }
    }

    fn train_size(self) -> &'static str {
        match (self.dataset, self.side) {
            (Dataset::Folder | Dataset::Npz, _) => "\"all\"  # or a number, 0.1, \"50 per class\"",
            (Dataset::Synthetic, Side::Source) => "6000",
            (_, Side::Source) => "10000  # or 0.1, \"50 per class\", \"all\"",
            (_, Side::Target) => "2000  # or 0.1, \"50 per class\", \"all\"",
        }
    }

    fn training(self) -> &'static str {
        match (self.dataset, self.side) {
            (Dataset::Synthetic, Side::Source) => "epochs = 8\nlearning_rate = 1e-3\n",
            (_, Side::Source) => "epochs = 5\nlearning_rate = 1e-3\n",
            (_, Side::Target) => {
                "epochs = 20  # double descent over epochs takes several hundred\n\
                 learning_rate = 1e-3\n\
                 # optimizer = \"sgd\"  # `adam` is the default\n\
                 # batch_size = 128\n\
                 # augment = [\"crop\", \"flip\"]\n"
            }
        }
    }
}
