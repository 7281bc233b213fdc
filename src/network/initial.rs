//! Initial weights, drawn on the host from a random stream per tensor path: a tensor starts the same on every device,
//! whatever else the network contains.

use rand::RngExt;
use rand_distr::StandardNormal;
use tch::Tensor;

use crate::blueprint::{Initial, TensorSlot};
use crate::seed::{Purpose, Stream, named_stream};

/// Draws a float32 tensor of the slot's shape on the CPU.
pub(super) fn draw(slot: &TensorSlot, seed: u64) -> Tensor {
    let shape: Vec<i64> = slot.shape.iter().map(|&size| size as i64).collect();
    let options = (tch::Kind::Float, tch::Device::Cpu);
    let random = |one: &dyn Fn(&mut Stream) -> f64| {
        let mut stream = named_stream(seed, Purpose::Initial, &slot.path);
        let values: Vec<f32> = (0..slot.elements()).map(|_| one(&mut stream) as f32).collect();
        Tensor::from_slice(&values).reshape(&shape)
    };
    match slot.initial {
        Initial::Zeros => Tensor::zeros(&shape, options),
        Initial::Ones => Tensor::ones(&shape, options),
        Initial::Uniform { bound } => random(&|stream| stream.random::<f64>().mul_add(2.0, -1.0) * bound),
        Initial::Normal { deviation } => random(&|stream| normal(stream) * deviation),
        Initial::TruncatedNormal { deviation, limit } => random(&|stream| {
            let mut value = normal(stream) * deviation;
            while value.abs() > limit {
                value = normal(stream) * deviation;
            }
            value
        }),
    }
}

