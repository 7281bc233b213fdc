//! Image files in folders, decoded once by all threads into the cache.

use std::path::Path;
use std::sync::Mutex;

use anyhow::Result;

use super::cache::{self, CacheContents, CacheRequest, Writer};
use super::decode::{self, Flaw};
use super::listing::{LAYOUT, Listing, Picture};
use super::parallel::in_order;
use super::store::Store;
use super::{Access, ReadingProgress, WantedImages, Watch};
use crate::blueprint::ImageShape;
use crate::catalogue::Facts;
use crate::error::UserError;
use crate::spec::{Fit, Question};
use crate::text;

/// Blocks of images that may be ready before an earlier one, per thread.
const AHEAD: usize = 4;
/// Version of decoding, part of the cache's name: raise it when the same files give other pixels, so that images
/// decoded by an earlier version are decoded again.
const DECODING: u32 = 2;
/// File extensions of archives.
const PACKED: [&str; 10] = ["zip", "tar", "tar.gz", "tgz", "7z", "rar", "tar.xz", "tar.bz2", "tar.zst", "tbz2"];
/// Number of bad files named in an error.
const SHOWN: usize = 10;

/// The image files of a data set.
pub(super) struct ImageFiles {
    /// The data set's name.
    pub(super) name: String,
    /// Whether files that cannot be read are left out.
    pub(super) skip_bad_files: bool,
    pub(super) listing: Listing,
}

/// Whether a data set's folder is there; that it is a file is an error.
pub(super) fn is_folder(path: &Path) -> Result<bool> {
    if path.is_file() {
        let error = UserError::new(format!("`{}` is a file", path.display()));
        let name = path.to_string_lossy().to_lowercase();
        let is_packed = PACKED.iter().any(|ending| name.ends_with(&format!(".{ending}")));
        return Err(if is_packed { error.hint("unpack it, and set `path` to the folder") } else { error }
            .hint(LAYOUT)
            .into());
    }
    Ok(path.is_dir())
}

/// A hint on an archive of a folder, in the place of the folder.
pub(super) fn packed(root: &Path, folder: &Path) -> Option<String> {
    let archives = PACKED.iter().map(|ending| format!("{}.{ending}", folder.display()));
    archives.into_iter().find(|archive| root.join(archive).is_file()).map(|archive| format!("unpack `{archive}` there"))
}

impl ImageFiles {
    /// Reads them from the cache, or decodes them into it; with the state of the files at the time they were listed.
    pub(super) fn read(
        &self,
        wanted: WantedImages,
        access: Access<'_>,
        watch: Watch<'_>,
    ) -> Result<(Store, Option<String>)> {
        Ok((self.store(wanted, access, watch)?, Some(self.listing.state())))
    }

    fn store(&self, wanted: WantedImages, access: Access<'_>, watch: Watch<'_>) -> Result<Store> {
        let listing = &self.listing;
        let shape = ImageShape { channels: 3, ..wanted.shape };
        let how = format!("{:?}", wanted.fit).to_lowercase();
        let skip = if self.skip_bad_files { "-skip" } else { "" };
        let name = self.name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let (size, state) = (format!("{}x{}", shape.height, shape.width), &listing.place_and_state()[..16]);
        let file = format!("{name}-{size}-{how}{skip}-v{DECODING}-{state}.u8");
        let place = listing.folder.display().to_string();
        let with_beside = |store: Store| {
            let skipped = [listing.beside.clone(), store.skipped].concat();
            Store { skipped, unused: listing.notes.clone(), ..store }
        };
        if let Some(store) = cache::open(access.root, &file, &place) {
            return Ok(with_beside(store));
        }
        let total = listing.train.len() + listing.test.len();
        let request = CacheRequest { root: access.root, name: &file, shape, count: total, place: &place };
        let store = cache::make(&request, |writer| {
            let found = decode_all(listing, wanted, writer, access, &mut |done| {
                watch(Some(ReadingProgress { name: name.clone(), done, total }))
            })?;
            found.contents(self.skip_bad_files, listing, writer)
        })?;
        watch(Some(ReadingProgress { name, done: total, total }))?;
        Ok(with_beside(store))
    }

    /// From the list of files. If bad files are skipped, only decoding shows which they are.
    pub(super) fn survey(&self, question: &Question<'_>, access: Access<'_>, watch: Watch<'_>) -> Result<Facts> {
        let listing = &self.listing;
        let own = listing.first_shape(access)?;
        let shape = match question.side {
            Some(side) => ImageShape { channels: 3, height: side, width: side },
            None => own,
        };
        // If one file is not an image, all are decoded to find the others, which are an error or skipped.
        let [train, test] = if self.skip_bad_files || listing.has_other_files(access)? {
            let store = self.store(WantedImages { shape, fit: question.fit }, access, watch)?;
            [store.train.labels, store.test.labels]
        } else {
            [&listing.train, &listing.test].map(|files| files.iter().map(|file| file.label).collect())
        };
        let class_count = listing.classes.len();
        Ok(Facts {
            shape: own,
            class_count,
            classes: Some(listing.classes.clone()),
            superclasses: None,
            train_size: train.len(),
            test_size: test.len(),
            train_per_class: Some(Facts::per_class(&train, class_count)),
            test_per_class: Some(Facts::per_class(&test, class_count)),
            digest: None,
        })
    }
}

