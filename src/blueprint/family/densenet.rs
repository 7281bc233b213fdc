//! DenseNet-BC as torchvision defines it (`torchvision/models/densenet.py`), after Huang et al., "Densely Connected
//! Convolutional Networks" (arXiv 1608.06993).
//!
//! A dense layer is norm, ReLU, 1×1 convolution to 4 × growth channels, norm, ReLU, 3×3 convolution to growth channels;
//! its output is concatenated to its input. The stem has 2 × growth channels. Norms precede their convolutions, except
//! in the stem. Tensors have torchvision's names: `features.conv0`, `features.norm0`,
//! `features.denseblock1.denselayer1.norm1`, …, `features.transition1.conv`, …, `features.norm5`, `classifier`. The
//! last norm is named `norm5` for any number of blocks.

use super::table::{NetworkTable, size};
use super::{AxisLength, Family, FamilyMark, QuickSize, Stem};
use crate::blueprint::operation::{Operation, Window};
use crate::blueprint::plan::{Block, FamilyLayers, ShapeError};
use crate::blueprint::slot::Initial;
use crate::catalogue::ImageShape;

/// Channels between the two convolutions of a dense layer, in units of the growth.
const BOTTLENECK: usize = 4;
/// Nobody trains networks of thousands of dense layers, and their layer list would fill memory.
const MOST_LAYERS: usize = 1000;

/// A DenseNet.
#[derive(Clone, Debug, PartialEq)]
pub struct Densenet {
    /// Number of dense layers in each block.
    pub blocks: Vec<usize>,
    /// Growth rate: channels that each dense layer adds.
    pub growth: usize,
    /// Fraction of channels that a transition keeps.
    pub compression: f64,
    /// The layers before the first block.
    pub stem: Stem,
}

impl Family for Densenet {
    fn layers(&self, input: ImageShape, classes: usize) -> Result<FamilyLayers, ShapeError> {
        self.check_blocks()?;
        let mut channels = 2 * self.growth;
        let mut blocks = vec![self.stem(input, channels)];
        let count = self.blocks.len();
        for (block, &layers) in self.blocks.iter().enumerate() {
            let number = block + 1;
            for layer in 1..=layers {
                blocks.push(self.dense_layer(&format!("features.denseblock{number}.denselayer{layer}"), channels));
                channels += self.growth;
            }
            if number < count {
                let kept = (channels as f64 * self.compression).floor() as usize;
                if kept == 0 {
                    return Err(ShapeError {
                        key: "network.compression",
                        message: format!(
                            "`compression = {}` keeps none of {channels} channels after block {number}",
                            self.compression
                        ),
                        hint: "increase it, or `network.growth`".into(),
                    });
                }
                blocks.push(transition(&format!("features.transition{number}"), channels, kept));
                channels = kept;
            }
        }
        blocks
            .push(Block::whole("features.norm5", vec![batch_norm("features.norm5".into(), channels), Operation::Relu]));
        let linear = Operation::Linear {
            path: "classifier".into(),
            inputs: channels,
            outputs: classes,
            weight: Initial::of_fan_in(channels),
            bias: Initial::Zeros,
        };
        Ok(FamilyLayers { blocks, head: vec![Operation::AveragePool, linear] })
    }

    fn unrecorded(&self) -> String {
        self.stem.unrecorded().to_owned()
    }

