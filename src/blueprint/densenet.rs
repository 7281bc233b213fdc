//! DenseNet-BC as torchvision defines it (`torchvision/models/densenet.py`), after Huang et al., "Densely Connected
//! Convolutional Networks" (arXiv 1608.06993).
//!
//! A dense layer is norm, ReLU, 1×1 convolution to 4 × growth channels, norm, ReLU, 3×3 convolution to growth channels;
//! its output is concatenated to its input. The stem has 2 × growth channels. Norms precede their convolutions, except
//! in the stem. Tensors have torchvision's names: `features.conv0`, `features.norm0`,
//! `features.denseblock1.denselayer1.norm1`, …, `features.transition1.conv`, …, `features.norm5`, `classifier`. The
//! last norm is named `norm5` for any number of blocks.

use super::operation::{Operation, Window};
use super::plan::{Block, FamilyLayers, ShapeError};
use super::{ImageShape, Initial, Stem};

/// Channels between the two convolutions of a dense layer, in units of the growth.
const BOTTLENECK: usize = 4;

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

impl Densenet {
    pub(super) fn plan(&self, input: ImageShape, classes: usize) -> Result<FamilyLayers, ShapeError> {
        if self.blocks.is_empty() || self.blocks.contains(&0) {
            return Err(ShapeError {
                key: "network.blocks",
                message: format!("`blocks = {:?}` has a block without layers", self.blocks),
                hint: "each number is the number of dense layers in a block, such as `[6, 12, 24, 16]`".into(),
            });
        }
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
