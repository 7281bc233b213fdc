//! Images in files as records of fixed length, accessed by index.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use super::parallel::{share, try_in_parallel};
use crate::error::UserError;

/// Files with equally many records each, contiguous from `start`; each record ends with its pixels.
pub(super) struct Records {
    pub(super) files: Vec<(Arc<File>, PathBuf)>,
    pub(super) per_file: usize,
    pub(super) start: u64,
    /// Length of a record in bytes.
    pub(super) stride: usize,
}

impl Records {
    /// The file that contains a record.
    pub(super) fn path(&self, index: usize) -> &Path {
        &self.files[index / self.per_file].1
    }

    /// Copies consecutive records.
    pub(super) fn read(&self, first: usize, mut records: &mut [u8]) -> Result<()> {
        let mut index = first;
        while !records.is_empty() {
            let left = self.per_file - index % self.per_file;
            let count = left.min(records.len() / self.stride);
            let (part, rest) = records.split_at_mut(count * self.stride);
            self.read_at(index, 0, part)?;
            (index, records) = (index + count, rest);
        }
        Ok(())
    }

    /// One byte from each of `count` records.
    pub(super) fn column(&self, count: usize, offset: usize, threads: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let each = share(count, threads);
        try_in_parallel(bytes.chunks_mut(each).enumerate(), |(part, bytes)| {
            let mut bytes = bytes.iter_mut().enumerate();
            bytes.try_for_each(|(at, byte)| self.read_at(part * each + at, offset, std::slice::from_mut(byte)))
        })?;
        Ok(bytes)
    }

    fn read_at(&self, index: usize, offset: usize, bytes: &mut [u8]) -> Result<()> {
        let (file, path) = &self.files[index / self.per_file];
        let place = self.start + ((index % self.per_file) * self.stride + offset) as u64;
        file.read_exact_at(bytes, place).map_err(|error| {
            let message = format!("cannot read `{}`: {error}", path.display());
            UserError::new(message).hint("make sure that nothing writes to it while it is being read").into()
        })
    }
}