    fn first_tensor(&self) -> &'static str {
        "features.conv0.weight"
    }

    fn marks(&self) -> Vec<FamilyMark> {
        vec![FamilyMark { first: "conv0.weight", others: "denseblock1.", inside: "features." }]
    }

    /// Old files have names from before module names could not contain a dot: `denselayer1.norm.1.weight`.
    fn renamed(&self, parts: &[&str]) -> Option<String> {
        match parts {
            ["last_linear", kind] => Some(format!("classifier.{kind}")),
            ["features", block, layer, part @ ("norm" | "conv"), number @ ("1" | "2"), kind] => {
                Some(format!("features.{block}.{layer}.{part}{number}.{kind}"))
            }
            _ => None,
        }
    }

    fn quick_sizes(&self) -> &'static [QuickSize] {
        &[
            ("blocks", "[3, 6, 6, 4]", "dense layers in each block; published: [6, 12, 24, 16]"),
            ("growth", "12", "channels that each dense layer adds; published: 32"),
        ]
    }

    fn too_small(&self) -> (&'static str, &'static str) {
        let blocks = ("network.blocks", "use larger images, or fewer blocks in `network.blocks`");
        self.stem.too_small().unwrap_or(blocks)
    }

    /// One block has no transition.
    fn idle_keys(&self) -> &'static [&'static str] {
        if self.blocks.len() == 1 { &["network.compression"] } else { &[] }
    }

    fn adapt(&mut self, length: AxisLength<'_>) {
        self.stem = length(self.first_tensor(), 3).and_then(Stem::of_side).unwrap_or(self.stem);
    }
}

impl Densenet {
    pub(super) fn sizes() -> NetworkTable {
        NetworkTable {
            stem: Some(Stem::Cifar),
            blocks: Some(vec![6, 12, 24, 16]),
            growth: Some(32),
            compression: Some(0.5),
            ..NetworkTable::default()
        }
    }

    pub(super) fn at(sizes: &NetworkTable) -> Self {
        Self {
            blocks: sizes.blocks.iter().flatten().map(|&layers| layers as usize).collect(),
            growth: size(sizes.growth),
            compression: sizes.compression.unwrap_or(1.0),
            stem: sizes.stem.unwrap_or(Stem::Cifar),
        }
    }

    fn check_blocks(&self) -> Result<(), ShapeError> {
        let blocks = &self.blocks;
        let wrong = |message: String, hint: &str| ShapeError { key: "network.blocks", message, hint: hint.into() };
        if blocks.is_empty() || blocks.contains(&0) {
            let message = format!("`blocks = {blocks:?}` has a block without layers");
            let hint = "each number is the number of dense layers in a block, such as `[6, 12, 24, 16]`";
            return Err(wrong(message, hint));
        }
        let all = blocks.iter().fold(0usize, |all, &layers| all.saturating_add(layers));
        if all > MOST_LAYERS {
            let message =
                format!("`blocks = {blocks:?}` has {all} dense layers in total, at most {MOST_LAYERS} are allowed");
            return Err(wrong(message, "each number is the number of dense layers in a block"));
        }
        Ok(())
    }

    fn stem(&self, input: ImageShape, channels: usize) -> Block {
        let mut operations = vec![
            convolution("features.conv0".into(), input.channels, channels, self.stem.window()),
            batch_norm("features.norm0".into(), channels),
            Operation::Relu,
        ];
        operations.extend(self.stem.pool());
        Block::whole("stem", operations)
    }

    fn dense_layer(&self, name: &str, inputs: usize) -> Block {
        let middle = BOTTLENECK * self.growth;
        let entry = vec![
            Operation::SaveSkip,
            batch_norm(format!("{name}.norm1"), inputs),
            Operation::Relu,
            convolution(format!("{name}.conv1"), inputs, middle, Window::centred(1, 1)),
        ];
        let rest = vec![
            batch_norm(format!("{name}.norm2"), middle),
            Operation::Relu,
            convolution(format!("{name}.conv2"), middle, self.growth, Window::centred(3, 1)),
            Operation::ConcatenateSkip,
        ];
        Block::parts(name, [("conv1", entry), ("conv2", rest)])
    }
}

fn transition(name: &str, inputs: usize, outputs: usize) -> Block {
    let operations = vec![
        batch_norm(format!("{name}.norm"), inputs),
        Operation::Relu,
        convolution(format!("{name}.conv"), inputs, outputs, Window::centred(1, 1)),
        Operation::AverageWindows(Window::tiles(2)),
    ];
    Block::whole(name, operations)
}

fn convolution(path: String, inputs: usize, outputs: usize, window: Window) -> Operation {
    let weight = Initial::kaiming(inputs * window.kernel * window.kernel);
    Operation::Convolution { path, inputs, outputs, window, weight, bias: None }
}

fn batch_norm(path: String, channels: usize) -> Operation {
    Operation::BatchNorm { path, channels }
}
