//! A file that grows by whole lines, or by binary records.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::write_atomically;
use crate::fault::{self, FileOperation};

/// A file that grows by whole lines, or by binary records.
#[derive(Debug)]
pub struct Lines {
    file: File,
    path: PathBuf,
}

impl Lines {
    /// Creates or replaces the file, with initial content such as a table's header.
    pub fn create(path: &Path, start: &str) -> Result<Self> {
        Self::create_bytes(path, start.as_bytes())
    }

    /// Like `create`, with bytes.
    pub fn create_bytes(path: &Path, start: &[u8]) -> Result<Self> {
        write_atomically(path, start)?;
        Self::open(path)
    }

    /// Opens the file to append to it; a line left incomplete by an interruption is terminated first. Anything that is
    /// not a regular file is replaced: a symbolic link could point anywhere.
    pub fn extend(path: &Path) -> Result<Self> {
        if !std::fs::symlink_metadata(path).is_ok_and(|data| data.is_file()) {
            return Self::create(path, "");
        }
        let mut lines = Self::open(path)?;
        let mut last = [b'\n'];
        if lines.file.seek(SeekFrom::End(-1)).is_ok() {
            let read = lines.file.read_exact(&mut last);
            read.with_context(|| format!("cannot read `{}`", path.display()))?;
        }
        if last != [b'\n'] {
            lines.append("")?;
        }
        Ok(lines)
    }

    fn open(path: &Path) -> Result<Self> {
        let open = || {
            fault::check(FileOperation::Open, path)?;
            OpenOptions::new().read(true).append(true).open(path)
        };
        let file = open().with_context(|| format!("cannot open `{}` to append", path.display()))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Appends one line in a single write, so that readers and crashes see whole lines.
    pub fn append(&mut self, line: &str) -> Result<()> {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.append_bytes(&bytes)
    }

    /// Appends a binary record in a single write.
    pub fn append_bytes(&mut self, record: &[u8]) -> Result<()> {
        fault::write(&mut self.file, record, FileOperation::Append, &self.path)
            .with_context(|| format!("cannot append to `{}`", self.path.display()))
    }

    /// Waits until the data are on disk.
    pub fn sync(&self) -> Result<()> {
        let sync = || fault::check(FileOperation::Sync, &self.path).and_then(|()| self.file.sync_data());
        sync().with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_after_the_header() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.csv");
        let mut lines = Lines::create(&path, "a,b\n")?;
        lines.append("1,2")?;
        lines.append("3,4")?;
        assert_eq!(std::fs::read_to_string(&path)?, "a,b\n1,2\n3,4\n");
        Ok(())
    }

    #[test]
    fn appending_terminates_a_truncated_line() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("log.txt");
        for (before, after) in [("", "on\n"), ("whole\n", "whole\non\n"), ("whole\nto", "whole\nto\non\n")] {
            std::fs::write(&path, before)?;
            Lines::extend(&path)?.append("on")?;
            assert_eq!(std::fs::read_to_string(&path)?, after);
        }
        std::fs::remove_file(&path)?;
        Lines::extend(&path)?.append("first")?;
        assert_eq!(std::fs::read_to_string(&path)?, "first\n");
        Ok(())
    }
}
