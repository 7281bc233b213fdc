//! Logits of given weights on given images.

use anyhow::Result;
use tch::{Device, Kind, Tensor, no_grad};

use super::{Mode, NamedTensors, Network};
use crate::blueprint::Blueprint;
use crate::error::UserError;

/// The logits of a network with these weights on normalised images, `[count, channels, height, width]`: evaluation mode,
/// float32, on the CPU. An error if the images have another shape than the network takes, or a tensor is missing.
pub fn logits_of(blueprint: &Blueprint, weights: &NamedTensors, images: &Tensor) -> Result<Tensor> {
    let (size, input) = (images.size(), blueprint.input);
    if size.get(1..) != Some([input.channels, input.height, input.width].map(|size| size as i64).as_slice()) {
        let message =
            format!("expected `images` of shape [count, channels, height, width] for {input}, found {size:?}");
        return Err(UserError::new(message).into());
    }
    let network = Network::new(blueprint, Device::Cpu, Kind::Float, 0);
    network.load(weights, |_| true)?;
    Ok(no_grad(|| network.logits(images.to_kind(Kind::Float), Mode::Evaluate)))
}
