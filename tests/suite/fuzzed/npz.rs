//! An untrusted `.npz` file is an error or as many images as labels, all valid. The bytes are read as an archive, and
//! as the arrays in a valid one, because its checksums would reveal any damage before the arrays are read.

use std::io::{Cursor, Write};

use freezewise::data::foreign;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const NAMES: [&str; 4] = ["train_images", "train_labels", "test_images", "test_labels"];
/// Separates the arrays.
const SEPARATOR: &[u8] = b"----";

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    read(bytes);
    read(&archive(bytes));
}

fn read(bytes: &[u8]) {
    let mut images = Vec::new();
    match foreign::npz(Cursor::new(bytes), &mut |pixels| images.push(pixels.len())) {
        Ok(held) => {
            assert_eq!(images.len(), held.labels.iter().map(Vec::len).sum::<usize>());
            assert!(images.iter().all(|&length| length == held.shape.elements()));
            assert!(held.labels.iter().flatten().all(|&label| usize::from(label) < held.classes));
        }
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
}

/// An archive with the parts of the bytes as arrays.
fn archive(bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut rest = bytes;
    for name in NAMES {
        let end = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        let array = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or(&[], |end| &rest[end + SEPARATOR.len()..]);
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).expect("an entry");
        zip.write_all(array).expect("an entry");
    }
    zip.finish().expect("an archive").into_inner()
}
