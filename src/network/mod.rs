//! A blueprint made of tensors: the stack of freezable layers and the head.
//!
//! One interpreter runs every family, so a family is written once, as data, in `blueprint`. A network builds in any
//! kind of number, on any device. It must not know of data sets, optimizers or files' places.

mod initial;
mod step;
mod weights;

use tch::{Device, Kind, Tensor};

pub use step::{Flow, Statistics};
pub use weights::{NamedTensors, read_safetensors, write_safetensors};

use crate::blueprint::{Blueprint, Role};
use step::Step;

/// A network with its tensors.
#[derive(Debug)]
pub struct Network {
    blueprint: Blueprint,
    layers: Vec<LayerTensors>,
    device: Device,
    kind: Kind,
}

/// One layer with its tensors; the last of a network is its head.
#[derive(Debug)]
struct LayerTensors {
    steps: Vec<Step>,
}

/// A tensor of a network, by name.
#[derive(Debug)]
pub struct Named<'a> {
    /// The tensor's path.
    pub path: &'a str,
    /// Index of its layer; the head's is the number of layers.
    pub layer: usize,
    /// Parameter or statistic.
    pub role: Role,
    /// The tensor.
    pub tensor: &'a Tensor,
}

impl Network {
    /// A network with initial weights: each tensor is drawn from the stream of its path.
    pub fn new(blueprint: &Blueprint, device: Device, kind: Kind, seed: u64) -> Self {
        let layers = blueprint
            .all_layers()
            .map(|layer| LayerTensors {
                steps: layer
                    .operations
                    .iter()
                    .map(|operation| {
                        Step::new(operation, |slot| initial::draw(slot, seed).to_device(device).to_kind(kind))
                    })
                    .collect(),
            })
            .collect();
        Self { blueprint: blueprint.clone(), layers, device, kind }
    }

    /// What the network was made from.
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    /// Where its tensors are.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The kind of number it computes in.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many freezable layers it has.
    pub fn freezable(&self) -> usize {
        self.blueprint.layers.len()
    }

    /// Runs the layers from `first` up to, not including, `end`; the head counts as one more than the freezable.
    /// `value` is `[batch, …]`.
    pub fn run(&self, first: usize, end: usize, flow: Flow, statistics: Statistics) -> Flow {
        self.layers[first..end]
            .iter()
            .flat_map(|layer| &layer.steps)
            .fold(flow, |flow, step| step.run(flow, statistics))
    }

    /// Logits `[batch, classes]` of images `[batch, channels, height, width]`, all layers alike.
    pub fn logits(&self, images: Tensor, statistics: Statistics) -> Tensor {
        self.run(0, self.layers.len(), Flow::new(images), statistics).value
    }

    /// Every tensor, in the order of the layers.
    pub fn tensors(&self) -> impl Iterator<Item = Named<'_>> {
        self.layers.iter().enumerate().flat_map(|(layer, tensors)| {
            tensors.steps.iter().flat_map(Step::tensors).map(move |(slot, tensor)| Named {
                path: &slot.path,
                layer,
                role: slot.role,
                tensor,
            })
        })
    }

    /// The batch norms of the layers before `end`, in order, each with the layer and the step where it stands.
    pub fn batch_norms(&self, end: usize) -> Vec<Place> {
        let places = self.layers[..end].iter().enumerate().flat_map(|(layer, tensors)| {
            let norms = tensors.steps.iter().enumerate().filter(|(_, step)| step.is_batch_norm());
            norms.map(move |(step, _)| Place { layer, step })
        });
        places.collect()
    }

    /// Runs from the input up to, not including, the step at a place.
    pub fn run_until(&self, place: Place, images: Tensor, statistics: Statistics) -> Flow {
        let flow = self.run(0, place.layer, Flow::new(images), statistics);
        self.layers[place.layer].steps[..place.step].iter().fold(flow, |flow, step| step.run(flow, statistics))
    }

    /// Sets the running statistics of the batch norm at a place; `mean` and `variance` are `[channels]`.
    pub fn set_statistics(&self, place: Place, mean: &Tensor, variance: &Tensor) {
        self.layers[place.layer].steps[place.step].set_statistics(mean, variance);
    }
}

/// Where a step stands in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    layer: usize,
    step: usize,
}
