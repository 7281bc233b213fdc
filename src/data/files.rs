//! Opening what may be anything.

use std::fs::File;
use std::io::{Error, Read, Result};
use std::path::Path;

use crate::text;

/// Opens a file that has an end: a pipe could wait for ever.
pub(super) fn open_regular(path: &Path) -> Result<File> {
    if std::fs::metadata(path)?.is_file() { File::open(path) } else { Err(Error::other("it is not a regular file")) }
}

/// Reads a file whole, if it is no larger than `most` bytes.
pub(super) fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::other(format!("it is larger than {}", text::bytes(most))));
    }
    Ok(bytes)
}
