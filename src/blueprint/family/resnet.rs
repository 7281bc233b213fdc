//! ResNet-18, 34 and 50 as torchvision defines them (`torchvision/models/resnet.py`), after He et al., "Deep Residual
//! Learning for Image Recognition" (arXiv 1512.03385). In ResNet-50 the stride of a block is in its 3×3 convolution.
//!
//! Norms follow their convolutions. Tensors have torchvision's names: `conv1`, `bn1`, `layer1.0.conv1`,
//! `layer1.0.bn1`, …, `layer2.0.downsample.0`, `layer2.0.downsample.1`, …, `fc`.

use super::table::{NetworkTable, size};
use super::{AxisLength, Family, FamilyMark, QuickSize, Stem};
use crate::blueprint::operation::{Operation, Window};
use crate::blueprint::plan::{Block, FamilyLayers, ShapeError};
use crate::blueprint::slot::Initial;
use crate::catalogue::ImageShape;

/// Output channels of a bottleneck, in units of its inner channels.
const EXPANSION: usize = 4;

/// A ResNet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resnet {
    /// Depth.
    pub depth: ResnetDepth,
    /// Channels of the first stage before expansion; later stages have two, four and eight times as many.
    pub width: usize,
    /// The layers before the first stage.
    pub stem: Stem,
}

/// Type and number of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResnetDepth {
    /// 2, 2, 2 and 2 basic blocks of two convolutions.
    Eighteen,
    /// 3, 4, 6 and 3 basic blocks of two convolutions.
    ThirtyFour,
    /// 3, 4, 6 and 3 bottlenecks of three convolutions.
    Fifty,
}

impl Resnet {
    pub(super) fn sizes() -> NetworkTable {
        NetworkTable { width: Some(64), stem: Some(Stem::Cifar), ..NetworkTable::default() }
    }

    pub(super) fn at(depth: ResnetDepth, sizes: &NetworkTable) -> Self {
        Self { depth, width: size(sizes.width), stem: sizes.stem.unwrap_or(Stem::Cifar) }
    }

    fn stem(&self, input: ImageShape) -> Block {
        let mut operations = vec![
            convolution("conv1".into(), input.channels, self.width, self.stem.window()),
            Operation::BatchNorm { path: "bn1".into(), channels: self.width },
            Operation::Relu,
        ];
        operations.extend(self.stem.pool());
        Block::whole("stem", operations)
    }
}

impl Family for Resnet {
    fn layers(&self, input: ImageShape, classes: usize) -> Result<FamilyLayers, ShapeError> {
        let mut blocks = vec![self.stem(input)];
        let (counts, bottleneck) = match self.depth {
            ResnetDepth::Eighteen => ([2; 4], false),
            ResnetDepth::ThirtyFour => ([3, 4, 6, 3], false),
            ResnetDepth::Fifty => ([3, 4, 6, 3], true),
        };
        let mut channels = self.width;
        for (stage, count) in counts.into_iter().enumerate() {
            let middle = self.width << stage;
            let outputs = if bottleneck { EXPANSION * middle } else { middle };
            for index in 0..count {
                let name = format!("layer{}.{index}", stage + 1);
                let stride = if stage > 0 && index == 0 { 2 } else { 1 };
                blocks.push(Block::parts(&name, block(&name, [channels, middle, outputs], stride, bottleneck)));
                channels = outputs;
            }
        }
        let initial = Initial::of_fan_in(channels);
        let linear =
            Operation::Linear { path: "fc".into(), inputs: channels, outputs: classes, weight: initial, bias: initial };
        Ok(FamilyLayers { blocks, head: vec![Operation::AveragePool, linear] })
    }

    fn unrecorded(&self) -> String {
        self.stem.unrecorded().to_owned()
    }

    fn first_tensor(&self) -> &'static str {
        FIRST_TENSOR
    }

    fn marks(&self) -> Vec<FamilyMark> {
        marks()
    }

    fn renamed(&self, parts: &[&str]) -> Option<String> {
        renamed(parts)
    }

    fn quick_sizes(&self) -> &'static [QuickSize] {
        QUICK_SIZES
    }

    fn too_small(&self) -> (&'static str, &'static str) {
        self.stem.too_small().unwrap_or(("image_size", "use larger images"))
    }

    fn adapt(&mut self, length: AxisLength<'_>) {
        self.stem = length(FIRST_TENSOR, 3).and_then(Stem::of_side).unwrap_or(self.stem);
    }
}

pub(super) const QUICK_SIZES: &[QuickSize] = &[("width", "8", "channels of the first stage; published: 64")];

pub(super) const FIRST_TENSOR: &str = "conv1.weight";

pub(super) fn marks() -> Vec<FamilyMark> {
    vec![FamilyMark { first: FIRST_TENSOR, others: "layer1.", inside: "" }]
}

/// Names of kuangliu/pytorch-cifar and of Cadene/pretrained-models.pytorch.
pub(super) fn renamed(parts: &[&str]) -> Option<String> {
    match parts {
        ["linear" | "last_linear", kind] => Some(format!("fc.{kind}")),
        [layer, block, "shortcut", rest @ ..] => Some(format!("{layer}.{block}.downsample.{}", rest.join("."))),
        _ => None,
    }
}

/// The parts of a block: each convolution with the norm that follows it; the shortcut belongs to the first.
fn block(
    name: &str,
    [inputs, middle, outputs]: [usize; 3],
    stride: usize,
    bottleneck: bool,
) -> Vec<(&'static str, Vec<Operation>)> {
    let normed = |convolved: &str, norm: &str, inputs, outputs, window| {
        let norm = Operation::BatchNorm { path: format!("{name}.{norm}"), channels: outputs };
        vec![convolution(format!("{name}.{convolved}"), inputs, outputs, window), norm]
    };
    let mut parts = if bottleneck {
        vec![
            ("conv1", normed("conv1", "bn1", inputs, middle, Window::centred(1, 1))),
            ("conv2", normed("conv2", "bn2", middle, middle, Window::centred(3, stride))),
            ("conv3", normed("conv3", "bn3", middle, outputs, Window::centred(1, 1))),
        ]
    } else {
        vec![
            ("conv1", normed("conv1", "bn1", inputs, middle, Window::centred(3, stride))),
            ("conv2", normed("conv2", "bn2", middle, outputs, Window::centred(3, 1))),
        ]
    };
    let mut shortcut = vec![Operation::SaveSkip];
    if inputs != outputs || stride != 1 {
        let downsample = normed("downsample.0", "downsample.1", inputs, outputs, Window::centred(1, stride));
        shortcut.extend(downsample.into_iter().map(|operation| Operation::OnSkip(Box::new(operation))));
    }
    parts[0].1.splice(0..0, shortcut);
    let last = parts.len() - 1;
    for (index, (_, operations)) in parts.iter_mut().enumerate() {
        if index == last {
            operations.push(Operation::AddSkip);
        }
        operations.push(Operation::Relu);
    }
    parts
}

fn convolution(path: String, inputs: usize, outputs: usize, window: Window) -> Operation {
    let weight = Initial::kaiming(outputs * window.kernel * window.kernel);
    Operation::Convolution { path, inputs, outputs, window, weight, bias: None }
}
