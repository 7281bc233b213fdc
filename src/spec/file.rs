//! A spec's file, as text.

use std::io::Read;
use std::path::Path;

use anyhow::Result;

use crate::error::UserError;

/// No spec that a person wrote is near this size; a larger file is not one.
const LARGEST: u64 = 256 * 1024;

/// Reads a file that may be a spec.
pub(super) fn read(path: &Path) -> Result<String> {
    let text = || -> Result<String> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(UserError::usage("it is not a regular file").into());
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| UserError::usage("it is not UTF-8 text; save it as that"))?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        if text.len() as u64 > LARGEST {
            return Err(UserError::usage(format!("it is larger than {} kB, and so no spec", LARGEST / 1024)).into());
        }
        Ok(text)
    };
    text().map_err(|error| UserError::usage(format!("cannot read the spec `{}`: {error:#}", path.display())).into())
}
