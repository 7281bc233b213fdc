//! Writes a cache from several threads.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{CacheContents, CacheHeader, MAGIC, folders, open_file};
use crate::blueprint::ImageShape;
use crate::data::store::Store;
use crate::data::{files, fingerprint};
use crate::error::UserError;
use crate::text;

/// Prefix of the names of incomplete caches.
const WRITING: &str = ".writing-";
/// Age below which an incomplete cache is left alone: there is a moment between creating and locking a file.
const JUST_NOW: Duration = Duration::from_secs(10);
/// Smallest number of bytes written at once.
const TOGETHER: usize = 1 << 18;

/// A cache being written.
pub(in crate::data) struct Writer {
    file: NamedTempFile,
    path: PathBuf,
    shape: ImageShape,
    /// Whether a write failed.
    failed: AtomicBool,
}

/// What to write to a cache.
pub(in crate::data) struct CacheRequest<'a> {
    /// The data folder.
    pub(in crate::data) root: &'a Path,
    /// File name of the cache.
    pub(in crate::data) name: &'a str,
    /// Shape of the images.
    pub(in crate::data) shape: ImageShape,
    /// Largest number of images.
    pub(in crate::data) count: usize,
    /// Where the images come from, for messages.
    pub(in crate::data) place: &'a str,
}

/// Writes a cache to the first folder that has room, and opens it. If a disk fills up, `fill` starts over in the next
/// folder.
pub(in crate::data) fn make(
    wanted: &CacheRequest<'_>,
    mut fill: impl FnMut(&Writer) -> Result<(CacheContents, Vec<u64>)>,
) -> Result<Store> {
    let mut causes = Vec::new();
    for folder in folders(wanted.root) {
        let origin = folder.variable.map(|name| format!("{name}: ")).unwrap_or_default();
        let writer = match folder.check().and_then(|()| Writer::create(&folder.path, wanted)) {
            Ok(writer) => writer,
            Err(error) => {
                causes.push(format!("{origin}`{}`: {error}", folder.path.display()));
                continue;
            }
        };
        let filled = fill(&writer);
        if !writer.failed() {
            let (contents, fingerprints) = filled?;
            match writer.finish(contents, fingerprints) {
                Ok(path) => return read_back(&path, wanted.place),
                Err(error) => causes.push(format!("{origin}{error}")),
            }
        } else if let Err(error) = filled {
            causes.push(format!("{origin}{error:#}"));
        }
    }
    let bytes = text::bytes((MAGIC.len() + wanted.count * wanted.shape.elements()) as u64);
    Err(UserError::new(format!("cannot cache decoded images: {}", causes.join("; ")))
        .hint(format!("they need {bytes}; set FREEZEWISE_CACHE to a writable folder with that much room"))
        .into())
}

fn read_back(path: &Path, place: &str) -> Result<Store> {
    open_file(path, place)
        .ok_or_else(|| UserError::new(format!("the cache `{}` is invalid after writing", path.display())).into())
}

impl Writer {
    /// Creates a cache in a folder.
    fn create(folder: &Path, wanted: &CacheRequest<'_>) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        sweep(folder);
        let mut builder = tempfile::Builder::new();
        // Temporary files are private by default; anyone who may read the data may read the cache.
        builder.permissions(PermissionsExt::from_mode(0o644));
        let file = builder.prefix(WRITING).tempfile_in(folder)?;
        // Locked while it is being written, so that `sweep` leaves it alone.
        let _ = file.as_file().lock();
        file.as_file().write_all_at(MAGIC, 0)?;
        let &CacheRequest { name, shape, .. } = wanted;
        Ok(Self { file, path: folder.join(name), shape, failed: AtomicBool::new(false) })
    }

    /// Whether a write failed, as on a full disk.
    fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// The best number of images to write at once: many bytes, and a multiple of four for the fingerprints.
    pub(in crate::data) fn together(&self) -> usize {
        (TOGETHER / self.shape.elements()).next_multiple_of(4).max(4)
    }

    /// Writes consecutive images from index `first` on, and returns their fingerprints.
    pub(in crate::data) fn write(&self, first: usize, images: &[u8]) -> Result<Vec<u64>> {
        self.file.as_file().write_all_at(images, self.offset(first)).map_err(|error| self.not_written(&error))?;
        let images: Vec<&[u8]> = images.chunks_exact(self.shape.elements()).collect();
        Ok(fingerprint::of_all(&images))
    }

