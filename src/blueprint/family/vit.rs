//! The vision transformer as torchvision defines it (`torchvision/models/vision_transformer.py`), after Dosovitskiy
//! et al., "An Image is Worth 16x16 Words" (arXiv 2010.11929).
//!
//! Norms precede attention and MLP. With a class token, its last value is classified; with mean pooling, the mean of
//! all tokens. Tensors have torchvision's names (`conv_proj`, `class_token`, `encoder.pos_embedding`,
//! `encoder.layers.encoder_layer_0.ln_1`, `….self_attention.in_proj_weight`, `….mlp.0`, …, `encoder.ln`, `heads.head`)
//! and torchvision's initialisation, including a zero head.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{NetworkTable, size};
use super::{AxisLength, Family, FamilyMark, QuickSize};
use crate::blueprint::operation::{Operation, Window};
use crate::blueprint::plan::{Block, FamilyLayers, ShapeError};
use crate::blueprint::slot::Initial;
use crate::catalogue::ImageShape;

/// A vision transformer.
#[derive(Clone, Debug, PartialEq)]
pub struct Vit {
    /// Patch size, in pixels.
    pub patch: usize,
    /// Embedding dimension.
    pub width: usize,
    /// Number of encoder blocks.
    pub depth: usize,
    /// Number of attention heads.
    pub heads: usize,
    /// Hidden dimension of each MLP.
    pub mlp_width: usize,
    /// Dropout probability after the embedding, each attention and each linear layer of an MLP.
    pub dropout: f64,
    /// What is classified.
    pub pooling: Pooling,
}

/// Which token goes to the classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// A learned class token before the patches.
    ClassToken,
    /// The mean of the patch tokens.
    Mean,
}

impl Family for Vit {
    fn layers(&self, input: ImageShape, classes: usize) -> Result<FamilyLayers, ShapeError> {
        self.check(input)?;
        let encoder = (0..self.depth).map(|index| self.encoder_block(&format!("encoder.layers.encoder_layer_{index}")));
        let mut blocks = vec![self.embedding(input)];
        blocks.extend(encoder);
        blocks.push(Block::whole("encoder.ln", vec![self.norm("encoder.ln".into())]));
        let pooled = match self.pooling {
            Pooling::ClassToken => Operation::FirstToken,
            Pooling::Mean => Operation::MeanToken,
        };
        let linear = Operation::Linear {
            path: "heads.head".into(),
            inputs: self.width,
            outputs: classes,
            weight: Initial::Zeros,
            bias: Initial::Zeros,
        };
        Ok(FamilyLayers { blocks, head: vec![pooled, linear] })
    }

    fn unrecorded(&self) -> String {
        let pooling = match self.pooling {
            Pooling::ClassToken => "the class token classified",
            Pooling::Mean => "the mean of the patch tokens classified",
        };
        format!("{} attention heads (`--set network.heads=N` changes it), {pooling}, GELU, square images", self.heads)
    }

    fn first_tensor(&self) -> &'static str {
        "conv_proj.weight"
    }

    fn marks(&self) -> Vec<FamilyMark> {
        let mark = |first, others| FamilyMark { first, others, inside: "" };
        vec![mark("conv_proj.weight", "encoder."), mark("patch_embed.proj.weight", "blocks.")]
    }

    fn renamed(&self, parts: &[&str]) -> Option<String> {
        renamed(parts)
    }

    fn quick_sizes(&self) -> &'static [QuickSize] {
        &[
            ("patch", "4", "pixels on a side"),
            ("width", "64", "embedding dimension"),
            ("depth", "4", "encoder blocks"),
            ("heads", "4", "attention heads"),
            ("mlp_width", "128", "hidden dimension of each MLP"),
        ]
    }

    fn may_drop(&self) -> bool {
        true
    }

    /// There is a position embedding for each token.
    fn image_side(&self, length: AxisLength<'_>) -> Option<usize> {
        let tokens = length("encoder.pos_embedding", 1)?;
        let patches = tokens - usize::from(self.pooling == Pooling::ClassToken);
        let side = patches.isqrt();
        (side > 0 && side * side == patches).then_some(side * self.patch)
    }
}

