//! Shapes of values in a network, for one image.

use std::fmt;

use crate::catalogue::ImageShape;

/// The shape of a value between two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A feature map.
    Image(ImageShape),
    /// Tokens of a transformer.
    Tokens {
        /// Number of tokens.
        count: usize,
        /// Embedding dimension.
        width: usize,
    },
    /// A vector.
    Features(usize),
}

impl Shape {
    /// Number of elements.
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
