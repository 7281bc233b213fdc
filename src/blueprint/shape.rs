//! The shapes that flow through a network, for one image.

use std::fmt;

use crate::catalogue::ImageShape;

/// The shape between two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A feature map.
    Image(ImageShape),
    /// Tokens of a transformer.
    Tokens {
        /// How many.
        count: usize,
        /// Numbers in each.
        width: usize,
    },
    /// A vector.
    Features(usize),
}

impl Shape {
    /// How many numbers it holds.
    pub fn elements(self) -> usize {
        match self {
            Self::Image(image) => image.elements(),
            Self::Tokens { count, width } => count * width,
            Self::Features(count) => count,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Tokens { count, width } => write!(f, "{count} tokens × {width}"),
            Self::Features(count) => write!(f, "{count}"),
        }
    }
}
