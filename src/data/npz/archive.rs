//! Opens the archive, and says what another file is.

use std::io::{Read, Seek};

use zip::{CompressionMethod, ZipArchive};

use crate::data::gunzip::Gunzip;
use crate::error::UserError;
use crate::files::kind_by_start;

/// Bytes that tell the kind of another file.
const START: u64 = 520;
/// What to save instead of another kind of file.
pub(super) const SAVE: &str = "save the arrays with `numpy.savez_compressed`";
/// Compressions of other programs.
const METHODS: [(CompressionMethod, &str); 7] = [
    (CompressionMethod::DEFLATE64, "Deflate64"),
    (CompressionMethod::BZIP2, "bzip2"),
    (CompressionMethod::LZMA, "LZMA"),
    (CompressionMethod::ZSTD, "Zstandard"),
    (CompressionMethod::XZ, "xz"),
    (CompressionMethod::PPMD, "PPMd"),
    (CompressionMethod::IMPLODE, "Implode"),
];

/// Opens the archive; for another kind of file, the error names the kind if known.
pub(super) fn opened<R: Read + Seek>(mut file: R) -> Result<ZipArchive<R>, UserError> {
    let mut start = Vec::new();
    file.by_ref().take(START).read_to_end(&mut start).map_err(|error| error.to_string())?;
    let kind = kind_of(&mut file, &start);
    ZipArchive::new(file).map_err(|_| match kind {
        Some(kind) => UserError::new(format!("expected an `.npz` file, found {kind}")).hint(SAVE),
        None => UserError::new("it is truncated, or not an `.npz` file"),
    })
}

/// The kind of a file that starts so and is no zip archive, if known; for a gzip file, with the kind of what is in it.
fn kind_of<R: Read + Seek>(file: &mut R, start: &[u8]) -> Option<String> {
    let kind = match start {
        [] => "an empty file",
        _ => kind_by_start(start).filter(|_| !start.starts_with(b"PK"))?,
    };
    let mut inside = Vec::new();
    if kind == "a gzip file" && file.rewind().is_ok() {
        // What cannot be unpacked is of no known kind.
        let _ = Gunzip::new(file).and_then(|unpacked| unpacked.take(START).read_to_end(&mut inside));
    }
    Some(kind_by_start(&inside).map_or(kind.to_owned(), |inner| format!("{kind} with {inner} in it")))
}

/// An array of the archive.
pub(super) fn entry<'a, R: Read + Seek>(
    archive: &'a mut ZipArchive<R>,
    name: &str,
) -> Result<impl Read + use<'a, R>, UserError> {
    let file = format!("{name}.npy");
    if let Some(index) = archive.index_for_name(&file) {
        let raw = archive.by_index_raw(index).map_err(|error| format!("`{name}`: {error}"))?;
        let (method, plain) = (raw.compression(), [CompressionMethod::STORE, CompressionMethod::DEFLATE]);
        let other = METHODS.iter().find(|(other, _)| *other == method).map_or("an unknown method", |(_, words)| words);
        if raw.encrypted() {
            return Err(UserError::new(format!("`{name}` is encrypted")).hint("save it without a password"));
        }
        if !plain.contains(&method) {
            return Err(UserError::new(format!("`{name}` is compressed by {other}, which is not supported")).hint(SAVE));
        }
    }
    archive.by_name(&file).map_err(|error| format!("`{name}`: {error}").into())
}
