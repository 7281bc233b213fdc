//! The keys of `[network]`: the sizes of all families. A family takes those that it has in its definition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ArchitectureName, Pooling, Stem};

/// The network. Sizes default to those of the architecture's definition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NetworkTable {
    /// Network family and depth.
    pub architecture: ArchitectureName,
    /// Width of the network: for a ResNet, channels of the first stage (later stages have two, four and eight times as
    /// many); for a vision transformer, the embedding dimension.
    #[schemars(
        range(min = 1, max = 4096),
        extend("x-unit" = "channels", "x-default" = "64; `vit-b16` 768, `vit-cifar` 512")
    )]
    pub width: Option<u64>,
    /// First layers of torchvision's ResNet and DenseNet: `cifar` is a 3×3 convolution of stride 1, for small images;
    /// `imagenet` is torchvision's 7×7 convolution of stride 2 with max-pooling.
    #[schemars(extend("x-default" = "`cifar`"))]
    pub stem: Option<Stem>,
    /// DenseNet: number of dense layers in each block.
    #[schemars(extend("x-unit" = "layers", "x-default" = "`[6, 12, 24, 16]`"))]
    pub blocks: Option<Vec<u64>>,
    /// DenseNet: growth rate, the channels that each dense layer adds; the stem has twice as many.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "channels", "x-default" = "32"))]
    pub growth: Option<u64>,
    /// DenseNet: compression, the fraction of channels that a transition keeps.
    #[schemars(range(min = 0.01, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0.5"))]
    pub compression: Option<f64>,
    /// Vision transformers: patch size, which must divide the image size.
    #[schemars(
        range(min = 1, max = 1024),
        extend("x-unit" = "pixels", "x-default" = "`vit-b16` 16, `vit-cifar` 4")
    )]
    pub patch: Option<u64>,
    /// Vision transformers: number of encoder blocks.
    #[schemars(range(min = 1, max = 256), extend("x-unit" = "blocks", "x-default" = "`vit-b16` 12, `vit-cifar` 6"))]
    pub depth: Option<u64>,
    /// Vision transformers: number of attention heads, which must divide the width.
    #[schemars(range(min = 1, max = 256), extend("x-unit" = "heads", "x-default" = "`vit-b16` 12, `vit-cifar` 8"))]
    pub heads: Option<u64>,
    /// Vision transformers: hidden dimension of each MLP.
    #[schemars(
        range(min = 1, max = 65_536),
        extend("x-unit" = "channels", "x-default" = "`vit-b16` 3072, `vit-cifar` 512")
    )]
    pub mlp_width: Option<u64>,
    /// Vision transformers: dropout probability after the embedding, each attention and each linear layer of an MLP.
    /// Frozen layers have no dropout.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0"))]
    pub dropout: Option<f64>,
    /// Vision transformers: classify a learned `class-token`, or the `mean` of all tokens.
    #[schemars(extend("x-default" = "`class-token`"))]
    pub pooling: Option<Pooling>,
}

/// What is done with every size; a field that is missing here does not compile.
macro_rules! sizes {
    ($($key:ident),*) => {
        impl NetworkTable {
            /// Fills in the sizes that its architecture has; the others stay absent.
            pub fn fill(&mut self) {
                let Self { architecture: _, $($key),* } = self.architecture.sizes();
                $(self.$key = self.$key.take().or($key);)*
            }

            /// The sizes that are given, by their keys.
            pub fn given(&self) -> impl Iterator<Item = &'static str> {
                let Self { architecture: _, $($key),* } = self;
                [$((stringify!($key), $key.is_some())),*].into_iter().filter(|(_, given)| *given).map(|(key, _)| key)
            }
        }
    };
}

sizes!(width, stem, blocks, growth, compression, patch, depth, heads, mlp_width, dropout, pooling);

/// A size of a filled table.
pub(super) fn size(key: Option<u64>) -> usize {
    key.unwrap_or(1) as usize
}
