//! Initial weights, drawn on the host from the stream of each tensor's path, so that a tensor starts the same
//! whatever else the network has, on every device.

use rand::RngExt;
use rand_distr::StandardNormal;
use tch::Tensor;

use crate::blueprint::{Initial, Slot};
use crate::seed::{Purpose, Stream, named_stream};

/// Draws a tensor of the slot's shape, in float32, on the CPU.
pub(super) fn draw(slot: &Slot, seed: u64) -> Tensor {
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
    use crate::blueprint::{Architecture, Blueprint, Granularity, ImageShape, Role};

    /// PyTorch's distributions: uniform within 1/√fan-in for weights and the head's bias, ones and zeros in norms.
    #[test]
    fn initial_weights_have_pytorchs_distribution() {
        let input = ImageShape { channels: 3, height: 32, width: 32 };
        let architecture = Architecture::PreactResnet18 { width: 16 };
        let blueprint = Blueprint::new(&architecture, Granularity::Block, input, 10).expect("it fits");
        for slot in blueprint.all_layers().flat_map(crate::blueprint::Layer::slots) {
            let tensor = draw(&slot, 1).to_kind(tch::Kind::Double);
            if slot.shape.len() > 1 || slot.path == "fc.bias" {
                let fan_in = if slot.path == "fc.bias" { 128 } else { slot.shape[1..].iter().product::<usize>() };
                let bound = 1.0 / (fan_in as f64).sqrt();
                let largest = tensor.abs().max().double_value(&[]);
                assert!(largest <= bound * 1.000_001, "{}", slot.path);
                if slot.elements() > 2000 {
                    let count = slot.elements() as f64;
                    let deviation = bound / 3f64.sqrt();
                    assert!(largest > bound * 0.99, "{}", slot.path);
                    assert!(tensor.mean(tch::Kind::Double).double_value(&[]).abs() < 5.0 * deviation / count.sqrt());
                    assert!((tensor.std(true).double_value(&[]) / deviation - 1.0).abs() < 5.0 / count.sqrt());
                }
            } else {
                let ones = slot.path.ends_with("weight") || slot.path.ends_with("running_var");
                let value = if ones { 1.0 } else { 0.0 };
                assert!(tensor.eq(value).all().int64_value(&[]) == 1, "{}", slot.path);
            }
            assert!(slot.role == Role::Parameter || slot.path.contains("running"));
        }
    }

    #[test]
    fn a_tensor_starts_the_same_in_any_network() {
        let slot = |path: &str| Slot {
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
