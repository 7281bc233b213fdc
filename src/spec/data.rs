//! Where the images of a task come from.

use std::path::PathBuf;

use crate::catalogue::Dataset;

/// Where images come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Files of a published data set under the data root, which hold arrays.
    Files(Dataset),
    /// Images made on the spot.
    Synthetic {
        /// 1: the parts of the source's images; 0: others. A source has 1.
        latent_similarity: f64,
        /// Whether it is the source's task or the target's.
        side: Side,
        /// How many classes there are.
        classes: usize,
    },
    /// Image files in folders.
    Pictures(Pictures),
    /// Arrays in a file of `NumPy`'s.
    Npz(Npz),
}

/// Image files in folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// `Folder` or `TinyImagenet`.
    pub dataset: Dataset,
    /// Where they are, from the data root on; a published data set has its own place.
    pub path: PathBuf,
    /// The folder of the test images, where it was named.
    pub test_folder: Option<String>,
    /// Whether files that cannot be read are left out.
    pub skip_bad_files: bool,
}

/// Arrays in a file of `NumPy`'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Npz {
    /// Where it is, from the data root on.
    pub path: PathBuf,
    /// The names of training images, training labels, test images and test labels, where they were given.
    pub arrays: Option<[String; 4]>,
    /// The names of validation images and validation labels, where the file's own are to be taken.
    pub validation: Option<[String; 2]>,
}

/// Which of the two tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The task pretrained on.
    Source,
    /// The task fine-tuned on.
    Target,
}

impl Side {
    /// `source` or `target`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

impl Data {
    /// The data set it is from.
    pub fn dataset(&self) -> Dataset {
        match self {
            Self::Files(dataset) => *dataset,
            Self::Synthetic { .. } => Dataset::Synthetic,
            Self::Pictures(pictures) => pictures.dataset,
            Self::Npz(_) => Dataset::Npz,
        }
    }

    /// Its name for people: one's own data are named by their file.
    pub fn name(&self) -> String {
        let (Self::Pictures(Pictures { dataset: Dataset::Folder, path, .. }) | Self::Npz(Npz { path, .. })) = self
        else {
            return self.dataset().name().to_owned();
        };
        path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
    }
}
