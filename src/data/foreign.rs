//! The readers of bytes from anywhere, one for each format, without the folders about them: for those who try them with
//! bytes that nobody meant. What a data set of files does with them is `load`'s.

use std::io::{Read, Seek};
use std::path::Path;

use anyhow::Result;

use super::npz::Arrays;
use super::store::{Store, StoredSplit};
use super::{Image, Images, cache, cifar, decode, idx, label_file, tiny};
use crate::blueprint::ImageShape;
use crate::catalogue::{CatalogueEntry, CifarLayout, Naming};
use crate::spec::Fit;

/// Training examples and test examples.
pub type TrainAndTest = [Images; 2];

/// The bytes of an IDX file that is to hold an array of `size`.
pub fn idx(file: impl Read, size: &[usize]) -> Result<Vec<u8>, String> {
    idx::parse(file, size)
}

/// All examples of a CIFAR archive, `.tar.gz`.
pub fn cifar_archive(entry: &'static CatalogueEntry, layout: &CifarLayout, file: impl Read) -> Result<TrainAndTest> {
    all(cifar::archive(entry, layout, file, "an archive")?)
}

/// All examples of a folder of CIFAR's files, the data root.
pub fn cifar_folder(entry: &'static CatalogueEntry, layout: &CifarLayout, root: &Path) -> Result<TrainAndTest> {
    all(cifar::read(entry, layout, root, 1)?)
}

/// The classes in a file of labels, text or `.npy`, by their place in `names`.
pub fn labels(bytes: &[u8], names: &[String]) -> Result<Vec<usize>, String> {
    label_file::parse(bytes, &Naming::new(&[names]), |place| (&names[place], Some(place as u16)))
        .map_err(|refusal| refusal.cause)
}

/// The pixels of a PNG or JPEG file at another size, `[3, height, width]`.
pub fn picture(bytes: &[u8], size: [usize; 2], fit: Fit) -> Result<Vec<u8>, String> {
    Ok(decode::bytes(bytes)?.resized(size, fit))
}

/// What an `.npz` file says that it holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    /// The shape of every image.
    pub shape: ImageShape,
    /// Training labels and test labels.
    pub labels: [Vec<u16>; 2],
    /// How many classes there are.
    pub classes: usize,
}

/// What an `.npz` file holds; its images, training ones first, are handed to `take`.
pub fn npz(file: impl Read + Seek, take: &mut dyn FnMut(&[u8])) -> Result<Held> {
    let mut arrays = Arrays::parse(file, None).map_err(anyhow::Error::msg)?;
    for split in 0..2 {
        arrays.images(split, "an archive", &mut |pixels| {
            take(pixels);
            Ok(())
        })?;
    }
    Ok(Held { shape: arrays.shape(), labels: arrays.labels, classes: arrays.classes })
}

/// The files that Tiny ImageNet's table of validation images names, with the place of their class in `classes`.
pub fn annotations<'a>(table: &'a str, classes: &[String]) -> Result<Vec<(&'a str, u16)>, String> {
    tiny::annotations(table, classes)
}

/// All examples in a file of decoded images, with the number of classes; nothing where it is not whole.
pub fn cache(path: &Path) -> Option<Result<(TrainAndTest, usize)>> {
    let store = cache::open_file(path, "a cache")?;
    let classes = store.classes.len();
    Some(all(store).map(|splits| (splits, classes)))
}

fn all(mut store: Store) -> Result<TrainAndTest> {
    let image = Image { shape: store.shape, fit: Fit::Exact };
    let of = |split: &mut StoredSplit| {
        let indices: Vec<usize> = (0..split.labels.len()).collect();
        split.gather(&indices, store.shape, image, 1)
    };
    Ok([of(&mut store.train)?, of(&mut store.test)?])
}
