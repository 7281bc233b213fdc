//! The parsers of each format without the folders around them, for fuzzing with arbitrary bytes. `load` reads whole
//! data sets.

use std::io::{Read, Seek};
use std::path::Path;

use anyhow::Result;

use super::cifar::Cifar;
use super::npz::Arrays;
use super::store::{Store, StoredSplit};
use super::{Images, WantedImages, cache, cifar, decode, idx, label_file, tiny};
use crate::blueprint::ImageShape;
use crate::catalogue::{CatalogueEntry, CifarLayout, Naming};
use crate::spec::Fit;

/// Training and test examples.
pub type TrainAndTest = [Images; 2];

/// Reads an IDX file that must contain an array of `size`.
pub fn idx(file: impl Read, size: &[usize]) -> Result<Vec<u8>, String> {
    idx::parse(file, size)
}

/// Reads all examples of a CIFAR archive (`.tar.gz`).
pub fn cifar_archive(entry: &'static CatalogueEntry, layout: &CifarLayout, file: impl Read) -> Result<TrainAndTest> {
    all(cifar::archive(entry, layout, file, "an archive")?)
}

/// Reads all examples of a folder of CIFAR files in the data folder.
pub fn cifar_folder(entry: &'static CatalogueEntry, layout: &CifarLayout, root: &Path) -> Result<TrainAndTest> {
    all(Cifar { entry, layout }.store(root, 1)?)
}

/// Reads a label file (text or `.npy`) as indices into `names`.
pub fn labels(bytes: &[u8], names: &[String]) -> Result<Vec<usize>, String> {
    label_file::parse(bytes, &Naming::new(&[names]), |place| (&names[place], Some(place as u16)))
        .map_err(|refusal| refusal.cause)
}

/// Decodes a PNG or JPEG file at another size, `[3, height, width]`.
pub fn picture(bytes: &[u8], size: [usize; 2], fit: Fit) -> Result<Vec<u8>, String> {
    Ok(decode::bytes(bytes)?.resized(size, fit))
}

/// The content of an `.npz` file.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    /// Shape of every image.
    pub shape: ImageShape,
    /// Training labels and test labels.
    pub labels: [Vec<u16>; 2],
    /// Number of classes.
    pub classes: usize,
}

/// Reads an `.npz` file; its images are passed to `take`, training images first.
pub fn npz(file: impl Read + Seek, take: &mut dyn FnMut(&[u8])) -> Result<Held> {
    let mut arrays = Arrays::parse(file, None)?;
    for split in 0..2 {
        arrays.images(split, "an archive", &mut |pixels| {
            take(pixels);
            Ok(())
        })?;
    }
    Ok(Held { shape: arrays.shape(), labels: arrays.labels, classes: arrays.classes })
}

/// Parses Tiny ImageNet's table of validation images: file names, each with its index in `classes`.
pub fn annotations<'a>(table: &'a str, classes: &[String]) -> Result<Vec<(&'a str, u16)>, String> {
    tiny::annotations(table, classes)
}

/// Reads all examples of a cache file, with the number of classes; `None` if it is not valid.
pub fn cache(path: &Path) -> Option<Result<(TrainAndTest, usize)>> {
    let store = cache::open_file(path, "a cache")?;
    let classes = store.classes.len();
    Some(all(store).map(|splits| (splits, classes)))
}

fn all(mut store: Store) -> Result<TrainAndTest> {
    let wanted = WantedImages { shape: store.shape, fit: Fit::Exact };
    let of = |split: &mut StoredSplit| {
        let indices: Vec<usize> = (0..split.labels.len()).collect();
        split.gather(&indices, store.shape, wanted, 1)
    };
    Ok([of(&mut store.train)?, of(&mut store.test)?])
}