fn normal(stream: &mut Stream) -> f64 {
    stream.sample(StandardNormal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{
        Architecture, Blueprint, Densenet, Granularity, ImageShape, Pooling, PreactResnet18, Resnet, ResnetDepth, Role,
        Stem, Vit,
    };

    fn normal(slot: &TensorSlot, deviation: f64) {
        let (mean, found, largest) = moments(slot);
        let count = slot.elements() as f64;
        assert!(mean.abs() < 5.0 * deviation / count.sqrt(), "{}: mean {mean}", slot.path);
        assert!((found / deviation - 1.0).abs() < 4.0 / count.sqrt(), "{}: deviation {found}", slot.path);
        // A normal sample of this size exceeds two deviations and stays within seven.
        assert!(largest < 7.0 * deviation && (count < 500.0 || largest > 2.0 * deviation), "{}", slot.path);
    }

    fn uniform(slot: &TensorSlot, bound: f64) {
        let (mean, found, largest) = moments(slot);
        let (count, deviation) = (slot.elements() as f64, bound / 3f64.sqrt());
        assert!(mean.abs() < 5.0 * deviation / count.sqrt(), "{}: mean {mean}", slot.path);
        assert!((found / deviation - 1.0).abs() < 4.0 / count.sqrt(), "{}: deviation {found}", slot.path);
        assert!(largest <= bound * 1.000_001 && largest > bound * (1.0 - 10.0 / count), "{}", slot.path);
    }

    fn constant(slot: &TensorSlot, value: f64) {
        assert!(draw(slot, 1).eq(value).all().int64_value(&[]) == 1, "{}", slot.path);
    }

    /// Mean, standard deviation and largest absolute value.
    fn moments(slot: &TensorSlot) -> (f64, f64, f64) {
        let tensor = draw(slot, 1).to_kind(tch::Kind::Double);
        let mean = tensor.mean(tch::Kind::Double).double_value(&[]);
        (mean, tensor.std(true).double_value(&[]), tensor.abs().max().double_value(&[]))
    }

    /// Checks every tensor of a network: norms are the identity, and `rule` checks the rest.
    fn check(architecture: &Architecture, side: usize, rule: impl Fn(&TensorSlot)) {
        let input = ImageShape { channels: 3, height: side, width: side };
        let blueprint = Blueprint::new(architecture, Granularity::Block, input, 100).expect("it fits");
        for slot in blueprint.all_layers().flat_map(crate::blueprint::Layer::slots) {
            let norm = ["bn", "norm", "ln", "downsample.1"].iter().any(|name| slot.path.contains(name));
            match slot.path.rsplit('.').next() {
                Some("running_mean") => constant(&slot, 0.0),
                Some("running_var") => constant(&slot, 1.0),
                Some("weight") if norm => constant(&slot, 1.0),
                Some("bias") if norm => constant(&slot, 0.0),
                _ => rule(&slot),
            }
        }
    }

    fn fan_in(slot: &TensorSlot) -> f64 {
        slot.shape[1..].iter().product::<usize>() as f64
    }

    /// PyTorch's own defaults throughout: uniform within 1/√fan-in.
    #[test]
    fn preact_resnet_is_initialised_as_in_pytorch() {
        check(&Architecture::PreactResnet18(PreactResnet18 { width: 16 }), 32, |slot| {
            let fan_in = if slot.path == "fc.bias" { 128.0 } else { fan_in(slot) };
            uniform(slot, 1.0 / fan_in.sqrt());
        });
    }

    /// torchvision: convolutions normal with variance 2/fan-out, the head as PyTorch's default.
    #[test]
    fn resnet_is_initialised_as_in_torchvision() {
        let resnet = Resnet { depth: ResnetDepth::Fifty, width: 8, stem: Stem::Imagenet };
        check(&Architecture::Resnet(resnet), 64, |slot| match slot.path.as_str() {
            "fc.weight" | "fc.bias" => uniform(slot, 1.0 / 256f64.sqrt()),
            _ => normal(slot, (2.0 / (slot.shape[0] * slot.shape[2] * slot.shape[3]) as f64).sqrt()),
        });
    }

    /// torchvision: convolutions normal with variance 2/fan-in, the head's bias zero.
    #[test]
    fn densenet_is_initialised_as_in_torchvision() {
        let densenet = Densenet { blocks: vec![3, 3], growth: 12, compression: 0.5, stem: Stem::Cifar };
        check(&Architecture::Densenet(densenet), 32, |slot| match slot.path.as_str() {
            "classifier.weight" => uniform(slot, 1.0 / fan_in(slot).sqrt()),
            "classifier.bias" => constant(slot, 0.0),
            _ => normal(slot, (2.0 / fan_in(slot)).sqrt()),
        });
    }

    /// torchvision: patches normal with variance 1/fan-in, positions with deviation 0.02, MLPs and the projections in
    /// uniform by Xavier, the projection out as a linear map's default, and a head of zeros.
    #[test]
    fn vit_is_initialised_as_in_torchvision() {
        let vit =
            Vit { patch: 4, width: 64, depth: 2, heads: 4, mlp_width: 96, dropout: 0.0, pooling: Pooling::ClassToken };
        check(&Architecture::Vit(vit), 32, |slot| match slot.path.as_str() {
            "conv_proj.weight" => normal(slot, 1.0 / fan_in(slot).sqrt()),
            "encoder.pos_embedding" => normal(slot, 0.02),
            path if path.contains("mlp") && path.ends_with("bias") => normal(slot, 1e-6),
            path if path.contains("mlp") => uniform(slot, (6.0f64 / 160.0).sqrt()),
            path if path.ends_with("in_proj_weight") => uniform(slot, (6.0f64 / 256.0).sqrt()),
            path if path.ends_with("out_proj.weight") => uniform(slot, 1.0 / 8.0),
            _ => constant(slot, 0.0),
        });
    }

    /// The truncation matters only if the deviation is near it, as with patches of a single grey pixel.
    #[test]
    fn truncated_normals_stay_within_their_limit() {
        let initial = Initial::TruncatedNormal { deviation: 1.0, limit: 2.0 };
        let slot = TensorSlot { path: "a".into(), shape: vec![10_000], role: Role::Parameter, initial };
        let (_, deviation, largest) = moments(&slot);
        assert!(largest <= 2.0 && largest > 1.99);
        assert!((deviation - 0.8796).abs() < 0.02, "{deviation}");
    }

    #[test]
    fn a_tensor_is_initialised_the_same_in_any_network() {
        let slot = |path: &str| TensorSlot {
            path: path.into(),
            shape: vec![4, 3],
            role: Role::Parameter,
            initial: Initial::Uniform { bound: 1.0 },
        };
        assert_eq!(draw(&slot("fc.weight"), 1), draw(&slot("fc.weight"), 1));
        assert_ne!(draw(&slot("fc.weight"), 1), draw(&slot("fc.weight"), 2));
        assert_ne!(draw(&slot("fc.weight"), 1), draw(&slot("conv1.weight"), 1));
    }
}
