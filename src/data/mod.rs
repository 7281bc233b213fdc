//! Reads data sets to u8 images and labels; subsets, label noise, statistics. One file per format. Nothing here uses a
//! device.
//!
//! A data set of any format becomes a `store`: labels in memory, pixels by index on demand. The examples of a task are
//! drawn from labels only, and only their images are decoded.

mod cache;
mod cifar;
#[cfg(test)]
mod damaged;
mod decode;
mod draw;
mod duplicates;
pub mod fetch;
mod files;
mod fingerprint;
mod folder;
pub mod foreign;
mod format;
mod gunzip;
mod idx;
mod image_files;
mod images;
mod jpeg;
mod label_file;
#[cfg(test)]
mod labelling;
mod lister;
mod listing;
mod noise;
mod npy;
mod npz;
mod painter;
mod parallel;
mod random_labels;
mod records;
#[cfg(test)]
mod reference;
mod relabel;
mod resize;
#[cfg(test)]
mod selections;
mod state;
mod statistics;
mod store;
mod survey;
mod synthetic;
mod task;
mod tiny;
mod wide;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub use crate::spec::Normalisation;
pub use images::Images;
pub use noise::Labels;
pub use statistics::of as statistics;
pub use survey::Surveyor;
pub use task::{TaskData, load};

use crate::blueprint::ImageShape;
use crate::catalogue::{CatalogueEntry, Dataset, FileLayout, Published};
use crate::spec::{Data, Fit};
use cifar::Cifar;
use format::Format;
use idx::Idx;
use tiny::TinyImagenet;

/// What images a network takes: any data set is converted to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedImages {
    /// Shape of the images.
    pub shape: ImageShape,
    /// How images of another aspect ratio are fitted.
    pub fit: Fit,
}

/// Location of data sets, and number of threads to read them.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// The data folder.
    pub root: &'a Path,
    /// Threads for decoding and resizing.
    pub threads: usize,
    /// Called before each file, by all threads; an error ends the reading. A stop then waits for one image file at most.
    pub check: &'a (dyn Fn() -> Result<()> + Sync),
}

impl<'a> Access<'a> {
    /// One thread, which nothing ends early.
    pub(crate) fn unchecked(root: &'a Path) -> Self {
        Self { root, threads: 1, check: &unchecked }
    }
}

/// The check of a reading that nothing ends early.
///
/// # Errors
///
/// None.
pub fn unchecked() -> Result<()> {
    Ok(())
}

/// Progress of reading image files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingProgress {
    /// Name of the data set.
    pub name: String,
    /// Files done.
    pub done: usize,
    /// Total number of files.
    pub total: usize,
}

/// Called with progress, and with `None` now and then, so that a stop request does not wait for gigabytes. An error
/// ends the reading.
pub type Watch<'a> = &'a mut dyn FnMut(Option<ReadingProgress>) -> Result<()>;

/// The data set in its format.
fn format_of(data: &Data) -> Result<Box<dyn Format>> {
    Ok(match data {
        Data::Published { dataset, skip_bad_files } => match dataset.entry() {
            Some(entry) => published(entry, *skip_bad_files),
            None => anyhow::bail!("`{}` has no files", dataset.name()),
        },
        Data::Synthetic(images) => Box::new(images.clone()),
        Data::Folder(folder) => Box::new(folder.clone()),
        Data::Npz(arrays) => Box::new(arrays.clone()),
    })
}

/// A published data set in its format.
fn published(entry: &'static CatalogueEntry, skip_bad_files: bool) -> Box<dyn Format> {
    match entry.layout {
        FileLayout::Cifar(layout) => Box::new(Cifar { entry, layout }),
        FileLayout::Idx(layout) => Box::new(Idx { entry, layout }),
        FileLayout::Tiny(layout) => Box::new(TinyImagenet { entry, layout, skip_bad_files }),
    }
}

/// Path of a published data set in the data folder, if it is there.
pub fn find(dataset: Dataset, root: &Path) -> Option<PathBuf> {
    published(dataset.entry()?, false).find(root)
}

/// Path of a published file, or of what was unpacked from it, if it exists in the data folder.
pub fn held(entry: &'static CatalogueEntry, file: &Published, root: &Path) -> Option<PathBuf> {
    published(entry, false).held(file, root)
}

/// Files that were unpacked from a published file, with their names in the catalogue: those in a folder, or a single
/// file. Empty if it is still packed.
pub fn unpacked_files(entry: &'static CatalogueEntry, path: &Path) -> Vec<PathBuf> {
    published(entry, false).unpacked_files(path)
}

/// Folder that a data set's archive must be unpacked to before it can be read, if it must be.
pub fn unpacks_to(entry: &'static CatalogueEntry) -> Option<&'static str> {
    published(entry, false).unpacks_to()
}

/// Digest of the names, sizes, inodes and change times of a data set's files. It stays the same as long as nobody
/// modifies them, also if their folder is moved on the same disk. `None` if files are missing, and for data sets that
/// are identified by content (`npz`) or have no files.
pub fn state(data: &Data, root: &Path) -> Option<String> {
    format_of(data).ok()?.state(root)
}
