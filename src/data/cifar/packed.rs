//! Reads the files of a packed archive.

use std::io::{Cursor, Error, Read};
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::Cifar;
use crate::catalogue::Checksum;
use crate::data::gunzip::Gunzip;
use crate::error::UserError;
use crate::files::kind_by_start;
use crate::text;

/// Allowed size of other files in an archive.
const BESIDES: u64 = 64 << 20;
/// Length of a header in a tar archive, and of the start that tells the kind of a file.
const BLOCK: usize = 512;

/// What is wrong with an archive. Some errors of `tar` quote the file.
fn in_words(error: &Error) -> String {
    let text = error.to_string();
    if text.starts_with("numeric field") { "a header has no valid number".to_owned() } else { text::shortened(&text) }
}

/// A file of the data set, in memory.
pub(super) struct BatchFile {
    pub(super) shown: String,
    pub(super) bytes: Vec<u8>,
}

/// The path to which tar unpacks a file, without a leading `/` or `./`; `None` if the name leads outside the target
/// folder.
fn inside(name: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => inside.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

/// Whether a tar archive starts so: with a header whose checksum is right, or with the zeros that end an archive.
fn is_tar(start: &[u8]) -> bool {
    if start.len() != BLOCK {
        return false;
    }
    // All bytes, where those of the checksum itself count as spaces.
    let bytes = start.iter().enumerate().map(|(at, &byte)| if (148..156).contains(&at) { 32 } else { u32::from(byte) });
    let sum: u32 = bytes.sum();
    sum == 8 * 32 || tar::Header::from_byte_slice(start).cksum().is_ok_and(|stored| stored == sum)
}

/// Whether an archive starts with a volume label (`tar -V`): a header without a file.
fn is_label(start: &[u8]) -> bool {
    start.get(156) == Some(&b'V')
}

impl Cifar<'_> {
    /// The files in a packed archive.
    pub(super) fn parts(&self, file: impl Read, shown: &str) -> Result<Vec<BatchFile>> {
        let broken = |error: Error| self.damaged(shown, &error);
        let unpacked = self.unpacked(file, shown)?;
        let mut archive = tar::Archive::new(unpacked);
        let mut parts: Vec<Option<BatchFile>> = self.wanted().map(|_| None).collect();
        let mut elsewhere = None;
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let named = entry.path().map_err(broken)?.into_owned();
            let Some(inside) = inside(&named) else {
                let message = format!(
                    "the archive `{shown}` contains `{}`, which leads outside the archive",
                    text::shortened(&named.to_string_lossy())
                );
                return Err(self.wrong(message).into());
            };
            let Some((position, (name, length))) =
                self.wanted().enumerate().find(|(_, (name, _))| inside.ends_with(name))
            else {
                continue;
            };
            let extensions = entry.pax_extensions().map_err(broken)?.into_iter().flatten().flatten();
            if extensions.into_iter().any(|extension| extension.key_bytes().starts_with(b"GNU.sparse.")) {
                let message = format!("the archive `{shown}` has sparse files, which are not read in pax format");
                return Err(self.wrong(message).hint("pack them without `-S`, or with `--format=gnu`").into());
            }
            let kind = entry.header().entry_type();
            let is_file = kind.is_file() || kind.is_gnu_sparse();
            if inside == Path::new(self.layout.folder).join(name) && is_file {
                let shown = format!("{shown}:{}/{name}", self.layout.folder);
                parts[position] = Some(self.part(entry, shown, length)?);
            } else {
                elsewhere.get_or_insert((inside, is_file));
            }
        }
        // The archive's checksum is at its very end, after all content.
        std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(broken)?;
        let or_missing = |(part, (name, _)): (Option<BatchFile>, (&str, usize))| {
            let message = || format!("the archive `{shown}` has no `{}/{name}`", self.layout.folder);
            let hint = elsewhere.as_ref().map(|(path, is_file)| {
                let path = text::shortened(&path.to_string_lossy());
                if *is_file {
                    format!("it has `{path}`: pack the folder itself")
                } else {
                    format!("`{path}` is a link in it")
                }
            });
            part.ok_or_else(|| self.wrong(message()).hints_of(hint.as_slice()).into())
        };
        parts.into_iter().zip(self.wanted()).map(or_missing).collect()
    }

    /// The tar archive, without a volume label. It has been decompressed as far as the data set is long: one that has more
    /// is rejected, however small its file is.
    fn unpacked(&self, file: impl Read, shown: &str) -> Result<impl Read> {
        let broken = |error: Error| self.damaged(shown, &error);
        let most = self.wanted().map(|(_, length)| length).sum::<usize>() as u64 + BESIDES;
        let mut unpacked = Gunzip::new(file).map_err(broken)?.take(most);
        let mut start = Vec::new();
        unpacked.by_ref().take(BLOCK as u64).read_to_end(&mut start).map_err(broken)?;
        if !is_tar(&start) {
            let kind = kind_by_start(&start).unwrap_or("a damaged one, or another kind of file");
            let error = self.wrong(format!("expected `{shown}` to be a tar archive, found {kind}"));
            return Err(error.hints_of(self.digits(shown).as_slice()).into());
        }
        if is_label(&start) {
            start.clear();
        }
        Ok(Cursor::new(start).chain(unpacked))
    }

    fn damaged(&self, shown: &str, error: &Error) -> UserError {
        let message = format!("the archive `{shown}` is damaged: {}", in_words(error));
        self.wrong(message).hints_of(self.digits(shown).as_slice())
    }

    /// A hint on the published checksum.
    fn digits(&self, shown: &str) -> Option<String> {
        let (program, digits) = match self.entry.files.first()?.checksum {
            Checksum::Md5(digits) => ("md5sum", digits),
            Checksum::Sha256(digits) => ("sha256sum", digits),
        };
        Some(format!("`{program} {shown}` must print {digits}"))
    }

    /// Reads a file of known length, and never more, whatever the file claims.
    fn part(&self, mut file: impl Read, shown: String, length: usize) -> Result<BatchFile> {
        let mut bytes = Vec::with_capacity(length + 1);
        let read = file.by_ref().take(length as u64 + 1).read_to_end(&mut bytes);
        if let Err(error) = read {
            return Err(self.wrong(format!("cannot read `{shown}`: {}", in_words(&error))).into());
        }
        if bytes.len() == length {
            return Ok(BatchFile { shown, bytes });
        }
        let found = if bytes.len() > length { "more".to_owned() } else { text::grouped(bytes.len() as u64) };
        Err(self.other_length(&shown, length, &found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archive_names_are_read_as_by_tar() {
        for name in ["set/a.bin", "./set/a.bin", "/set/a.bin", ".//set/./a.bin"] {
            assert_eq!(inside(Path::new(name)), Some(PathBuf::from("set/a.bin")), "{name}");
        }
        for name in ["../set/a.bin", "set/../../a.bin", "./.."] {
            assert_eq!(inside(Path::new(name)), None, "{name}");
        }
    }
}
