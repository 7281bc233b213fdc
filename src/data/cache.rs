//! Decoded images in a file of their own, so that the second start reads no image file.
//!
//! The file is written under another name and renamed when it is whole, so a half-written one is never found. It ends
//! with a header that has a checksum; the header has a fingerprint of each image, to which it is held as it is read.
//!
//! `magic, pixels [count, channels, height, width], header as JSON, SHA-256 of the header, its length as u64`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::fingerprint;
use super::records::Records;
use super::store::{Fingerprints, Pixels, Split, Store};
use crate::blueprint::ImageShape;
use crate::error::UserError;

const MAGIC: &[u8; 16] = b"freezewise-u8 1\n";
/// Length and checksum of the header.
const END: u64 = 8 + 32;
/// The header of a million images has forty megabytes.
const LONGEST_HEADER: u64 = 1 << 30;
/// Below the data root.
const FOLDER: &str = ".freezewise";
/// How the names of caches begin that are not whole yet.
const WRITING: &str = ".writing-";
/// From making a file to holding it there is a moment.
const JUST_NOW: Duration = Duration::from_secs(10);

/// What goes with the images.
pub(super) struct Contents {
    pub(super) classes: Vec<String>,
    pub(super) train: Vec<u16>,
    pub(super) test: Vec<u16>,
    pub(super) skipped: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    shape: [usize; 3],
    classes: Vec<String>,
    train: Vec<u16>,
    test: Vec<u16>,
    fingerprints: Vec<u64>,
    skipped: Vec<String>,
}

/// Where caches may be: under the data root, else in the user's cache.
fn folders(root: &Path) -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = variable("FREEZEWISE_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("freezewise")))
        .or_else(|| Some(variable("HOME")?.join(".cache/freezewise")));
    std::iter::once(root.join(FOLDER)).chain(own.map(|own| own.join("data"))).collect()
}

/// The data set of a cache, if there is one that is whole.
pub(super) fn open(root: &Path, name: &str, place: &str) -> Option<Store> {
    folders(root).into_iter().find_map(|folder| open_file(&folder.join(name), place))
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
    let header: Header = serde_json::from_slice(&text).ok()?;
    header.store(path, &Arc::new(file), start, place)
}

impl Header {
    /// None where the pixels are not as many as the header says, or a label has no class.
    fn store(mut self, path: &Path, file: &Arc<File>, end: u64, place: &str) -> Option<Store> {
        let [channels, height, width] = self.shape;
        let shape = ImageShape { channels, height, width };
        // What a header claims may be beyond all numbers.
        let stride = channels.checked_mul(height)?.checked_mul(width).filter(|&size| size > 0)?;
        let (first, count, size) = (MAGIC.len() as u64, self.fingerprints.len(), stride as u64);
        let whole = (count as u64).checked_mul(size)?.checked_add(first)? == end;
        let known = self.train.iter().chain(&self.test).all(|&label| usize::from(label) < self.classes.len());
        if count != self.train.len() + self.test.len() || !whole || !known {
            return None;
        }
        let test_start = first + self.train.len() as u64 * size;
        let test_fingerprints = self.fingerprints.split_off(self.train.len());
        let split = |labels, fingerprints, start| Split {
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
            skipped: self.skipped,
            place: place.to_owned(),
        })
    }
}

