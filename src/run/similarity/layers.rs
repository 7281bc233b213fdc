//! CKA, layer by layer: the networks advance in lockstep, so that memory holds one layer of each.

use anyhow::Result;
use tch::{Device, Kind, Tensor};

use super::facts::LayerSimilarity;
use super::features::flows;
use crate::analysis::similarity::Gram;
use crate::blueprint::Blueprint;
use crate::network::{Flow, Mode, Network};
use crate::run::recovery::stop::Stop;
use crate::train::DeviceSplit;

/// More images change the debiased CKA in its third digit.
const MOST_IMAGES: usize = 1000;
/// Fewer images would tell nothing.
const LEAST_IMAGES: usize = 50;
/// Numbers in the features of one layer of one network: 256 MB of float32.
const MOST_NUMBERS: usize = 64 << 20;

/// How many images to compare layers on: as many as there are and as fit.
pub(in crate::run) fn images(blueprint: &Blueprint, at_hand: usize) -> usize {
    let largest = blueprint.facts().iter().map(|layer| layer.output.elements()).max().unwrap_or(1);
    (MOST_NUMBERS / largest).clamp(LEAST_IMAGES, MOST_IMAGES).min(at_hand)
}

/// Compares every layer of the trained network, and the pooling, with the same layer of the others.
pub(in crate::run) fn compare(
    data: &DeviceSplit,
    trained: &Network,
    fresh: &Network,
    fine_tuned: Option<&Network>,
    stop: &Stop,
) -> Result<Vec<LayerSimilarity>> {
    let layers = trained.blueprint().layers.iter().map(|layer| layer.name.as_str());
    let walk = |network| ForwardWalk { network, layer: 0, flows: flows(data).collect() };
    let (mut trained, mut fresh, mut fine_tuned) = (walk(trained), walk(fresh), fine_tuned.map(walk));
    let row = |layer: &str| {
        for walk in [&mut trained, &mut fresh].into_iter().chain(&mut fine_tuned) {
            walk.advance(stop)?;
        }
        let gram = trained.gram();
        Ok(LayerSimilarity {
            layer: layer.to_owned(),
            fresh: gram.cka(&fresh.gram()),
            fine_tuned: fine_tuned.as_ref().map(|walk| gram.cka(&walk.gram())),
        })
    };
    layers.chain(["pooling"]).map(row).collect()
}

/// A network, and batches of images advanced to the input of `layer`.
struct ForwardWalk<'a> {
    network: &'a Network,
    layer: usize,
    flows: Vec<Flow>,
}

impl ForwardWalk<'_> {
    /// Advances through the next layer, or after the last one through the pooling.
    fn advance(&mut self, stop: &Stop) -> Result<()> {
        let (network, layer) = (self.network, self.layer);
        for flow in &mut self.flows {
            stop.check()?;
            let before = std::mem::replace(flow, Flow::new(Tensor::new()));
            *flow = if layer < network.freezable() {
                network.run(layer, layer + 1, before, Mode::Evaluate)
            } else {
                Flow::new(network.pool(before, Mode::Evaluate))
            };
        }
        self.layer += 1;
        Ok(())
    }

    /// The Gram matrix of the centred features. CKA does not depend on the mean, and subtracting it avoids cancellation.
    fn gram(&self) -> Gram {
        let parts: Vec<Tensor> = self.flows.iter().map(|flow| flow.value.flatten(1, -1).to_kind(Kind::Float)).collect();
        let mut features = Tensor::cat(&parts, 0);
        let mean = features.mean_dim([0i64].as_slice(), true, Kind::Float);
        let _ = features.g_sub_(&mean);
        let gram = features.matmul(&features.transpose(0, 1)).to_device(Device::Cpu).to_kind(Kind::Double);
        let values = Vec::<f64>::try_from(gram.contiguous().flatten(0, -1));
        Gram::from_rows(features.size()[0] as usize, &values.expect("a matrix of doubles"))
    }
}
