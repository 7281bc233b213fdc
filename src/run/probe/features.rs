//! The pooled outputs of a network's layers.

use anyhow::{Result, bail};
use tch::{Kind, Tensor, no_grad_guard};

use super::networks::LookedAt;
use crate::blueprint::{Blueprint, Shape};
use crate::network::{Flow, Mode, Network};
use crate::run::similarity::flows;
use crate::train::DeviceSplit;

/// Numbers held at a time: 256 MB of float32.
const MOST_NUMBERS: usize = 64 << 20;

/// Per layer, the features of training and test images, `[images, features]` each.
pub(super) struct LayerFeatures {
    pub(super) layers: Vec<[Tensor; 2]>,
}

impl LayerFeatures {
    /// The features of `layers`, counted from 1, ascending. `stops` is called before every batch.
    pub(super) fn of(looked_at: &LookedAt, layers: &[usize], stops: &mut dyn FnMut() -> bool) -> Result<Self> {
        let mut of = |split: &DeviceSplit| pooled(&looked_at.network, split, layers, stops);
        let (train, test) = (of(&looked_at.train)?, of(&looked_at.test)?);
        Ok(Self { layers: train.into_iter().zip(test).map(|(train, test)| [train, test]).collect() })
    }
}

fn pooled(
    network: &Network,
    split: &DeviceSplit,
    layers: &[usize],
    stops: &mut dyn FnMut() -> bool,
) -> Result<Vec<Tensor>> {
    let _no_gradient = no_grad_guard();
    let mut parts: Vec<Vec<Tensor>> = layers.iter().map(|_| Vec::new()).collect();
    for mut flow in flows(split) {
        if stops() {
            bail!("stopped");
        }
        let mut behind = 0;
        for (&layer, parts) in layers.iter().zip(&mut parts) {
            flow = network.run(behind, layer, flow, Mode::Evaluate);
            behind = layer;
            parts.push(pool(network, &flow));
        }
    }
    Ok(parts.iter().map(|parts| Tensor::cat(parts, 0)).collect())
}

/// Everything that a flow passes on, pooled as the head does: its value and, inside a block, the saved skip connection.
/// A copy, because later layers work in place.
fn pool(network: &Network, flow: &Flow) -> Tensor {
    let pooled = |part: &Tensor| network.pool(Flow::new(part.shallow_clone()), Mode::Evaluate).to_kind(Kind::Float);
    let parts: Vec<Tensor> = std::iter::once(&flow.value).chain(&flow.skip).map(pooled).collect();
    Tensor::cat(&parts, 1)
}

/// Groups of ascending layers whose features fit into memory together, to need few passes.
pub(super) fn groups(blueprint: &Blueprint, images: usize, layers: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for &layer in layers {
        let numbers = images * width(blueprint, layer);
        if let Some(group) = groups.last_mut().filter(|_| numbers <= room) {
            group.push(layer);
        } else {
            groups.push(vec![layer]);
            room = MOST_NUMBERS;
        }
        room = room.saturating_sub(numbers);
    }
    groups
}

/// The number of pooled features per image after the first `layers` layers.
fn width(blueprint: &Blueprint, layers: usize) -> usize {
    let pooled = |shape: Shape| match shape {
        Shape::Image(image) => image.channels,
        Shape::Tokens { width, .. } => width,
        Shape::Features(features) => features,
    };
    let (value, kept) = blueprint.boundary(layers);
    pooled(value) + kept.map_or(0, pooled)
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::blueprint::{Architecture, Densenet, Granularity, ImageShape, Pooling, PreactResnet18, Stem, Vit};
    use crate::data::{Images, Normalisation};

    const SHAPE: ImageShape = ImageShape { channels: 3, height: 8, width: 8 };

    fn split(count: usize) -> DeviceSplit {
        let pixels = (0..count * SHAPE.elements()).map(|at| (at * at % 251) as u8).collect();
        let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
        let images = Images { shape: SHAPE, pixels, labels: vec![0; count] };
        DeviceSplit::clean(images, &normalisation, Device::Cpu, Kind::Float).expect("it fits")
    }

    fn networks() -> Vec<Network> {
        let vit =
            Vit { patch: 4, width: 8, depth: 2, heads: 2, mlp_width: 8, dropout: 0.5, pooling: Pooling::ClassToken };
        let architectures = [
            Architecture::PreactResnet18(PreactResnet18 { width: 2 }),
            Architecture::Densenet(Densenet { blocks: vec![2, 1], growth: 2, compression: 0.5, stem: Stem::Cifar }),
            Architecture::Vit(vit),
        ];
        let build = |architecture: &Architecture, granularity| {
            let blueprint = Blueprint::new(architecture, granularity, SHAPE, 2).expect("it fits");
            Network::new(&blueprint, Device::Cpu, Kind::Float, 1)
        };
        let both = [Granularity::Block, Granularity::Sublayer];
        architectures.iter().flat_map(|one| both.map(|granularity| build(one, granularity))).collect()
    }

    #[test]
    fn pooled_features_are_equal_in_one_pass_and_in_many() -> Result<()> {
        // A full batch and a partial one.
        let data = split(260);
        for network in networks() {
            let all: Vec<usize> = (1..=network.freezable()).collect();
            let together = pooled(&network, &data, &all, &mut || false)?;
            for (&layer, features) in all.iter().zip(&together) {
                assert_eq!(features.size(), [260, width(network.blueprint(), layer) as i64], "layer {layer}");
                assert_eq!(&pooled(&network, &data, &[layer], &mut || false)?[0], features, "layer {layer}");
            }
            // The last layer's features are the classifier's input.
            let input = network.enter(data.stretch(0, 250));
            let flow = network.run(0, network.freezable(), input, Mode::Evaluate);
            let expected = network.pool(flow, Mode::Evaluate);
            assert_eq!(together[all.len() - 1].narrow(0, 0, 250), expected);
        }
        Ok(())
    }

    #[test]
    fn interrupts_are_checked_before_every_batch() {
        let network = &networks()[0];
        for at in 1..=2 {
            let mut asked = 0;
            let stopped = pooled(network, &split(260), &[1], &mut || {
                asked += 1;
                asked == at
            });
            assert!(stopped.is_err() && asked == at);
        }
    }

    #[test]
    fn groups_fit_the_memory_limit_and_cover_all_layers() {
        let blueprint = networks()[0].blueprint().clone();
        let all: Vec<usize> = (1..=blueprint.layers.len()).collect();
        assert_eq!(groups(&blueprint, 1000, &all), std::slice::from_ref(&all));
        for images in [MOST_NUMBERS / 20, MOST_NUMBERS] {
            let groups = groups(&blueprint, images, &all);
            assert_eq!(groups.concat(), all);
            for group in groups.iter().filter(|group| group.len() > 1) {
                assert!(group.iter().map(|&layer| images * width(&blueprint, layer)).sum::<usize>() <= MOST_NUMBERS);
            }
            assert!(groups.len() > 1);
        }
    }
}
