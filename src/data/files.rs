//! Opens files that could be anything.

use std::fs::File;
use std::io::{Error, Read, Result};
use std::path::Path;

use crate::text;

/// Opens a regular file; a pipe could block forever.
pub(super) fn open_regular(path: &Path) -> Result<File> {
    regular(path).map(|(file, _)| file)
}

/// The file and its length.
fn regular(path: &Path) -> Result<(File, u64)> {
    let data = std::fs::metadata(path)?;
    if data.is_file() { Ok((File::open(path)?, data.len())) } else { Err(Error::other("it is not a regular file")) }
}

/// Reads a whole file of at most `most` bytes.
pub(super) fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>> {
    let (file, length) = regular(path)?;
    // With one byte of spare capacity, a single read finds the end.
    let mut bytes = Vec::with_capacity(length.min(most) as usize + 1);
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::other(format!("it is larger than {}", text::bytes(most))));
    }
    Ok(bytes)
}
