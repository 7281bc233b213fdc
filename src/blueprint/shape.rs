//! The shapes that flow through a network, for one image.

use std::fmt;

use crate::catalogue::ImageShape;

/// The shape between two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A feature map.
    Image(ImageShape),
    /// A vector.
    Features(usize),
}

impl Shape {
    /// How many numbers it holds.
    pub fn elements(self) -> usize {
        match self {
            Self::Image(image) => image.elements(),
            Self::Features(count) => count,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Features(count) => write!(f, "{count}"),
        }
    }
}
