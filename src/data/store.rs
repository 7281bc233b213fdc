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

/// Examples that are read together; a multiple of four, for the fingerprints.
const TOGETHER: usize = 16;

/// So many bytes are read before it is asked again whether to go on; a test has small images.
const ROUND: usize = if cfg!(test) { 64 } else { 64 << 20 };

/// Asked between parts of a long work; an error ends it.
type Ask<'a> = &'a mut dyn FnMut() -> Result<()>;

/// A data set as its files have it.
pub(super) struct Store {
    pub(super) shape: ImageShape,
    pub(super) train: StoredSplit,
    pub(super) test: StoredSplit,
    /// How many examples at the end of `train` are the data set's own validation examples, which nobody trains on.
    pub(super) validation: usize,
    /// The names of the classes, in the order of their labels.
    pub(super) classes: Vec<String>,
    /// Notes on what of the files is not used.
    pub(super) unused: Vec<String>,
    /// What could not be read and was left out.
    pub(super) skipped: Vec<String>,
    /// Where it was found.
    pub(super) place: String,
}

/// All examples for training, or for testing.
pub(super) struct StoredSplit {
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

impl StoredSplit {
    /// A split whose fingerprints nobody has stated.
    pub(super) fn new(labels: Vec<u16>, pixels: Pixels) -> Self {
        let fingerprints = Fingerprints::Seen(vec![None; labels.len()]);
        Self { labels, pixels, fingerprints }
    }

    /// Bytes from one record to the next, where they are read together; each ends with `own_size` of pixels.
    fn stride(&self, own_size: usize) -> usize {
        match &self.pixels {
            Pixels::Filed(records) => records.stride,
            Pixels::Blocks { .. } | Pixels::Drawn(_) => own_size,
        }
    }

    /// Reads the records of examples that follow each other; their pixels are still to be checked.
    fn read(&self, first: usize, records: &mut [u8], own_size: usize) -> Result<()> {
        let examples = |records| (first..).zip(<[u8]>::chunks_exact_mut(records, own_size));
        match &self.pixels {
            Pixels::Filed(files) => files.read(first, records)?,
            Pixels::Blocks { blocks, per_block, stride } => {
                for (index, pixels) in examples(records) {
                    pixels.copy_from_slice(record(blocks, *per_block, *stride, index, own_size));
                }
            }
            Pixels::Drawn(drawer) => examples(records).for_each(|(index, pixels)| drawer.draw(index, pixels)),
        }
        Ok(())
    }

    /// Reads the examples of some indices, which rise, hands out each with its place among them, and returns their
    /// fingerprints.
    fn visit(&self, indices: &[usize], own: ImageShape, mut see: impl FnMut(usize, &[u8])) -> Result<Vec<u64>> {
        let own_size = own.elements();
        let stride = self.stride(own_size);
        let mut records = vec![0; TOGETHER.min(indices.len()) * stride];
        let mut found = Vec::with_capacity(indices.len());
        for (part, indices) in indices.chunks(TOGETHER).enumerate() {
            let mut rest = &mut records[..indices.len() * stride];
            for run in indices.chunk_by(|one, next| one + 1 == *next) {
                let (own, others) = rest.split_at_mut(run.len() * stride);
                self.read(run[0], own, own_size)?;
                rest = others;
            }
            let images: Vec<&[u8]> = records.chunks_exact(stride).map(|record| &record[stride - own_size..]).collect();
            let images = &images[..indices.len()];
            found.extend(self.checked(indices, images)?);
            images.iter().enumerate().for_each(|(at, image)| see(part * TOGETHER + at, image));
        }
        Ok(found)
    }

    /// The fingerprints of images, which must be those that are stated.
    fn checked(&self, indices: &[usize], images: &[&[u8]]) -> Result<Vec<u64>> {
        if matches!(self.fingerprints, Fingerprints::None) {
            return Ok(Vec::new());
        }
        let found = fingerprint::of_all(images);
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
        self.gather_asking(indices, own, image, threads, &mut || Ok(()))
    }

