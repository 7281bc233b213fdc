//! Image files in folders: decoded once, on all threads, into the cache.

use std::path::Path;

use anyhow::Result;

use super::cache::{self, Contents, Writer};
use super::decode::{self, Flaw};
use super::listing::{Listing, Picture};
use super::parallel::in_order;
use super::store::Store;
use super::{Access, Image, Reading, Watch};
use crate::blueprint::ImageShape;
use crate::error::UserError;
use crate::spec::{Data, Fit, Pictures};
use crate::text;

/// Images that wait to be written at most, for each thread.
const AHEAD: usize = 16;
/// After so many files it is told how far the reading is.
const TOLD: usize = 64;
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
    let mut writer = Writer::create(access.root, &file, shape)?;
    let total = listing.train.len() + listing.test.len();
    let (mut bad, mut unfit) = (Vec::new(), Vec::new());
    let mut labels = [Vec::new(), Vec::new()];
    let file_at = |at: usize| match at.checked_sub(listing.train.len()) {
        None => (0, &listing.train[at]),
        Some(at) => (1, &listing.test[at]),
    };
    let decode = |at: usize| decoded(listing, file_at(at).1, image);
    in_order(total, [access.threads, AHEAD * access.threads], decode, |at, pixels| {
        if at.is_multiple_of(TOLD) {
            watch(Reading { name: name.clone(), done: at, total })?;
        }
        let (split, file) = file_at(at);
        match pixels {
            Ok(pixels) => {
                writer.push(&pixels)?;
                labels[split].push(file.label);
            }
            Err(Flaw::Bad(cause)) => bad.push(format!("{}: {cause}", file.path)),
            Err(Flaw::Unfit(cause)) => unfit.push(format!("{}: {cause}", file.path)),
        }
        Ok(())
    })?;
    if !pictures.skip_bad_files {
        unfit.append(&mut bad);
    }
    if !unfit.is_empty() {
        return Err(bad_files(&listing.folder, &unfit, total, pictures.skip_bad_files).into());
    }
    let [train, test] = labels;
    if let Some(class) = emptied(listing, [&train, &test]) {
        let message = format!("class `{class}` of `{place}` has no image that can be read, in train or in test");
        return Err(UserError::new(message).hint(first(&bad)).into());
    }
    let store = writer.finish(Contents { classes: listing.classes.clone(), train, test, skipped: bad }, &place)?;
    watch(Reading { name, done: total, total })?;
    Ok(store)
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

fn bad_files(folder: &Path, bad: &[String], total: usize, skips: bool) -> UserError {
    let (count, total) = (text::grouped(bad.len() as u64), text::grouped(total as u64));
    UserError::new(format!("{count} of the {total} files in `{}` cannot be used", folder.display()))
        .hint(first(bad))
        .hint(if skips {
            "mend or remove them: `skip_bad_files` leaves out what is no image, and no other"
        } else {
            "mend or remove them; `skip_bad_files = true` leaves out those that are no images"
        })
}

/// The pixels of a file.
fn decoded(listing: &Listing, file: &Picture, image: Image) -> Result<Vec<u8>, Flaw> {
    let decoded = decode::file(&listing.folder.join(&file.path))?;
    let ImageShape { height, width, .. } = image.shape;
    if image.fit == Fit::Exact && (decoded.height, decoded.width) != (height, width) {
        let (own_height, own_width) = (decoded.height, decoded.width);
        return Err(Flaw::Unfit(format!(
            "it is {own_height} × {own_width}, and the first image {height} × {width}: `image_size` gives all one size"
        )));
    }
    Ok(decoded.resized(height, width, image.fit))
}