    /// Keeps only the images at these ascending places, and closes the gaps.
    pub(in crate::data) fn keep(&self, places: &[usize]) -> Result<()> {
        let mut image = vec![0; self.shape.elements()];
        let moved = places.iter().enumerate().filter(|(to, from)| to != *from);
        for (to, from) in moved {
            let file = self.file.as_file();
            let copied = file.read_exact_at(&mut image, self.offset(*from));
            copied
                .and_then(|()| file.write_all_at(&image, self.offset(to)))
                .map_err(|error| self.not_written(&error))?;
        }
        Ok(())
    }

    fn offset(&self, place: usize) -> u64 {
        (MAGIC.len() + place * self.shape.elements()) as u64
    }

    fn not_written(&self, error: &std::io::Error) -> UserError {
        self.failed.store(true, Ordering::Relaxed);
        UserError::new(format!("`{}`: {error}", self.path.display()))
    }

    /// Completes the cache, with one image per fingerprint, and returns its path.
    fn finish(self, contents: CacheContents, fingerprints: Vec<u64>) -> Result<PathBuf> {
        let ImageShape { channels, height, width } = self.shape;
        let end = self.offset(fingerprints.len());
        let header = CacheHeader {
            shape: [channels, height, width],
            classes: contents.classes,
            train: contents.train,
            test: contents.test,
            fingerprints,
            skipped: contents.skipped,
        };
        let text = serde_json::to_vec(&header)?;
        let tail = [text.as_slice(), &Sha256::digest(&text), &(text.len() as u64).to_le_bytes()].concat();
        let file = self.file.as_file();
        let written = file.set_len(end).and_then(|()| file.write_all_at(&tail, end)).and_then(|()| file.sync_all());
        written.map_err(|error| self.not_written(&error))?;
        let Self { file, path, .. } = self;
        let kept = file.persist(&path);
        kept.map_err(|error| UserError::new(format!("`{}`: {}", path.display(), error.error)))?;
        Ok(path)
    }
}

/// Removes incomplete caches of processes that were killed: those that nobody has locked and that are not brand new.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let began = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(WRITING));
    for path in began.map(|entry| entry.path()) {
        let Ok(file) = files::open_regular(&path) else { continue };
        let age = file.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > JUST_NOW) && file.try_lock().is_ok() {
            // If it cannot be removed it stays, but nothing reads it.
            let _ = std::fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::FOLDER;
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 2, width: 2 };

    fn wanted(root: &Path, shape: ImageShape) -> CacheRequest<'_> {
        CacheRequest { root, name: "a.u8", shape, count: 1, place: "here" }
    }

    #[test]
    fn files_of_killed_writers_are_removed_and_fresh_ones_kept() -> Result<()> {
        let root = tempfile::tempdir()?;
        let folder = root.path().join(FOLDER);
        let writer = Writer::create(&root.path().join(FOLDER), &wanted(root.path(), SHAPE))?;
        let [killed, fresh] = ["killed", "fresh"].map(|name| folder.join(format!("{WRITING}{name}")));
        let old = std::time::SystemTime::now() - 2 * JUST_NOW;
        for path in [&killed, &fresh] {
            File::create(path)?;
        }
        File::options().write(true).open(&killed)?.set_modified(old)?;
        writer.file.as_file().set_modified(old)?;
        sweep(&folder);
        assert!(!killed.exists() && fresh.exists() && writer.file.path().exists());
        Ok(())
    }

    #[test]
    fn a_dropped_writer_leaves_no_files() -> Result<()> {
        let root = tempfile::tempdir()?;
        let writer = Writer::create(&root.path().join(FOLDER), &wanted(root.path(), SHAPE))?;
        writer.write(0, &[1, 2, 3, 4])?;
        drop(writer);
        assert_eq!(std::fs::read_dir(root.path().join(FOLDER))?.count(), 0);
        Ok(())
    }

    #[test]
    fn small_images_are_written_in_larger_groups() -> Result<()> {
        let root = tempfile::tempdir()?;
        for (side, together) in [(224, 4), (64, 24), (28, 112)] {
            let shape = ImageShape { channels: 3, height: side, width: side };
            let writer = Writer::create(root.path(), &wanted(root.path(), shape))?;
            assert_eq!(writer.together(), together);
        }
        Ok(())
    }
}
