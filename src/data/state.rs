//! Detects changes of files without reading them.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::text;

/// Size, inode and times of a file. A replaced file has another inode, and a modified one another change time, which no
/// program can set, even if size and modification time stay the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    inode: u64,
    /// Nanoseconds since 1970, like `modified`.
    changed: i128,
    modified: i128,
}

impl Stamp {
    pub(super) fn of(data: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            bytes: data.len(),
            inode: data.ino(),
            changed: nanoseconds(data.ctime(), data.ctime_nsec()),
            modified: nanoseconds(data.mtime(), data.mtime_nsec()),
        }
    }

    /// Feeds it to a digest.
    pub(super) fn digest(&self, digest: &mut Sha256) {
        digest.update(self.bytes.to_le_bytes());
        digest.update(self.inode.to_le_bytes());
        digest.update(self.changed.to_le_bytes());
        digest.update(self.modified.to_le_bytes());
    }
}

/// State of a data set of these files; `None` if one is missing.
pub(super) fn state_of_files(paths: &[PathBuf]) -> Option<String> {
    let mut digest = Sha256::new();
    for path in paths {
        digest.update(path.file_name()?.as_encoded_bytes());
        Stamp::of(&path.metadata().ok()?).digest(&mut digest);
    }
    Some(text::hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn writing_or_replacing_a_file_changes_its_state() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let write = |path: &Path, text: &str| -> std::io::Result<()> {
            std::fs::write(path, text)?;
            std::fs::File::options().write(true).open(path)?.set_modified(time)
        };
        let state = || state_of_files(std::slice::from_ref(&path)).expect("it is there");
        write(&path, "one")?;
        let first = state();
        assert_eq!(state(), first);
        // The clock of change times may stand still for some milliseconds.
        while state() == first {
            write(&path, "two")?;
        }
        let written = state();
        write(&folder.path().join("b"), "two")?;
        std::fs::rename(folder.path().join("b"), &path)?;
        assert_ne!(state(), written);
        std::fs::remove_file(&path)?;
        assert_eq!(state_of_files(&[path]), None);
        Ok(())
    }
}