/// Removes what processes that were killed had begun to write: whatever nobody holds, and did not begin just now.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let began = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(WRITING));
    for path in began.map(|entry| entry.path()) {
        let Ok(file) = super::files::open_regular(&path) else { continue };
        let age = file.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > JUST_NOW) && file.try_lock().is_ok() {
            // Where it cannot be removed it stays, and nothing reads it.
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// A cache that is being written.
pub(super) struct Writer {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    shape: ImageShape,
    fingerprints: Vec<u64>,
}

impl Writer {
    /// Starts a cache in the first folder that can be written to.
    pub(super) fn create(root: &Path, name: &str, shape: ImageShape) -> Result<Self> {
        let mut causes = Vec::new();
        for folder in folders(root) {
            let created = std::fs::create_dir_all(&folder)
                .and_then(|()| {
                    sweep(&folder);
                    let mut builder = tempfile::Builder::new();
                    // A temporary file is private by itself; the cache is for whoever may read the data.
                    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
                    builder.prefix(WRITING).tempfile_in(&folder)
                })
                .and_then(|mut file| {
                    // Held for as long as it is written: a sweep leaves it alone.
                    let _ = file.as_file().lock();
                    file.write_all(MAGIC).map(|()| file)
                });
            match created {
                Ok(file) => {
                    // Larger images go straight to the file.
                    let file = BufWriter::with_capacity(1 << 16, file);
                    return Ok(Self { file, path: folder.join(name), shape, fingerprints: Vec::new() });
                }
                Err(error) => causes.push(format!("`{}`: {error}", folder.display())),
            }
        }
        let message = format!("decoded images cannot be kept: {}", causes.join("; "));
        Err(UserError::new(message).hint("FREEZEWISE_CACHE names a folder that can be written to").into())
    }

    /// Adds an image, colour by colour; those for training come first.
    pub(super) fn push(&mut self, pixels: &[u8]) -> Result<()> {
        self.fingerprints.push(fingerprint::of(pixels));
        self.file.write_all(pixels).with_context(|| format!("cannot write the cache `{}`", self.path.display()))
    }

    /// Makes the cache whole, and reads from it.
    pub(super) fn finish(mut self, contents: Contents, place: &str) -> Result<Store> {
        let ImageShape { channels, height, width } = self.shape;
        let header = Header {
            shape: [channels, height, width],
            classes: contents.classes,
            train: contents.train,
            test: contents.test,
            fingerprints: self.fingerprints,
            skipped: contents.skipped,
        };
        let text = serde_json::to_vec(&header)?;
        let end = || -> std::io::Result<()> {
            self.file.write_all(&text)?;
            self.file.write_all(&Sha256::digest(&text))?;
            self.file.write_all(&(text.len() as u64).to_le_bytes())?;
            let file = self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        end().with_context(|| format!("cannot write the cache `{}`", self.path.display()))?;
        open_file(&self.path, place)
            .ok_or_else(|| UserError::new(format!("the cache `{}` does not read back", self.path.display())).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 2, width: 2 };

    fn write(root: &Path) -> Result<()> {
        let mut writer = Writer::create(root, "a.u8", SHAPE)?;
        for image in [[1, 2, 3, 4], [5, 6, 7, 8], [9, 9, 9, 9]] {
            writer.push(&image)?;
        }
        let classes = vec!["a".to_owned(), "b".to_owned()];
        writer.finish(Contents { classes, train: vec![0, 1], test: vec![1], skipped: vec![] }, "here").map(drop)
    }

    #[test]
    fn images_come_back_and_nothing_else_is_left() -> Result<()> {
        let root = tempfile::tempdir()?;
        write(root.path())?;
        let mut store = open(root.path(), "a.u8", "here").expect("it is whole");
        let image = crate::data::Image { shape: SHAPE, fit: crate::spec::Fit::Exact };
        let images = store.train.gather(&[1, 0], SHAPE, image, 2)?;
        assert_eq!((images.pixels, images.labels), (vec![5, 6, 7, 8, 1, 2, 3, 4], vec![1, 0]));
        assert_eq!(store.test.gather(&[0], SHAPE, image, 1)?.pixels, [9; 4]);
        assert_eq!(std::fs::read_dir(root.path().join(FOLDER))?.count(), 1);
        Ok(())
    }

    #[test]
    fn what_is_cut_or_changed_is_not_used() -> Result<()> {
        let root = tempfile::tempdir()?;
        write(root.path())?;
        let path = root.path().join(FOLDER).join("a.u8");
        let whole = std::fs::read(&path)?;
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length])?;
            assert!(open_file(&path, "").is_none(), "{length} bytes");
        }
        let image = crate::data::Image { shape: SHAPE, fit: crate::spec::Fit::Exact };
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed)?;
            let Some(mut store) = open_file(&path, "") else { continue };
            let read = store.train.gather(&[0, 1], SHAPE, image, 1).and(store.test.gather(&[0], SHAPE, image, 1));
            let error = read.expect_err("a changed pixel is noticed").to_string();
            assert!(error.starts_with("the cache `"), "{error}");
        }
        Ok(())
    }

    #[test]
    fn what_a_killed_process_wrote_is_removed_and_what_another_writes_is_not() -> Result<()> {
        let root = tempfile::tempdir()?;
        let folder = root.path().join(FOLDER);
        let writer = Writer::create(root.path(), "a.u8", SHAPE)?;
        let [killed, fresh] = ["killed", "fresh"].map(|name| folder.join(format!("{WRITING}{name}")));
        let old = std::time::SystemTime::now() - 2 * JUST_NOW;
        for path in [&killed, &fresh] {
            File::create(path)?;
        }
        File::options().write(true).open(&killed)?.set_modified(old)?;
        writer.file.get_ref().as_file().set_modified(old)?;
        sweep(&folder);
        assert!(!killed.exists() && fresh.exists() && writer.file.get_ref().path().exists());
        Ok(())
    }

    #[test]
    fn a_writer_that_is_dropped_leaves_nothing() -> Result<()> {
        let root = tempfile::tempdir()?;
        let mut writer = Writer::create(root.path(), "a.u8", SHAPE)?;
        writer.push(&[1, 2, 3, 4])?;
        drop(writer);
        assert_eq!(std::fs::read_dir(root.path().join(FOLDER))?.count(), 0);
        Ok(())
    }
}
