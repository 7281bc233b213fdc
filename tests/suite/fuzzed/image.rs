//! An image file from anywhere: the pixels that were asked for, or a cause in words.

use freezewise::data::foreign;
use freezewise::spec::Fit;

/// What holds for any bytes.
pub fn hold(bytes: &[u8]) {
    for (fit, [height, width]) in [(Fit::Crop, [8, 8]), (Fit::Squeeze, [5, 3])] {
        match foreign::picture(bytes, [height, width], fit) {
            Ok(pixels) => assert_eq!(pixels.len(), 3 * height * width),
            Err(cause) => assert!(!cause.is_empty()),
        }
    }
}
