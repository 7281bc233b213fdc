//! Image files in folders: decoded once, on all threads, into the cache.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use super::cache::{self, Contents, Writer};
use super::listing::{Listing, Picture};
use super::store::Store;
use super::{Access, Image, Reading, Watch, decode};
use crate::blueprint::ImageShape;
use crate::error::UserError;
use crate::spec::{Data, Fit, Pictures};
use crate::text;

/// Files decoded between two writes, for each thread.
const BATCH: usize = 64;
/// Of one image, or why there are none.
type Pixels = Result<Vec<u8>, String>;

/// How many bad files an error names.
const SHOWN: usize = 10;

/// Reads a data set of image files: from the cache, or by decoding them into it.
pub(super) fn read(
    pictures: &Pictures,
    listing: &Listing,
    image: Image,
    access: Access<'_>,
    watch: Watch<'_>,
) -> Result<Store> {
    let shape = ImageShape { channels: 3, ..image.shape };
    let how = format!("{:?}", image.fit).to_lowercase();
    let skip = if pictures.skip_bad_files { "-skip" } else { "" };
    let name = pictures_name(pictures);
    let file = format!("{name}-{}x{}-{how}{skip}-{}.u8", shape.height, shape.width, &listing.state()[..16]);
    let place = listing.folder.display().to_string();
    if let Some(store) = cache::open(access.root, &file, &place) {
        return Ok(store);
    }
    let decoder = Decoder { listing, image };
    let mut writer = Writer::create(access.root, &file, shape)?;
    let total = listing.train.len() + listing.test.len();
    let mut bad = Vec::new();
    let mut done = 0;
    let mut labels = [Vec::new(), Vec::new()];
    for (files, labels) in [&listing.train, &listing.test].into_iter().zip(&mut labels) {
        let mut keep = |decoded: Vec<(&Picture, Pixels)>| -> Result<()> {
            for (file, pixels) in decoded {
                match pixels {
                    Ok(pixels) => {
                        writer.push(&pixels)?;
                        labels.push(file.label);
                    }
                    Err(cause) => bad.push(format!("{}: {cause}", file.path)),
                }
            }
            Ok(())
        };
        let mut before = Vec::new();
        for batch in files.chunks(BATCH * access.threads.max(1)) {
            watch(Reading { name: name.clone(), done, total });
            // What was decoded before is written while the next files are decoded.
            let pixels = std::thread::scope(|scope| {
                let decoding = scope.spawn(|| decoder.decode(batch, access.threads));
                keep(std::mem::take(&mut before))?;
                anyhow::Ok(decoding.join().expect("a decoder does not panic"))
            })?;
            before = batch.iter().zip(pixels).collect();
            done += batch.len();
        }
        keep(before)?;
    }
    watch(Reading { name, done, total });
    if !bad.is_empty() && !pictures.skip_bad_files {
        return Err(bad_files(&listing.folder, &bad, total).into());
    }
    let [train, test] = labels;
    if let Some(class) = emptied(listing, [&train, &test]) {
        let message = format!("class `{class}` of `{place}` has no image that can be read, in train or in test");
        return Err(UserError::new(message).hint(first(&bad)).into());
    }
    writer.finish(Contents { classes: listing.classes.clone(), train, test, skipped: bad }, &place)
}

fn pictures_name(pictures: &Pictures) -> String {
    Data::Pictures(pictures.clone()).name().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// A class that had files in one of the splits and has no image left there.
fn emptied<'a>(listing: &'a Listing, splits: [&[u16]; 2]) -> Option<&'a str> {
    let missing = |(files, labels): (&Vec<Picture>, &[u16])| {
        let mut has = vec![false; listing.classes.len()];
        for &label in labels {
            has[usize::from(label)] = true;
        }
        files.iter().map(|file| usize::from(file.label)).find(|&label| !has[label])
    };
    let found = [&listing.train, &listing.test].into_iter().zip(splits).find_map(missing);
    found.map(|label| listing.classes[label].as_str())
}

fn first(bad: &[String]) -> String {
    let mut shown: Vec<String> = bad.iter().take(SHOWN).cloned().collect();
    if bad.len() > SHOWN {
        shown.push(format!("and {} more", text::grouped((bad.len() - SHOWN) as u64)));
    }
    shown.join("\n  ")
}

fn bad_files(folder: &Path, bad: &[String], total: usize) -> UserError {
    let (count, total) = (text::grouped(bad.len() as u64), text::grouped(total as u64));
    UserError::new(format!("{count} of the {total} files in `{}` cannot be used", folder.display()))
        .hint(first(bad))
        .hint("mend or remove them, or leave them out with `skip_bad_files = true`")
}

struct Decoder<'a> {
    listing: &'a Listing,
    image: Image,
}

impl Decoder<'_> {
    /// The pixels of some files in their order; each thread takes the next file as it is ready for one.
    fn decode(&self, batch: &[Picture], threads: usize) -> Vec<Pixels> {
        let slots: Vec<OnceLock<Pixels>> = batch.iter().map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((file, slot)) = batch.get(at).zip(slots.get(at)) else { break };
                // The counter gives each index to one thread, so no slot is filled twice.
                let _ = slot.set(self.one(file));
            }
        };
        std::thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(|| Err("it was not read".to_owned()))).collect()
    }

    fn one(&self, file: &Picture) -> Pixels {
        let decoded = decode::file(&self.listing.folder.join(&file.path))?;
        let ImageShape { height, width, .. } = self.image.shape;
        if self.image.fit == Fit::Exact && (decoded.height, decoded.width) != (height, width) {
            return Err(format!(
                "it is {} × {}, and the first image {height} × {width}: `image_size` gives all one size",
                decoded.height, decoded.width
            ));
        }
        Ok(decoded.resized(height, width, self.image.fit))
    }
}
