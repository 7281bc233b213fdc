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
    /// Hands them over, pixels and all; here their labels stay. Pixels are held once: there may be gigabytes.
    #[must_use]
    pub fn hand_over(&mut self) -> Self {
        Self { shape: self.shape, pixels: std::mem::take(&mut self.pixels), labels: self.labels.clone() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }
}
