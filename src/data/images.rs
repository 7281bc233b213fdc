//! Images of one shape with their labels, in memory.

use crate::blueprint::ImageShape;

/// Images of one shape with a label each: u8, colour by colour, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The shape of each image.
    pub shape: ImageShape,
    /// All pixels, `[count, channels, height, width]`.
    pub pixels: Vec<u8>,
    /// The true labels, `[count]`.
    pub labels: Vec<u16>,
}

impl Images {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }
}
