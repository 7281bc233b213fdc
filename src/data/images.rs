//! Labelled images of one shape, in memory.

use crate::blueprint::ImageShape;

/// Labelled images of one shape: u8, channel by channel, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Shape of each image.
    pub shape: ImageShape,
    /// Pixels, `[count, channels, height, width]`.
    pub pixels: Vec<u8>,
    /// True labels, `[count]`.
    pub labels: Vec<u16>,
}

impl Images {
    /// Takes the images out, leaving only the labels. Pixels are stored once, because there may be gigabytes.
    #[must_use]
    pub fn hand_over(&mut self) -> Self {
        Self { shape: self.shape, pixels: std::mem::take(&mut self.pixels), labels: self.labels.clone() }
    }

    /// Number of images.
    pub fn count(&self) -> usize {
        self.labels.len()
    }
}