    /// The same, asking from time to time whether to go on.
    pub(super) fn gather_asking(
        &mut self,
        indices: &[usize],
        own: ImageShape,
        image: Image,
        threads: usize,
        ask: Ask<'_>,
    ) -> Result<Images> {
        let size = image.shape.elements();
        let mut pixels = vec![0; indices.len() * size];
        // In the order of the files: what lies side by side there is read at once.
        let mut places: Vec<(usize, &mut [u8])> = indices.iter().copied().zip(pixels.chunks_exact_mut(size)).collect();
        places.sort_unstable_by_key(|(index, _)| *index);
        let sorted: Vec<usize> = places.iter().map(|(index, _)| *index).collect();
        let round = round(own);
        for (indices, places) in sorted.chunks(round).zip(places.chunks_mut(round)) {
            ask()?;
            let each = share(indices.len(), threads);
            let found = try_in_parallel(indices.chunks(each).zip(places.chunks_mut(each)), |(indices, places)| {
                let conversion = Conversion::new(own, image);
                self.visit(indices, own, |at, raw| {
                    let target = &mut *places[at].1;
                    match &conversion {
                        Some(conversion) => conversion.apply(raw, target),
                        None => target.copy_from_slice(raw),
                    }
                })
            })?;
            self.note(indices, found);
        }
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        Ok(Images { shape: image.shape, pixels, labels })
    }

    /// Looks at the images that were not read yet, and returns the fingerprints of all; nothing where there are none.
    pub(super) fn all_fingerprints(&mut self, own: ImageShape, threads: usize, ask: Ask<'_>) -> Result<Vec<u64>> {
        if let Fingerprints::Seen(seen) = &self.fingerprints {
            let left: Vec<usize> = (0..seen.len()).filter(|&index| seen[index].is_none()).collect();
            for indices in left.chunks(round(own)) {
                ask()?;
                let found = try_in_parallel(indices.chunks(share(indices.len(), threads)), |indices| {
                    self.visit(indices, own, |_, _| {})
                })?;
                self.note(indices, found);
            }
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

/// How many images are read before it is asked again.
fn round(own: ImageShape) -> usize {
    (ROUND / own.elements()).max(TOGETHER)
}

/// The pixels of a record: its last `length` bytes.
fn record(blocks: &[Vec<u8>], per_block: usize, stride: usize, index: usize, length: usize) -> &[u8] {
    let end = (index % per_block + 1) * stride;
    &blocks[index / per_block][end - length..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Fit;

    #[test]
    fn it_is_asked_between_rounds_whether_to_go_on() -> Result<()> {
        let shape = ImageShape { channels: 1, height: 2, width: 2 };
        let blocks = vec![(0..160).collect()];
        let mut split = StoredSplit::new(vec![0; 40], Pixels::Blocks { blocks, per_block: 40, stride: 4 });
        let image = Image { shape, fit: Fit::Exact };
        let indices: Vec<usize> = (0..40).rev().collect();
        let mut asked = 0;
        let stopped = split.gather_asking(&indices, shape, image, 2, &mut || {
            asked += 1;
            if asked == 2 { Err(UserError::stopped("stop").into()) } else { Ok(()) }
        });
        assert!(stopped.is_err() && asked == 2);
        let images = split.gather_asking(&indices, shape, image, 2, &mut || {
            asked += 1;
            Ok(())
        })?;
        assert_eq!((asked, &images.pixels[..5]), (2 + 3, &[156, 157, 158, 159, 152][..]));
        let fresh = || {
            StoredSplit::new(vec![0; 40], Pixels::Blocks { blocks: vec![(0..160).collect()], per_block: 40, stride: 4 })
        };
        assert!(fresh().all_fingerprints(shape, 1, &mut || Err(UserError::stopped("stop").into())).is_err());
        assert_eq!(
            fresh().all_fingerprints(shape, 1, &mut || Ok(()))?,
            split.all_fingerprints(shape, 1, &mut || Ok(()))?
        );
        Ok(())
    }
}
