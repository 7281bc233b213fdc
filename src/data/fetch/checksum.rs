//! Compares a file with its published checksum.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::catalogue::Checksum;
use crate::data::files::open_regular;
use crate::text;

/// Whether a file has the expected checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has.
    Same,
    /// It has not; its actual checksum, of the same kind.
    Other(String),
}

/// Computes a file's checksum and compares it.
pub fn compare(path: &Path, checksum: Checksum) -> Result<Verdict> {
    let digest = match checksum {
        Checksum::Md5(_) => digest::<Md5>(path),
        Checksum::Sha256(_) => digest::<Sha256>(path),
    };
    let found = digest.with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(if found == checksum.digits() { Verdict::Same } else { Verdict::Other(found) })
}

fn digest<D: Digest>(path: &Path) -> std::io::Result<String> {
    let mut file = open_regular(path)?;
    let (mut state, mut buffer) = (D::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => state.update(&buffer[..count]),
        }
    }
    Ok(text::hex(&state.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests of `abc` in RFC 1321 and FIPS 180-2.
    #[test]
    fn digests_match_the_standards() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc")?;
        let md5 = "900150983cd24fb0d6963f7d28e17f72";
        assert_eq!(compare(&path, Checksum::Md5(md5))?, Verdict::Same);
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(compare(&path, Checksum::Sha256(sha256))?, Verdict::Same);
        assert_eq!(compare(&path, Checksum::Md5("0"))?, Verdict::Other(md5.to_owned()));
        let error = compare(folder.path(), Checksum::Md5(md5)).expect_err("a folder has no checksum");
        assert!(format!("{error:#}").ends_with("it is not a regular file"), "{error:#}");
        Ok(())
    }
}