/// Names of timm, and those that torchvision's MLPs had before.
fn renamed(parts: &[&str]) -> Option<String> {
    if let ["encoder", "layers", block, "mlp", linear @ ("linear_1" | "linear_2"), kind] = parts {
        let place = if *linear == "linear_1" { 0 } else { 3 };
        return Some(format!("encoder.layers.{block}.mlp.{place}.{kind}"));
    }
    Some(match parts {
        ["cls_token"] => "class_token".to_owned(),
        ["pos_embed"] => "encoder.pos_embedding".to_owned(),
        ["patch_embed", "proj", kind] => format!("conv_proj.{kind}"),
        ["norm", kind] => format!("encoder.ln.{kind}"),
        ["head", kind] => format!("heads.head.{kind}"),
        ["blocks", block, rest @ ..] => {
            let own = match rest {
                ["norm1", kind] => format!("ln_1.{kind}"),
                ["norm2", kind] => format!("ln_2.{kind}"),
                ["attn", "qkv", kind] => format!("self_attention.in_proj_{kind}"),
                ["attn", "proj", kind] => format!("self_attention.out_proj.{kind}"),
                ["mlp", "fc1", kind] => format!("mlp.0.{kind}"),
                ["mlp", "fc2", kind] => format!("mlp.3.{kind}"),
                _ => return None,
            };
            format!("encoder.layers.encoder_layer_{block}.{own}")
        }
        _ => return None,
    })
}

impl Vit {
    /// Those of a definition: patch, width, depth, heads and width of the MLP.
    pub(super) fn sizes([patch, width, depth, heads, mlp_width]: [u64; 5]) -> NetworkTable {
        NetworkTable {
            patch: Some(patch),
            width: Some(width),
            depth: Some(depth),
            heads: Some(heads),
            mlp_width: Some(mlp_width),
            dropout: Some(0.0),
            pooling: Some(Pooling::ClassToken),
            ..NetworkTable::default()
        }
    }

    pub(super) fn at(sizes: &NetworkTable) -> Self {
        Self {
            patch: size(sizes.patch),
            width: size(sizes.width),
            depth: size(sizes.depth),
            heads: size(sizes.heads),
            mlp_width: size(sizes.mlp_width),
            dropout: sizes.dropout.unwrap_or_default(),
            pooling: sizes.pooling.unwrap_or(Pooling::ClassToken),
        }
    }

    fn check(&self, input: ImageShape) -> Result<(), ShapeError> {
        if [input.height, input.width].iter().any(|side| !side.is_multiple_of(self.patch)) {
            return Err(ShapeError {
                key: "network.patch",
                message: format!(
                    "`patch = {}` does not divide the images, which are {}×{}",
                    self.patch, input.height, input.width
                ),
                hint: "change `network.patch` or `image_size`, so that the patch size divides the image size".into(),
            });
        }
        if !self.width.is_multiple_of(self.heads) {
            return Err(ShapeError {
                key: "network.heads",
                message: format!("`heads = {}` does not divide `width = {}`", self.heads, self.width),
                hint: "the width is shared evenly among heads: change `network.heads` or `network.width`".into(),
            });
        }
        Ok(())
    }

    fn embedding(&self, input: ImageShape) -> Block {
        let (patch, width) = (self.patch, self.width);
        let fan_in = input.channels * patch * patch;
        let mut operations = vec![
            Operation::Convolution {
                path: "conv_proj".into(),
                inputs: input.channels,
                outputs: width,
                window: Window::tiles(patch),
                // `trunc_normal_` truncates at ±2 by default, whatever the standard deviation.
                weight: Initial::TruncatedNormal { deviation: 1.0 / (fan_in as f64).sqrt(), limit: 2.0 },
                bias: Some(Initial::Zeros),
            },
            Operation::Tokens,
        ];
        let mut tokens = (input.height / patch) * (input.width / patch);
        if self.pooling == Pooling::ClassToken {
            operations.push(Operation::ClassToken { path: "class_token".into(), width });
            tokens += 1;
        }
        operations.push(Operation::Positions { path: "encoder.pos_embedding".into(), tokens, width });
        operations.extend(self.dropout());
        Block::whole("embedding", operations)
    }

    fn encoder_block(&self, name: &str) -> Block {
        let attention =
            Operation::Attention { path: format!("{name}.self_attention"), width: self.width, heads: self.heads };
        let mut first = vec![Operation::SaveSkip, self.norm(format!("{name}.ln_1")), attention];
        first.extend(self.dropout());
        first.push(Operation::AddSkip);
        let mut second = vec![
            Operation::SaveSkip,
            self.norm(format!("{name}.ln_2")),
            mlp(format!("{name}.mlp.0"), self.width, self.mlp_width),
            Operation::Gelu,
        ];
        second.extend(self.dropout());
        second.push(mlp(format!("{name}.mlp.3"), self.mlp_width, self.width));
        second.extend(self.dropout());
        second.push(Operation::AddSkip);
        Block::parts(name, [("self_attention", first), ("mlp", second)])
    }

    fn norm(&self, path: String) -> Operation {
        Operation::LayerNorm { path, width: self.width }
    }

    fn dropout(&self) -> Option<Operation> {
        (self.dropout > 0.0).then_some(Operation::Dropout { share: self.dropout })
    }
}

fn mlp(path: String, inputs: usize, outputs: usize) -> Operation {
    let weight = Initial::xavier(inputs, outputs);
    Operation::Linear { path, inputs, outputs, weight, bias: Initial::Normal { deviation: 1e-6 } }
}
