//! An untrusted IDX file is an error or an array of the expected shape.

use flate2::read::GzDecoder;
use freezewise::data::foreign;

/// Shapes of images and of labels.
const SIZES: [&[usize]; 2] = [&[2, 3, 3], &[4]];

/// Checks the properties for any bytes, as they are and unpacked.
pub fn hold(bytes: &[u8]) {
    for size in SIZES {
        for found in [foreign::idx(bytes, size), foreign::idx(GzDecoder::new(bytes), size)] {
            match found {
                Ok(array) => assert_eq!(array.len(), size.iter().product::<usize>()),
                Err(cause) => assert!(!cause.is_empty()),
            }
        }
    }
}