/// Decodes all listed files into the cache; `tell` is called with the number done.
fn decode_all(
    listing: &Listing,
    wanted: WantedImages,
    writer: &Writer,
    access: Access<'_>,
    tell: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<FolderScan> {
    let total = listing.train.len() + listing.test.len();
    let file_at = |at: usize| match at.checked_sub(listing.train.len()) {
        None => (0, &listing.train[at]),
        Some(at) => (1, &listing.test[at]),
    };
    let each = writer.together();
    let Access { threads, check, .. } = access;
    let blocks = Blocks { listing, wanted, writer, check, spare: Mutex::default() };
    let decode = |block: usize| {
        let first = block * each;
        blocks.decode(first, (first..total.min(first + each)).map(|at| file_at(at).1))
    };
    let mut found = FolderScan::default();
    in_order(total.div_ceil(each), [threads, AHEAD * threads], decode, |block, decoded| {
        tell(block * each)?;
        (block * each..).zip(decoded?).for_each(|(at, decoded)| found.add(at, file_at(at), decoded));
        Ok(())
    })?;
    Ok(found)
}

/// Results for all files, in order.
#[derive(Default)]
struct FolderScan {
    /// Indices of the files that are images.
    kept: Vec<usize>,
    fingerprints: Vec<u64>,
    /// Training labels and test labels.
    labels: [Vec<u16>; 2],
    bad: Vec<String>,
    unfit: Vec<String>,
}

impl FolderScan {
    fn add(&mut self, at: usize, (split, file): (usize, &Picture), decoded: Result<u64, Flaw>) {
        match decoded {
            Ok(fingerprint) => {
                self.kept.push(at);
                self.fingerprints.push(fingerprint);
                self.labels[split].push(file.label);
            }
            Err(Flaw::Bad(cause)) => self.bad.push(format!("{}: {cause}", file.path)),
            Err(Flaw::Unfit(cause)) => self.unfit.push(format!("{}: {cause}", file.path)),
        }
    }

    /// The cache header and the fingerprints. An error if required files cannot be used.
    fn contents(self, skip_bad_files: bool, listing: &Listing, writer: &Writer) -> Result<(CacheContents, Vec<u64>)> {
        let Self { kept, fingerprints, labels, mut bad, mut unfit } = self;
        let advice = match (skip_bad_files, bad.is_empty()) {
            (true, _) => "repair or remove them; `skip_bad_files` only skips files that cannot be decoded",
            (false, true) => "repair or remove them",
            (false, false) => {
                "repair or remove them, or skip files that cannot be decoded with `skip_bad_files = true`"
            }
        };
        if !skip_bad_files {
            unfit.append(&mut bad);
        }
        if !unfit.is_empty() {
            let total = listing.train.len() + listing.test.len();
            return Err(bad_files(&listing.folder, &unfit, total, advice).into());
        }
        let [train, test] = labels;
        if let Some(class) = emptied(listing, [&train, &test]) {
            let place = listing.folder.display();
            let message = format!("class `{class}` of `{place}` has no readable image in train or in test");
            return Err(UserError::new(message).hint(first(&bad)).into());
        }
        writer.keep(&kept)?;
        Ok((CacheContents { classes: listing.classes.clone(), train, test, skipped: bad }, fingerprints))
    }
}

/// A class with files in a split, but no image left there.
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

fn bad_files(folder: &Path, bad: &[String], total: usize, advice: &str) -> UserError {
    let (count, total) = (text::grouped(bad.len() as u64), text::grouped(total as u64));
    UserError::new(format!("{count} of the {total} files in `{}` cannot be used", folder.display()))
        .hint(first(bad))
        .hint(advice)
}

/// Image files being decoded into the cache, several at once.
struct Blocks<'a> {
    listing: &'a Listing,
    wanted: WantedImages,
    writer: &'a Writer,
    check: &'a (dyn Fn() -> Result<()> + Sync),
    /// Unused pixel buffers for reuse: allocating fresh memory costs as much as decoding some pixels.
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Blocks<'_> {
    /// Decodes files and writes their images from index `first` on. Returns the fingerprint of each, or why there is
    /// none; its slot then has undefined content.
    fn decode<'a>(
        &self,
        first: usize,
        files: impl ExactSizeIterator<Item = &'a Picture>,
    ) -> Result<Vec<Result<u64, Flaw>>> {
        let ImageShape { height, width, .. } = self.wanted.shape;
        let size = 3 * height * width;
        let spare = || self.spare.lock().expect("nothing panics under the lock");
        let mut pixels = spare().pop().unwrap_or_default();
        pixels.resize(files.len() * size, 0);
        let decode = |(file, pixels)| (self.check)().map(|()| self.decode_one(file, pixels));
        let decoded: Vec<Result<(), Flaw>> =
            files.zip(pixels.chunks_exact_mut(size)).map(decode).collect::<Result<_>>()?;
        let fingerprints = self.writer.write(first, &pixels)?;
        spare().push(pixels);
        Ok(decoded.into_iter().zip(fingerprints).map(|(decoded, fingerprint)| decoded.map(|()| fingerprint)).collect())
    }

    fn decode_one(&self, file: &Picture, pixels: &mut [u8]) -> Result<(), Flaw> {
        let decoded = decode::file(&self.listing.folder.join(&file.path))?;
        let ImageShape { height, width, .. } = self.wanted.shape;
        if self.wanted.fit == Fit::Exact && (decoded.height, decoded.width) != (height, width) {
            let (own_height, own_width) = (decoded.height, decoded.width);
            return Err(Flaw::Unfit(format!(
                "it is {own_height} × {own_width}, but the first image is {height} × {width}: set a common size with `image_size`"
            )));
        }
        decoded.write_to(pixels, [height, width], self.wanted.fit);
        Ok(())
    }
}
