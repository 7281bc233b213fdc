//! File types by magic bytes, so that an error can say what a file is.

/// The type of a file that starts with these bytes, as a noun phrase with an article; `None` if unknown. A few bytes
/// are enough to try; a tar archive and MATLAB 7.3 show in the first 520 only.
pub fn kind_by_start(start: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 38] = [
        (b"PK\x03\x04", "a zip archive, like PyTorch `.pth` and NumPy `.npz` files"),
        (b"\x80\x02", "a Python pickle, like older PyTorch `.pth` files"),
        (b"\x80\x03", "a Python pickle"),
        (b"\x80\x04", "a Python pickle"),
        (b"\x80\x05", "a Python pickle"),
        (b"\x89HDF", "an HDF5 file"),
        (b"\x93NUMPY", "an `.npy` array"),
        (b"MATLAB", "a MATLAB file"),
        (b"\x1f\x8b", "a gzip file"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ", "an xz file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"7z\xbc\xaf", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"LZIP", "an lzip file"),
        (b"\x04\x22\x4d\x18", "an lz4 file"),
        (b"\x5d\0\0", "an lzma file"),
        (b"\x1f\x9d", "a file of `compress`"),
        (b"\x89LZO", "an lzop file"),
        (b"x\x01", "a zlib stream"),
        (b"x\x5e", "a zlib stream"),
        (b"x\x9c", "a zlib stream"),
        (b"x\xda", "a zlib stream"),
        (b"070701", "a cpio archive"),
        (b"070702", "a cpio archive"),
        (b"070707", "a cpio archive"),
        (b"\xc7\x71", "a cpio archive"),
        (b"RDX2\n", "an R data file"),
        (b"RDX3\n", "an R data file"),
        (b"RDA2\n", "an R data file"),
        (b"RDA3\n", "an R data file"),
        // The formats of `saveRDS`, then the version.
        (b"X\n\0\0\0", "an R data file"),
        (b"A\n2\n", "an R data file"),
        (b"A\n3\n", "an R data file"),
        (b"version ", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
        (b"<!DOCTYP", "a web page"),
        (b"<!doctyp", "a web page"),
        (b"<html", "a web page"),
    ];
    let at = |from: usize, part: &[u8]| start.get(from..).is_some_and(|rest| rest.starts_with(part));
    let known = STARTS.iter().find(|(begins, _)| at(0, begins)).map(|(_, words)| *words);
    match known {
        // The signature of HDF5 comes after a block of text.
        None | Some("a MATLAB file") if at(512, b"\x89HDF") => Some("a MATLAB 7.3 file"),
        None if at(257, b"ustar") => Some("a tar archive"),
        // After the length of the header, which has at most 100 MB.
        None if at(5, b"\0\0\0{\"") => Some("a safetensors file"),
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_kinds_are_recognised_by_their_first_bytes() {
        let is = |start: &[u8]| kind_by_start(start).unwrap_or("unknown");
        assert!(is(b"PK\x03\x04\x14\0\0\0").starts_with("a zip archive"));
        assert!(is(b"version https://git-lfs.github.com/spec/v1").contains("git lfs pull"));
        assert_eq!((is(b"<!DOCTYPE html>"), is(b"\x80\x04\x95")), ("a web page", "a Python pickle"));
        let behind = |from: usize, part: &[u8]| [vec![b' '; from].as_slice(), part].concat();
        assert_eq!(is(&behind(257, b"ustar\x0000")), "a tar archive");
        assert_eq!(is(&[b"MATLAB 7.3 MAT-file", behind(493, b"\x89HDF\r\n").as_slice()].concat()), "a MATLAB 7.3 file");
        assert_eq!(is(b"\x40\0\0\0\0\0\0\0{\"a\""), "a safetensors file");
        // The length of a safetensors header, an IDX file, nothing.
        for unknown in [&b"\x40\0\0\0\0\0\0\0"[..], &[0, 0, 8, 3], b""] {
            assert_eq!(kind_by_start(unknown), None);
        }
    }
}
