//! The keys of `[network]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blueprint::{Pooling, Stem};

/// The network. Sizes default to those of the architecture's definition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::spec) struct Network {
    /// Network family and depth.
    pub(in crate::spec) architecture: Architecture,
    /// Width of the network: for a ResNet, channels of the first stage (later stages have two, four and eight times as
    /// many); for a vision transformer, the embedding dimension.
    #[schemars(
        range(min = 1, max = 4096),
        extend("x-unit" = "channels", "x-default" = "64; `vit-b16` 768, `vit-cifar` 512")
    )]
    pub(in crate::spec) width: Option<u64>,
    /// First layers of torchvision's ResNet and DenseNet: `cifar` is a 3×3 convolution of stride 1, for small images;
    /// `imagenet` is torchvision's 7×7 convolution of stride 2 with max-pooling.
    #[schemars(extend("x-default" = "`cifar`"))]
    pub(in crate::spec) stem: Option<Stem>,
    /// DenseNet: number of dense layers in each block.
    #[schemars(extend("x-unit" = "layers", "x-default" = "`[6, 12, 24, 16]`"))]
    pub(in crate::spec) blocks: Option<Vec<u64>>,
    /// DenseNet: growth rate, the channels that each dense layer adds; the stem has twice as many.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "channels", "x-default" = "32"))]
    pub(in crate::spec) growth: Option<u64>,
    /// DenseNet: compression, the fraction of channels that a transition keeps.
    #[schemars(range(min = 0.01, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0.5"))]
    pub(in crate::spec) compression: Option<f64>,
    /// Vision transformers: patch size, which must divide the image size.
    #[schemars(
        range(min = 1, max = 1024),
        extend("x-unit" = "pixels", "x-default" = "`vit-b16` 16, `vit-cifar` 4")
    )]
    pub(in crate::spec) patch: Option<u64>,
    /// Vision transformers: number of encoder blocks.
    #[schemars(range(min = 1, max = 256), extend("x-unit" = "blocks", "x-default" = "`vit-b16` 12, `vit-cifar` 6"))]
    pub(in crate::spec) depth: Option<u64>,
    /// Vision transformers: number of attention heads, which must divide the width.
    #[schemars(range(min = 1, max = 256), extend("x-unit" = "heads", "x-default" = "`vit-b16` 12, `vit-cifar` 8"))]
    pub(in crate::spec) heads: Option<u64>,
    /// Vision transformers: hidden dimension of each MLP.
    #[schemars(
        range(min = 1, max = 65_536),
        extend("x-unit" = "channels", "x-default" = "`vit-b16` 3072, `vit-cifar` 512")
    )]
    pub(in crate::spec) mlp_width: Option<u64>,
    /// Vision transformers: dropout probability after the embedding, each attention and each linear layer of an MLP.
    /// Frozen layers have no dropout.
    #[schemars(range(min = 0.0, max = 1.0), extend("x-unit" = "fraction", "x-default" = "0"))]
    pub(in crate::spec) dropout: Option<f64>,
    /// Vision transformers: classify a learned `class-token`, or the `mean` of all tokens.
    #[schemars(extend("x-default" = "`class-token`"))]
    pub(in crate::spec) pooling: Option<Pooling>,
}

/// Network family and depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::spec) enum Architecture {
    /// Pre-activation ResNet-18 for small images.
    #[default]
    #[serde(rename = "preact-resnet18")]
    PreactResnet18,
    /// torchvision's ResNet-18.
    Resnet18,
    /// torchvision's ResNet-34.
    Resnet34,
    /// torchvision's ResNet-50.
    Resnet50,
    /// torchvision's DenseNet-121, or a `DenseNet` of other sizes.
    Densenet121,
    /// torchvision's ViT-B/16.
    #[serde(rename = "vit-b16")]
    VitB16,
    /// A vision transformer for small images.
    VitCifar,
}
