//! All examples of a data set as stored in its files: labels in memory, pixels by index. Any selection can be converted
//! to images of the network's size and colours, on several threads.

use anyhow::Result;

use super::images::Images;
use super::painter::SyntheticPainter;
use super::parallel::{share, try_in_parallel};
use super::records::Records;
use super::resize::Conversion;
use super::{WantedImages, fingerprint};
use crate::blueprint::ImageShape;
use crate::error::UserError;

/// Examples read together; a multiple of four, for the fingerprints.
const TOGETHER: usize = 16;

/// Bytes read between two checks for a stop; smaller in tests, which have small images.
const ROUND: usize = if cfg!(test) { 64 } else { 64 << 20 };

/// Called between parts of a long work; an error ends it.
type Ask<'a> = &'a mut dyn FnMut() -> Result<()>;

/// A data set as stored in its files.
pub(super) struct Store {
    pub(super) shape: ImageShape,
    pub(super) train: StoredSplit,
    pub(super) test: StoredSplit,
    /// Number of examples at the end of `train` that are the data set's own validation examples, never trained on.
    pub(super) validation: usize,
    /// Class names in label order.
    pub(super) classes: Vec<String>,
    /// Notes on parts of the files that are not used, and on names.
    pub(super) unused: Vec<String>,
    /// Files that could not be decoded and were skipped.
    pub(super) skipped: Vec<String>,
    /// Where it was found.
    pub(super) place: String,
}

/// All training or all test examples.
pub(super) struct StoredSplit {
    pub(super) labels: Vec<u16>,
    pub(super) pixels: Pixels,
    pub(super) fingerprints: Fingerprints,
}

/// Fingerprints of the images, one each.
pub(super) enum Fingerprints {
    /// None, because images are generated.
    None,
    /// Given: images are checked against them when read.
    Stated(Vec<u64>),
    /// Those of the images read so far.
    Seen(Vec<Option<u64>>),
}

/// Where the pixels are.
pub(super) enum Pixels {
    /// In memory, in blocks with equally many records. Each record has `stride` bytes and ends with its pixels.
    Blocks { blocks: Vec<Vec<u8>>, per_block: usize, stride: usize },
    /// In files.
    Filed(Records),
    /// Generated on demand.
    Generated(Box<SyntheticPainter>),
}

impl StoredSplit {
    /// A split without given fingerprints.
    pub(super) fn new(labels: Vec<u16>, pixels: Pixels) -> Self {
        let fingerprints = Fingerprints::Seen(vec![None; labels.len()]);
        Self { labels, pixels, fingerprints }
    }

    /// Bytes between records, if they are read together; each ends with `own_size` bytes of pixels.
    fn stride(&self, own_size: usize) -> usize {
        match &self.pixels {
            Pixels::Filed(records) => records.stride,
            Pixels::Blocks { .. } | Pixels::Generated(_) => own_size,
        }
    }

    /// Reads the records of consecutive examples; their pixels are not checked yet.
    fn read(&self, first: usize, records: &mut [u8], own_size: usize) -> Result<()> {
        let examples = |records| (first..).zip(<[u8]>::chunks_exact_mut(records, own_size));
        match &self.pixels {
            Pixels::Filed(files) => files.read(first, records)?,
            Pixels::Blocks { blocks, per_block, stride } => {
                for (index, pixels) in examples(records) {
                    pixels.copy_from_slice(record(blocks, *per_block, *stride, index, own_size));
                }
            }
            Pixels::Generated(painter) => examples(records).for_each(|(index, pixels)| painter.paint(index, pixels)),
        }
        Ok(())
    }

    /// Reads the examples at ascending indices, passes each on with its position among them, and returns their
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

    /// The fingerprints of images; an error if they differ from given ones.
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
            Pixels::Blocks { .. } | Pixels::Generated(_) => "of images".to_owned(),
        };
        UserError::new(format!("the cache `{place}` is damaged at image {index}"))
            .hint("delete it; the next run creates it again")
    }

    /// The images at some indices, in that order, as a network takes them. Labels are those of the files.
    pub(super) fn gather(
        &mut self,
        indices: &[usize],
        own: ImageShape,
        wanted: WantedImages,
        threads: usize,
    ) -> Result<Images> {
        self.gather_asking(indices, own, wanted, threads, &mut || Ok(()))
    }

    /// Like `gather`, with regular checks for a stop.
    pub(super) fn gather_asking(
        &mut self,
        indices: &[usize],
        own: ImageShape,
        wanted: WantedImages,
        threads: usize,
        ask: Ask<'_>,
    ) -> Result<Images> {
        let size = wanted.shape.elements();
        let mut pixels = vec![0; indices.len() * size];
        // In file order, so that adjacent records are read at once.
        let mut places: Vec<(usize, &mut [u8])> = indices.iter().copied().zip(pixels.chunks_exact_mut(size)).collect();
        places.sort_unstable_by_key(|(index, _)| *index);
        let sorted: Vec<usize> = places.iter().map(|(index, _)| *index).collect();
        let round = round(own);
        for (indices, places) in sorted.chunks(round).zip(places.chunks_mut(round)) {
            ask()?;
            let each = share(indices.len(), threads);
            let found = try_in_parallel(indices.chunks(each).zip(places.chunks_mut(each)), |(indices, places)| {
                let conversion = Conversion::new(own, wanted);
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
        Ok(Images { shape: wanted.shape, pixels, labels })
    }

    /// Reads the images not read so far, and returns the fingerprints of all; empty if there are none.
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

    /// Stores the fingerprints found for some indices.
    fn note(&mut self, indices: &[usize], found: Vec<Vec<u64>>) {
        if let Fingerprints::Seen(seen) = &mut self.fingerprints {
            indices.iter().zip(found.into_iter().flatten()).for_each(|(&index, found)| seen[index] = Some(found));
        }
    }
}

/// Number of images between two checks for a stop.
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
    fn interrupts_are_checked_between_rounds() -> Result<()> {
        let shape = ImageShape { channels: 1, height: 2, width: 2 };
        let blocks = vec![(0..160).collect()];
        let mut split = StoredSplit::new(vec![0; 40], Pixels::Blocks { blocks, per_block: 40, stride: 4 });
        let wanted = WantedImages { shape, fit: Fit::Exact };
        let indices: Vec<usize> = (0..40).rev().collect();
        let mut asked = 0;
        let stopped = split.gather_asking(&indices, shape, wanted, 2, &mut || {
            asked += 1;
            if asked == 2 { Err(UserError::stopped("stop").into()) } else { Ok(()) }
        });
        assert!(stopped.is_err() && asked == 2);
        let images = split.gather_asking(&indices, shape, wanted, 2, &mut || {
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
