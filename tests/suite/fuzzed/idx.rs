//! An IDX file from anywhere: the array that it should hold, or a cause in words.

use flate2::read::GzDecoder;
use freezewise::data::foreign;

/// A shape of images, and one of labels.
const SIZES: [&[usize]; 2] = [&[2, 3, 3], &[4]];

/// What holds for any bytes, as they are and unpacked.
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
