//! An untrusted image file is an error or has the requested number of pixels.

use freezewise::data::foreign;
use freezewise::spec::Fit;

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    for (fit, [height, width]) in [(Fit::Crop, [8, 8]), (Fit::Squeeze, [5, 3])] {
        match foreign::picture(bytes, [height, width], fit) {
            Ok(pixels) => assert_eq!(pixels.len(), 3 * height * width),
            Err(cause) => assert!(!cause.is_empty()),
        }
    }
}
