//! Choices of the `transfer` table; each is one type as written and as resolved.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Batch norm statistics of frozen layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrozenNorm {
    /// Running statistics of the source.
    Source,
    /// Statistics of the target's training images, computed once.
    Target,
    /// Statistics of each batch; running statistics keep moving.
    Batch,
}

/// Initial weights of layers that are not frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnfrozenInit {
    /// Transferred from the source.
    Source,
    /// Random.
    Random,
}

impl fmt::Display for FrozenNorm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::Batch => "batch",
        })
    }
}
