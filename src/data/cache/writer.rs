//! Writes a cache, from several threads.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{Contents, Header, MAGIC, folders, open_file};
use crate::blueprint::ImageShape;
use crate::data::store::Store;
use crate::data::{files, fingerprint};
use crate::error::UserError;
use crate::text;

/// How the names of caches begin that are not whole yet.
const WRITING: &str = ".writing-";
/// From making a file to holding it there is a moment.
const JUST_NOW: Duration = Duration::from_secs(10);
/// So many bytes are written together at least.
const TOGETHER: usize = 1 << 18;

/// A cache that is being written.
pub(in crate::data) struct Writer {
    file: NamedTempFile,
    path: PathBuf,
    shape: ImageShape,
    /// Images that there are to be at most.
    count: usize,
}

impl Writer {
    /// Starts a cache in the first folder that can be written to.
    pub(in crate::data) fn create(root: &Path, name: &str, shape: ImageShape, count: usize) -> Result<Self> {
        let mut causes = Vec::new();
        for folder in folders(root) {
            let created = std::fs::create_dir_all(&folder)
                .and_then(|()| {
                    sweep(&folder);
                    let mut builder = tempfile::Builder::new();
                    // A temporary file is private by itself; the cache is for whoever may read the data.
                    builder.permissions(PermissionsExt::from_mode(0o644));
                    builder.prefix(WRITING).tempfile_in(&folder)
                })
                .and_then(|file| {
                    // Held for as long as it is written: a sweep leaves it alone.
                    let _ = file.as_file().lock();
                    file.as_file().write_all_at(MAGIC, 0).map(|()| file)
                });
            match created {
                Ok(file) => return Ok(Self { file, path: folder.join(name), shape, count }),
                Err(error) => causes.push(format!("`{}`: {error}", folder.display())),
            }
        }
        let message = format!("decoded images cannot be kept: {}", causes.join("; "));
        Err(UserError::new(message).hint("FREEZEWISE_CACHE names a folder that can be written to").into())
    }

    /// How many images it is best to write at once: many bytes, and fingerprints are taken of four.
    pub(in crate::data) fn together(&self) -> usize {
        (TOGETHER / self.shape.elements()).next_multiple_of(4).max(4)
    }

    /// Writes images side by side from the place of the first on, and returns their fingerprints.
    pub(in crate::data) fn write(&self, first: usize, images: &[u8]) -> Result<Vec<u64>> {
        self.file.as_file().write_all_at(images, self.offset(first)).map_err(|error| self.not_written(&error))?;
        let images: Vec<&[u8]> = images.chunks_exact(self.shape.elements()).collect();
        Ok(fingerprint::of_all(&images))
    }

    /// Keeps the images of some places, which rise, and moves them together.
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
        let bytes = text::bytes(self.offset(self.count));
        UserError::new(format!("cannot write the cache `{}`: {error}", self.path.display()))
            .hint(format!("it takes {bytes}: make room there"))
    }

    /// Makes the cache of as many images as there are fingerprints whole, and reads from it.
    pub(in crate::data) fn finish(self, contents: Contents, fingerprints: Vec<u64>, place: &str) -> Result<Store> {
        let ImageShape { channels, height, width } = self.shape;
        let end = self.offset(fingerprints.len());
        let header = Header {
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
        file.persist(&path)
            .map_err(|error| UserError::new(format!("cannot write the cache `{}`: {}", path.display(), error.error)))?;
        open_file(&path, place)
            .ok_or_else(|| UserError::new(format!("the cache `{}` does not read back", path.display())).into())
    }
}

/// Removes what processes that were killed had begun to write: whatever nobody holds, and did not begin just now.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let began = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(WRITING));
    for path in began.map(|entry| entry.path()) {
        let Ok(file) = files::open_regular(&path) else { continue };
        let age = file.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > JUST_NOW) && file.try_lock().is_ok() {
            // Where it cannot be removed it stays, and nothing reads it.
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

    #[test]
    fn what_a_killed_process_wrote_is_removed_and_what_another_writes_is_not() -> Result<()> {
        let root = tempfile::tempdir()?;
        let folder = root.path().join(FOLDER);
        let writer = Writer::create(root.path(), "a.u8", SHAPE, 1)?;
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
    fn a_writer_that_is_dropped_leaves_nothing() -> Result<()> {
        let root = tempfile::tempdir()?;
        let writer = Writer::create(root.path(), "a.u8", SHAPE, 1)?;
        writer.write(0, &[1, 2, 3, 4])?;
        drop(writer);
        assert_eq!(std::fs::read_dir(root.path().join(FOLDER))?.count(), 0);
        Ok(())
    }

    #[test]
    fn images_are_written_in_fours_and_many_small_ones_at_once() -> Result<()> {
        let root = tempfile::tempdir()?;
        for (side, together) in [(224, 4), (64, 24), (28, 112)] {
            let shape = ImageShape { channels: 3, height: side, width: side };
            assert_eq!(Writer::create(root.path(), "a.u8", shape, 1)?.together(), together);
        }
        Ok(())
    }
}
