//! A cache file of decoded images, so that later runs read no image files.
//!
//! The file is written under a temporary name and renamed when complete, so a partial cache is never found. The header
//! is at the end, with a checksum; it contains a fingerprint of each image, which is checked when the image is read.
//!
//! `magic, pixels [count, channels, height, width], header as JSON, SHA-256 of the header, its length as u64`

mod writer;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(super) use writer::{CacheRequest, Writer, make};

use super::records::Records;
use super::store::{Fingerprints, Pixels, Store, StoredSplit};
use crate::blueprint::ImageShape;
use crate::environment;
use crate::text;

const MAGIC: &[u8; 16] = b"freezewise-u8 1\n";
/// Length of what follows the header: its checksum and its length.
const END: u64 = 8 + 32;
/// In bytes. The header of a million images has 40 MB.
const LONGEST_HEADER: u64 = 1 << 30;
/// Folder of caches in the data folder.
const FOLDER: &str = ".freezewise";

/// The content of a header.
pub(super) struct CacheContents {
    pub(super) classes: Vec<String>,
    pub(super) train: Vec<u16>,
    pub(super) test: Vec<u16>,
    pub(super) skipped: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct CacheHeader {
    shape: [usize; 3],
    classes: Vec<String>,
    train: Vec<u16>,
    test: Vec<u16>,
    fingerprints: Vec<u64>,
    skipped: Vec<String>,
}

/// A folder for caches.
struct CacheFolder {
    path: PathBuf,
    /// The environment variable that names it; none for the one in the data folder.
    variable: Option<&'static str>,
}

impl CacheFolder {
    /// An error if a variable names it by a `~`, which nothing expanded.
    fn check(&self) -> std::io::Result<()> {
        let advice = self.variable.and_then(|_| text::tilde(&self.path.to_string_lossy()));
        advice.map_or(Ok(()), |advice| Err(std::io::Error::other(advice)))
    }
}

/// Folders for caches: in the data folder, else in the user's cache folder.
fn folders(root: &Path) -> Vec<CacheFolder> {
    let own = [("FREEZEWISE_CACHE", "data"), ("XDG_CACHE_HOME", "freezewise/data"), ("HOME", ".cache/freezewise/data")];
    let own = own.into_iter().find_map(|(name, inside)| {
        Some(CacheFolder { path: environment::path(name)?.join(inside), variable: Some(name) })
    });
    std::iter::once(CacheFolder { path: root.join(FOLDER), variable: None }).chain(own).collect()
}

/// Opens the cached data set, if there is a valid cache.
pub(super) fn open(root: &Path, name: &str, place: &str) -> Option<Store> {
    folders(root).into_iter().find_map(|folder| open_file(&folder.path.join(name), place))
}

pub(super) fn open_file(path: &Path, place: &str) -> Option<Store> {
    let file = super::files::open_regular(path).ok()?;
    let length = file.metadata().ok()?.len();
    let at = |offset: u64, bytes: &mut [u8]| file.read_exact_at(bytes, offset).ok();
    let mut magic = [0; MAGIC.len()];
    at(0, &mut magic)?;
    let end = length.checked_sub(END)?;
    let (mut checksum, mut size) = ([0; 32], [0; 8]);
    at(end, &mut checksum)?;
    at(end + 32, &mut size)?;
    let size = u64::from_le_bytes(size);
    let start = end.checked_sub(size).filter(|_| size <= LONGEST_HEADER && &magic == MAGIC)?;
    let mut text = vec![0; size as usize];
    at(start, &mut text)?;
    if Sha256::digest(&text)[..] != checksum {
        return None;
    }
    let header: CacheHeader = serde_json::from_slice(&text).ok()?;
    header.store(path, &Arc::new(file), start, place)
}

impl CacheHeader {
    /// `None` if the number of pixels does not match the header, or a label has no class.
    fn store(mut self, path: &Path, file: &Arc<File>, end: u64, place: &str) -> Option<Store> {
        let [channels, height, width] = self.shape;
        let shape = ImageShape { channels, height, width };
        // Sizes in a damaged header could overflow.
        let stride = channels.checked_mul(height)?.checked_mul(width).filter(|&size| size > 0)?;
        let (first, count, size) = (MAGIC.len() as u64, self.fingerprints.len(), stride as u64);
        let whole = (count as u64).checked_mul(size)?.checked_add(first)? == end;
        let known = self.train.iter().chain(&self.test).all(|&label| usize::from(label) < self.classes.len());
        if count != self.train.len() + self.test.len() || !whole || !known {
            return None;
        }
        let test_start = first + self.train.len() as u64 * size;
        let test_fingerprints = self.fingerprints.split_off(self.train.len());
        let split = |labels, fingerprints, start| StoredSplit {
            labels,
            fingerprints: Fingerprints::Stated(fingerprints),
            pixels: Pixels::Filed(Records {
                files: vec![(Arc::clone(file), path.to_path_buf())],
                per_file: usize::MAX,
                start,
                stride,
            }),
        };
        Some(Store {
            shape,
            train: split(self.train, self.fingerprints, first),
            test: split(self.test, test_fingerprints, test_start),
            classes: self.classes,
            validation: 0,
            unused: Vec::new(),
            skipped: self.skipped,
            place: place.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Result;

    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 2, width: 2 };

    fn write(root: &Path) -> Result<()> {
        make(&CacheRequest { root, name: "a.u8", shape: SHAPE, count: 4, place: "here" }, |writer| {
            let mut fingerprints = writer.write(2, &[5, 6, 7, 8, 9, 9, 9, 9])?;
            fingerprints.insert(0, writer.write(0, &[1, 2, 3, 4])?[0]);
            // The second image was never written.
            writer.keep(&[0, 2, 3])?;
            let classes = vec!["a".to_owned(), "b".to_owned()];
            Ok((CacheContents { classes, train: vec![0, 1], test: vec![1], skipped: vec![] }, fingerprints))
        })
        .map(drop)
    }

    #[test]
    fn images_are_read_back_and_no_temporary_files_remain() -> Result<()> {
        let root = tempfile::tempdir()?;
        write(root.path())?;
        let mut store = open(root.path(), "a.u8", "here").expect("it is whole");
        let wanted = crate::data::WantedImages { shape: SHAPE, fit: crate::spec::Fit::Exact };
        let images = store.train.gather(&[1, 0], SHAPE, wanted, 2)?;
        assert_eq!((images.pixels, images.labels), (vec![5, 6, 7, 8, 1, 2, 3, 4], vec![1, 0]));
        assert_eq!(store.test.gather(&[0], SHAPE, wanted, 1)?.pixels, [9; 4]);
        assert_eq!(std::fs::read_dir(root.path().join(FOLDER))?.count(), 1);
        Ok(())
    }

    #[test]
    fn truncated_or_changed_caches_are_not_used() -> Result<()> {
        let root = tempfile::tempdir()?;
        write(root.path())?;
        let path = root.path().join(FOLDER).join("a.u8");
        let whole = std::fs::read(&path)?;
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length])?;
            assert!(open_file(&path, "").is_none(), "{length} bytes");
        }
        let wanted = crate::data::WantedImages { shape: SHAPE, fit: crate::spec::Fit::Exact };
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed)?;
            let Some(mut store) = open_file(&path, "") else { continue };
            let read = store.train.gather(&[0, 1], SHAPE, wanted, 1).and(store.test.gather(&[0], SHAPE, wanted, 1));
            let error = read.expect_err("a changed pixel is noticed").to_string();
            assert!(error.starts_with("the cache `"), "{error}");
        }
        Ok(())
    }
}
