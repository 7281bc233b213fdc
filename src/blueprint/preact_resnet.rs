//! PreAct-ResNet18 for small images, as in Nakkiran et al., "Deep Double Descent" (arXiv 1912.02292), after He et
//! al., "Identity Mappings in Deep Residual Networks" (arXiv 1603.05027).
//!
//! A 3×3 stem without norm; four stages of two blocks, of w, 2w, 4w and 8w channels, the first block of the last
//! three with stride 2; no norm after the last block. A shortcut is the raw input where shapes agree, else a 1×1
//! convolution of the pre-activated input, without norm. Tensors are named in torchvision's scheme: `conv1`,
//! `layer1.0.bn1`, `layer1.0.conv1`, `layer1.0.bn2`, `layer1.0.conv2`, `layer2.0.downsample.0`, …, `fc`.

use super::{Blueprint, ImageShape, Layer, Operation};

pub(super) fn blueprint(width: usize, input: ImageShape, classes: usize) -> Blueprint {
    let stem =
        Layer { name: "stem".into(), operations: vec![convolution("conv1".into(), input.channels, width, 3, 1)] };
    let mut layers = vec![stem];
    let mut channels = width;
    for stage in 0..4 {
        let outputs = width << stage;
        for index in 0..2 {
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            layers.push(block(format!("layer{}.{index}", stage + 1), channels, outputs, stride));
            channels = outputs;
        }
    }
    let linear = Operation::Linear { path: "fc".into(), inputs: channels, outputs: classes };
    Blueprint { input, layers, head: Layer { name: "head".into(), operations: vec![Operation::AveragePool, linear] } }
}

fn block(name: String, inputs: usize, outputs: usize, stride: usize) -> Layer {
    let entry = [batch_norm(format!("{name}.bn1"), inputs), Operation::Relu];
    let mut operations = Vec::with_capacity(9);
    if inputs == outputs && stride == 1 {
        operations.push(Operation::Keep);
        operations.extend(entry);
    } else {
        let downsample = convolution(format!("{name}.downsample.0"), inputs, outputs, 1, stride);
        operations.extend(entry);
        operations.extend([Operation::Keep, Operation::OnKept(Box::new(downsample))]);
    }
    operations.extend([
        convolution(format!("{name}.conv1"), inputs, outputs, 3, stride),
        batch_norm(format!("{name}.bn2"), outputs),
        Operation::Relu,
        convolution(format!("{name}.conv2"), outputs, outputs, 3, 1),
        Operation::AddKept,
    ]);
    Layer { name, operations }
}

fn convolution(path: String, inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Operation {
    Operation::Convolution { path, inputs, outputs, kernel, stride, padding: kernel / 2 }
}

fn batch_norm(path: String, channels: usize) -> Operation {
    Operation::BatchNorm { path, channels }
}
