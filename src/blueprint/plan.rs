//! What a family provides: its blocks from the input on, each in parts, and its head.

use super::operation::Operation;
use super::{Granularity, Layer};

/// A family at given sizes.
pub(crate) struct FamilyLayers {
    pub(super) blocks: Vec<Block>,
    pub(super) head: Vec<Operation>,
}

/// One block, in the parts that can be frozen separately.
pub(crate) struct Block {
    name: String,
    parts: Vec<Layer>,
}

/// Sizes that are inconsistent, and the key to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// Dotted key of the spec.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Block {
    /// A block of a single part, with the block's name.
    pub(super) fn whole(name: &str, operations: Vec<Operation>) -> Self {
        Self { name: name.to_owned(), parts: vec![Layer { name: name.to_owned(), operations }] }
    }

    /// A block of named parts.
    pub(super) fn parts<'a>(name: &str, parts: impl IntoIterator<Item = (&'a str, Vec<Operation>)>) -> Self {
        let part = |(part, operations)| Layer { name: format!("{name}.{part}"), operations };
        Self { name: name.to_owned(), parts: parts.into_iter().map(part).collect() }
    }

    /// Its freezable layers.
    pub(super) fn into_layers(self, granularity: Granularity) -> Vec<Layer> {
        match granularity {
            Granularity::Sublayer => self.parts,
            Granularity::Block => {
                let operations = self.parts.into_iter().flat_map(|part| part.operations).collect();
                vec![Layer { name: self.name, operations }]
            }
        }
    }
}
