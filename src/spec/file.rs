//! Reads the text of a spec file.

use std::io::Read;
use std::path::Path;

use anyhow::Result;

use crate::error::UserError;

/// In bytes. No spec written by hand is near this size.
const LARGEST: u64 = 256 * 1024;

/// Reads a spec file. Fails for anything but a regular, small UTF-8 file.
pub(super) fn read(path: &Path) -> Result<String> {
    let text = || -> Result<String> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(UserError::usage("it is not a regular file").into());
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| UserError::usage("it is not UTF-8 text"))?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        if text.len() as u64 > LARGEST {
            return Err(UserError::usage(format!("it is larger than {} kB: not a spec", LARGEST / 1024)).into());
        }
        Ok(text)
    };
    text().map_err(|error| {
        let error = UserError::usage(format!("cannot read the spec `{}`: {error:#}", path.display()));
        let near = ["toml", "json"].map(|ending| path.with_extension(ending)).into_iter().find(|near| near.is_file());
        let near = near.filter(|near| near != path).map(|near| format!("did you mean `{}`?", near.display()));
        error.hints_of(near.as_slice()).into()
    })
}
