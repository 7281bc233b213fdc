//! All examples of a data set as its files have them: labels in memory, pixels to be had by index. From there any
//! selection is made into images of the size and colours that a network takes, on several threads.

use anyhow::Result;

use super::images::Images;
use super::parallel::{share, try_in_parallel};
use super::records::Records;
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
    pub(super) fingerprints: Fingerprints,
}

/// What is known of the images' fingerprints, one for each.
pub(super) enum Fingerprints {
    /// Nothing, for images are made on the spot.
    None,
    /// They are stated: what is read is held to them.
    Stated(Vec<u64>),
    /// Those of the images that were read so far.
    Seen(Vec<Option<u64>>),
}

/// Where pixels are.
pub(super) enum Pixels {
    /// In memory: blocks of as many records each, every record of `stride` bytes with the pixels at its end.
    Blocks { blocks: Vec<Vec<u8>>, per_block: usize, stride: usize },
    /// In files.
    Filed(Records),
    /// Nowhere: they are drawn when they are asked for.
    Drawn(Box<Drawer>),
}

impl Split {
    /// A split whose fingerprints nobody has stated.
    pub(super) fn new(labels: Vec<u16>, pixels: Pixels) -> Self {
        let fingerprints = Fingerprints::Seen(vec![None; labels.len()]);
        Self { labels, pixels, fingerprints }
    }

    /// Copies the pixels of an example, which are still to be checked.
    fn read(&self, index: usize, pixels: &mut [u8]) -> Result<()> {
        match &self.pixels {
            Pixels::Blocks { blocks, per_block, stride } => {
                pixels.copy_from_slice(record(blocks, *per_block, *stride, index, pixels.len()));
            }
            Pixels::Filed(records) => records.read(index, pixels)?,
            Pixels::Drawn(drawer) => drawer.draw(index, pixels),
        }
        Ok(())
    }

    /// Copies the pixels of up to four examples, one after the other, and returns their fingerprints.
    fn read_some(&self, indices: &[usize], pixels: &mut [u8]) -> Result<Vec<u64>> {
        let size = pixels.len() / indices.len();
        let images = pixels.chunks_exact_mut(size);
        indices.iter().zip(images).try_for_each(|(&index, image)| self.read(index, image))?;
        let image = |at: usize| &pixels[at * size..][..size];
        let found = match (&self.fingerprints, indices.len()) {
            (Fingerprints::None, _) => return Ok(Vec::new()),
            (_, 4) => fingerprint::of_four(std::array::from_fn(image)).to_vec(),
            (_, count) => (0..count).map(|at| fingerprint::of(image(at))).collect(),
        };
        if let Fingerprints::Stated(stated) = &self.fingerprints
            && let Some((&index, _)) = indices.iter().zip(&found).find(|(index, found)| stated[**index] != **found)
        {
            return Err(self.damaged(index).into());
        }
        Ok(found)
    }

    fn damaged(&self, index: usize) -> UserError {
        let place = match &self.pixels {
            Pixels::Filed(records) => records.path(index).display().to_string(),
            Pixels::Blocks { .. } | Pixels::Drawn(_) => "of images".to_owned(),
        };
        UserError::new(format!("the cache `{place}` is damaged at image {index}"))
            .hint("delete it and it is made again")
    }

    /// The images of some indices in their order, as a network takes them; their labels are those of the files.
    pub(super) fn gather(
        &mut self,
        indices: &[usize],
        own: ImageShape,
        image: Image,
        threads: usize,
    ) -> Result<Images> {
        let (size, own_size) = (image.shape.elements(), own.elements());
        let mut pixels = vec![0; indices.len() * size];
        let each = share(indices.len(), threads);
        let parts = indices.chunks(each).zip(pixels.chunks_mut(each * size));
        let found = try_in_parallel(parts, |(indices, part)| {
            let conversion = Conversion::new(own, image);
            let mut raw = vec![0; 4 * own_size];
            let mut found = Vec::with_capacity(indices.len());
            for (indices, targets) in indices.chunks(4).zip(part.chunks_mut(4 * size)) {
                let Some(conversion) = &conversion else {
                    found.extend(self.read_some(indices, targets)?);
                    continue;
                };
                let raw = &mut raw[..indices.len() * own_size];
                found.extend(self.read_some(indices, raw)?);
                let pairs = raw.chunks_exact(own_size).zip(targets.chunks_exact_mut(size));
                pairs.for_each(|(raw, target)| conversion.apply(raw, target));
            }
            Ok(found)
        })?;
        self.note(indices, found);
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        Ok(Images { shape: image.shape, pixels, labels })
    }

    /// Looks at the images that were not read yet, and returns the fingerprints of all; nothing where there are none.
    pub(super) fn all_fingerprints(&mut self, own: ImageShape, threads: usize) -> Result<Vec<u64>> {
        if let Fingerprints::Seen(seen) = &self.fingerprints {
            let left: Vec<usize> = (0..seen.len()).filter(|&index| seen[index].is_none()).collect();
            let found = try_in_parallel(left.chunks(share(left.len(), threads)), |indices| {
                let mut raw = vec![0; 4 * own.elements()];
                let parts = indices.chunks(4).map(|some| self.read_some(some, &mut raw[..some.len() * own.elements()]));
                parts.collect::<Result<Vec<_>>>().map(|parts| parts.concat())
            })?;
            self.note(&left, found);
        }
        Ok(match &self.fingerprints {
            Fingerprints::None => Vec::new(),
            Fingerprints::Stated(stated) => stated.clone(),
            Fingerprints::Seen(seen) => seen.iter().flatten().copied().collect(),
        })
    }

    /// Keeps what was found of the images of some indices.
    fn note(&mut self, indices: &[usize], found: Vec<Vec<u64>>) {
        if let Fingerprints::Seen(seen) = &mut self.fingerprints {
            indices.iter().zip(found.into_iter().flatten()).for_each(|(&index, found)| seen[index] = Some(found));
        }
    }
}

/// The pixels of a record: its last `length` bytes.
fn record(blocks: &[Vec<u8>], per_block: usize, stride: usize, index: usize, length: usize) -> &[u8] {
    let end = (index % per_block + 1) * stride;
    &blocks[index / per_block][end - length..end]
}
