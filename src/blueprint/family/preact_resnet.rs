//! PreAct-ResNet18 for small images, as in Nakkiran et al., "Deep Double Descent" (arXiv 1912.02292), after He et
//! al., "Identity Mappings in Deep Residual Networks" (arXiv 1603.05027).
//!
//! A 3×3 stem without norm; four stages of two blocks with w, 2w, 4w and 8w channels, where the first block of the last
//! three stages has stride 2; no norm after the last block. A shortcut is the raw input if shapes agree, else a 1×1
//! convolution of the pre-activated input, without norm. Tensors have names in torchvision's style (`conv1`,
//! `layer1.0.bn1`, `layer1.0.conv1`, `layer1.0.bn2`, `layer1.0.conv2`, `layer2.0.downsample.0`, …, `fc`) and PyTorch's
//! default initialisation.

use super::table::{NetworkTable, size};
use super::{Family, FamilyMark, QuickSize, Stem, resnet};
use crate::blueprint::operation::{Operation, Window};
use crate::blueprint::plan::{Block, FamilyLayers, ShapeError};
use crate::blueprint::slot::Initial;
use crate::catalogue::ImageShape;

/// A PreAct-ResNet18.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreactResnet18 {
    /// Channels of the stem and the first stage; later stages have two, four and eight times as many.
    pub width: usize,
}

impl PreactResnet18 {
    pub(super) fn sizes() -> NetworkTable {
        NetworkTable { width: Some(64), ..NetworkTable::default() }
    }

    pub(super) fn at(sizes: &NetworkTable) -> Self {
        Self { width: size(sizes.width) }
    }
}

impl Family for PreactResnet18 {
    fn layers(&self, input: ImageShape, classes: usize) -> Result<FamilyLayers, ShapeError> {
        let width = self.width;
        let mut blocks = vec![Block::whole("stem", vec![convolution("conv1".into(), input.channels, width, 3, 1)])];
        let mut channels = width;
        for stage in 0..4 {
            let outputs = width << stage;
            for index in 0..2 {
                let stride = if stage > 0 && index == 0 { 2 } else { 1 };
                blocks.push(block(&format!("layer{}.{index}", stage + 1), channels, outputs, stride));
                channels = outputs;
            }
        }
        let initial = Initial::of_fan_in(channels);
        let linear =
            Operation::Linear { path: "fc".into(), inputs: channels, outputs: classes, weight: initial, bias: initial };
        Ok(FamilyLayers { blocks, head: vec![Operation::AveragePool, linear] })
    }

    fn unrecorded(&self) -> String {
        Stem::Cifar.unrecorded().to_owned()
    }

    fn first_tensor(&self) -> &'static str {
        resnet::FIRST_TENSOR
    }

    fn marks(&self) -> Vec<FamilyMark> {
        resnet::marks()
    }

    fn renamed(&self, parts: &[&str]) -> Option<String> {
        resnet::renamed(parts)
    }

    fn quick_sizes(&self) -> &'static [QuickSize] {
        resnet::QUICK_SIZES
    }
}

fn block(name: &str, inputs: usize, outputs: usize, stride: usize) -> Block {
    let batch_norm = |norm: &str, channels| Operation::BatchNorm { path: format!("{name}.{norm}"), channels };
    let conv1 = convolution(format!("{name}.conv1"), inputs, outputs, 3, stride);
    let entry = if inputs == outputs && stride == 1 {
        vec![Operation::SaveSkip, batch_norm("bn1", inputs), Operation::Relu, conv1]
    } else {
        let downsample = convolution(format!("{name}.downsample.0"), inputs, outputs, 1, stride);
        let shortcut = Operation::OnSkip(Box::new(downsample));
        vec![batch_norm("bn1", inputs), Operation::Relu, Operation::SaveSkip, shortcut, conv1]
    };
    let conv2 = convolution(format!("{name}.conv2"), outputs, outputs, 3, 1);
    let rest = vec![batch_norm("bn2", outputs), Operation::Relu, conv2, Operation::AddSkip];
    Block::parts(name, [("conv1", entry), ("conv2", rest)])
}

fn convolution(path: String, inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Operation {
    let window = Window::centred(kernel, stride);
    let weight = Initial::of_fan_in(inputs * kernel * kernel);
    Operation::Convolution { path, inputs, outputs, window, weight, bias: None }
}
