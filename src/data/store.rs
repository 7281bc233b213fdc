//! All examples of a data set as its files have them: labels in memory, pixels to be had by index. From there any
//! selection is made into images of the size and colours that a network takes, on several threads.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::images::Images;
use super::resize::Conversion;
use super::synthetic::Drawer;
use super::{Image, fingerprint};
use crate::blueprint::ImageShape;
use crate::error::UserError;

/// A data set as its files have it.
pub(super) struct Store {
    pub(super) shape: ImageShape,
    pub(super) train: Split,
    pub(super) test: Split,
    /// The names of the classes, in the order of their labels.
    pub(super) classes: Vec<String>,
    /// What could not be read and was left out.
    pub(super) skipped: Vec<String>,
    /// Where it was found.
    pub(super) place: String,
}

/// All examples for training, or for testing.
pub(super) struct Split {
    pub(super) labels: Vec<u16>,
    pub(super) pixels: Pixels,
    /// One for each image; none where images are made on the spot.
    pub(super) fingerprints: Vec<u64>,
}

/// Where pixels are.
pub(super) enum Pixels {
    /// In memory: blocks of as many records each, every record of `stride` bytes with the pixels at its end.
    Blocks { blocks: Vec<Vec<u8>>, per_block: usize, stride: usize },
    /// In a file, one image after the other from `start`; each must have its fingerprint.
    Cached { file: Arc<File>, path: PathBuf, start: u64 },
    /// Nowhere: they are drawn when they are asked for.
    Drawn(Box<Drawer>),
}

impl Split {
    /// A split whose pixels are in memory.
    pub(super) fn in_memory(labels: Vec<u16>, pixels: Pixels, shape: ImageShape, threads: usize) -> Result<Self> {
        let mut split = Self { labels, pixels, fingerprints: Vec::new() };
        let mut fingerprints = vec![0u64; split.labels.len()];
        in_parallel(threads, &mut fingerprints, 1, |first, part| {
            let mut image = vec![0; shape.elements()];
            for (offset, fingerprint) in part.iter_mut().enumerate() {
                let index = first + offset;
                *fingerprint = if let Pixels::Blocks { blocks, per_block, stride } = &split.pixels {
                    fingerprint::of(record(blocks, *per_block, *stride, index, image.len()))
                } else {
                    split.read(index, &mut image)?;
                    fingerprint::of(&image)
                };
            }
            Ok(())
        })?;
        split.fingerprints = fingerprints;
        Ok(split)
    }

    /// Copies the pixels of an example.
    fn read(&self, index: usize, pixels: &mut [u8]) -> Result<()> {
        match &self.pixels {
            Pixels::Blocks { blocks, per_block, stride } => {
                pixels.copy_from_slice(record(blocks, *per_block, *stride, index, pixels.len()));
            }
            Pixels::Cached { file, path, start } => {
                let read = file.read_exact_at(pixels, start + (index * pixels.len()) as u64);
                if read.is_err() || fingerprint::of(pixels) != self.fingerprints[index] {
                    let message = format!("the cache `{}` is damaged at image {index}", path.display());
                    return Err(UserError::new(message).hint("delete it and it is made again").into());
                }
            }
            Pixels::Drawn(drawer) => drawer.draw(index, pixels),
        }
        Ok(())
    }

    /// The images of some indices in their order, as a network takes them; their labels are those of the files.
    pub(super) fn gather(&self, indices: &[usize], own: ImageShape, image: Image, threads: usize) -> Result<Images> {
        let size = image.shape.elements();
        let mut pixels = vec![0; indices.len() * size];
        in_parallel(threads, &mut pixels, size, |first, part| {
            let conversion = Conversion::new(own, image);
            let mut raw = vec![0; own.elements()];
            for (offset, target) in part.chunks_exact_mut(size).enumerate() {
                match &conversion {
                    None => self.read(indices[first + offset], target)?,
                    Some(conversion) => {
                        self.read(indices[first + offset], &mut raw)?;
                        conversion.apply(&raw, target);
                    }
                }
            }
            Ok(())
        })?;
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        Ok(Images { shape: image.shape, pixels, labels })
    }
}

/// The pixels of a record: its last `length` bytes.
fn record(blocks: &[Vec<u8>], per_block: usize, stride: usize, index: usize, length: usize) -> &[u8] {
    let end = (index % per_block + 1) * stride;
    &blocks[index / per_block][end - length..end]
}

/// Does work on even parts of a list of items of `size` values each, one thread a part. The work is told the index of
/// its first item. The error of the earliest part is the one returned.
fn in_parallel<T: Send>(
    threads: usize,
    items: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) -> Result<()> + Sync,
) -> Result<()> {
    let each = (items.len() / size).div_ceil(threads.max(1)).max(1);
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let start = |(index, part)| {
            scope.spawn({
                let work = &work;
                move || work(index * each, part)
            })
        };
        let threads: Vec<_> = items.chunks_mut(each * size).enumerate().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("a reader of images does not panic")).collect()
    });
    results.into_iter().collect()
}
