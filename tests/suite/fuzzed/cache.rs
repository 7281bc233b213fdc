//! An untrusted cache of decoded images is no data set, an error, or images with classes. The bytes are read as they
//! are, and with a corrected checksum of the header.

use freezewise::data::foreign;
use sha2::{Digest, Sha256};

/// The header cannot start before this byte.
const START: usize = 16;

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    read(bytes);
    // The header starts at the first brace.
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
