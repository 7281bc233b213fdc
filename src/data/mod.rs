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
mod gunzip;
mod held;
mod idx;
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
pub use held::{held, unpacked_files};
pub use images::Images;
pub use noise::Labels;
pub use state::state;
pub use statistics::of as statistics;
pub use survey::Surveyor;
pub use task::{TaskData, load};

use crate::blueprint::ImageShape;
use crate::catalogue::{CatalogueEntry, Dataset, FileLayout};
use crate::error::UserError;
use crate::spec::{Data, Fit};
use store::Store;

/// The images that a network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
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

/// Path of a published data set in the data folder, if it is there.
pub fn find(dataset: Dataset, root: &Path) -> Option<PathBuf> {
    match dataset.entry()?.layout {
        FileLayout::Cifar(layout) => cifar::find(layout, root),
        FileLayout::Idx(layout) => idx::find(layout, root).into_iter().next(),
        FileLayout::Tiny(layout) => tiny::find(layout, root),
    }
}

/// Reads a whole data set, and the state of its files at the time they were listed. Image files are resized here, so
/// that each is decoded once; arrays keep their own size.
fn read(data: &Data, image: Image, access: Access<'_>, watch: Watch<'_>) -> Result<(Store, Option<String>)> {
    if let Data::Pictures(pictures) = data {
        let listing = listing::of(pictures, access)?;
        let state = listing.state();
        return Ok((folder::read(pictures, &listing, image, access, watch)?, Some(state)));
    }
    let state = state(data, access.root);
    let store = match data {
        Data::Synthetic { latent_similarity, side, classes } => {
            Ok(synthetic::store(*classes, *latent_similarity, *side))
        }
        Data::Npz(npz) => npz::read(npz, access, watch),
        Data::Pictures(_) => unreachable!("image files were read above"),
        Data::Files(dataset) => {
            let entry = dataset.entry().ok_or_else(|| anyhow::anyhow!("`{}` has no files", dataset.name()))?;
            match entry.layout {
                FileLayout::Cifar(layout) => cifar::read(entry, layout, access.root, access.threads),
                FileLayout::Idx(layout) => idx::read(entry, layout, access.root),
                FileLayout::Tiny(_) => Err(anyhow::anyhow!("`{}` is read as image files", dataset.name())),
            }
        }
    };
    Ok((store?, state))
}

/// Adds a hint on how to get a published data set.
fn advise(entry: &CatalogueEntry, error: UserError) -> UserError {
    let url = entry.files.first().and_then(|file| file.urls.first()).copied().unwrap_or_default();
    error.hint(match entry.layout {
        FileLayout::Cifar(_) => {
            format!("download {url} (the binary version) to the data folder, packed or unpacked")
        }
        FileLayout::Idx(layout) => {
            let place = url.rsplit_once('/').map_or(url, |(place, _)| place);
            format!("download its four files from {place}/ to `{}/` in the data folder", layout.folders[0])
        }
        FileLayout::Tiny(_) => format!("download {url} and unpack it in the data folder"),
    })
}
