//! A file of decoded images from anywhere: no data set, an error, or images with classes. The bytes are tried as the
//! whole file, and with the checksum of their header as it ought to be.

use freezewise::data::foreign;
use sha2::{Digest, Sha256};

/// Of the whole file.
const START: usize = 16;

/// What holds for any bytes.
pub fn hold(bytes: &[u8]) {
    read(bytes);
    // The header begins with the first brace.
    if let Some(start) = bytes.iter().position(|&byte| byte == b'{').filter(|&start| start >= START) {
        let (pixels, header) = bytes.split_at(start);
        let length = (header.len() as u64).to_le_bytes();
        read(&[pixels, header, &Sha256::digest(header), &length].concat());
    }
}

fn read(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("a file");
    match foreign::cache(file.path()) {
        Some(Ok((splits, classes))) => {
            for images in splits {
                assert_eq!(images.pixels.len(), images.count() * images.shape.elements());
                assert!(images.pixels.len() <= bytes.len());
                assert!(images.labels.iter().all(|&label| usize::from(label) < classes));
            }
        }
        Some(Err(error)) => assert!(!format!("{error:#}").is_empty()),
        None => {}
    }
}
