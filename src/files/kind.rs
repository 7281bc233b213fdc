//! File types by magic bytes, so that an error can say what a file is.

/// The type of a file that starts with these bytes, as a noun phrase with an article; `None` if unknown. A few bytes
/// are enough to try.
pub fn kind_by_start(start: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 18] = [
        (b"PK\x03\x04", "a zip archive, like PyTorch `.pth` and NumPy `.npz` files"),
        (b"\x80\x02", "a Python pickle, like older PyTorch `.pth` files"),
        (b"\x80\x03", "a Python pickle"),
        (b"\x80\x04", "a Python pickle"),
        (b"\x80\x05", "a Python pickle"),
        (b"\x89HDF", "an HDF5 file"),
        (b"\x93NUMPY", "an `.npy` array"),
        (b"MATLAB 5", "a MATLAB file"),
        (b"\x1f\x8b", "a gzip file"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ", "an xz file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"7z\xbc\xaf", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"version ", "a Git LFS pointer, not the file itself: run `git lfs pull`"),
        (b"<!DOCTYP", "a web page"),
        (b"<!doctyp", "a web page"),
        (b"<html", "a web page"),
    ];
    STARTS.iter().find(|(begins, _)| start.starts_with(begins)).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_start() {
        let is = |start: &[u8]| kind_by_start(start).unwrap_or("unknown");
        assert!(is(b"PK\x03\x04\x14\0\0\0").starts_with("a zip archive"));
        assert!(is(b"version https://git-lfs.github.com/spec/v1").contains("git lfs pull"));
        assert_eq!((is(b"<!DOCTYPE html>"), is(b"\x80\x04\x95")), ("a web page", "a Python pickle"));
        // The length of a safetensors header, an IDX file, nothing.
        for unknown in [&b"\x40\0\0\0\0\0\0\0"[..], &[0, 0, 8, 3], b""] {
            assert_eq!(kind_by_start(unknown), None);
        }
    }
}
