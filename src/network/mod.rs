//! A blueprint made of tensors: the stack of freezable layers and the head.
//!
//! One interpreter runs every family, so a family is written once, as data, in `blueprint`. A network builds in any
//! kind of number, on any device. It must not know of data sets, optimizers or files' places.

mod attention;
mod foreign;
mod initial;
mod names;
mod published;
mod step;
mod tensor_file;
mod weights;

use tch::{Device, Kind, Tensor, no_grad};

pub use foreign::blueprint_of;
pub use published::PublishedWeights;
pub use step::{Flow, Mode};
pub use tensor_file::{dtype_of, kind_of, read_header, read_safetensors, to_bytes, write_safetensors};
pub use weights::{Matching, Misshapen, NamedTensors, check_numbers, is_counter, with_counters};

use crate::blueprint::{Blueprint, Operation, Role};
use crate::error::UserError;
use crate::native;
use crate::spec::MemoryFormat;
use step::{FlowTensor, Step};

/// A network with its tensors.
#[derive(Debug)]
pub struct Network {
    blueprint: Blueprint,
    layers: Vec<LayerTensors>,
    device: Device,
    kind: Kind,
    layout: MemoryFormat,
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
        Self { blueprint: blueprint.clone(), layers, device, kind, layout: MemoryFormat::ChannelsFirst }
    }

    /// Another network with the same numbers, in memory of its own.
    pub fn twin(&self) -> Result<Self, UserError> {
        let mut twin = Self::new(&self.blueprint, self.device, self.kind, 0);
        twin.lay_out(self.layout)?;
        no_grad(|| {
            for (own, other) in twin.tensors().zip(self.tensors()) {
                own.tensor.shallow_clone().copy_(other.tensor);
            }
        });
        Ok(twin)
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

    /// Lays the weights of its convolutions out anew, and from here on every image that enters: the same numbers in
    /// another order in memory, which its feature maps follow.
    pub fn lay_out(&mut self, layout: MemoryFormat) -> Result<(), UserError> {
        self.layout = layout;
        for step in self.layers.iter_mut().flat_map(|layer| &mut layer.steps) {
            step.lay_out(layout)?;
        }
        Ok(())
    }

    /// How what enters it lies in memory.
    pub fn layout(&self) -> MemoryFormat {
        self.layout
    }

    /// Images `[batch, channels, height, width]` as what enters the first layer.
    ///
    /// # Panics
    /// If they have other dimensions.
    pub fn enter(&self, mut images: Tensor) -> Flow {
        native::lay_out(&mut images, self.layout).expect("images have four dimensions");
        Flow::new(images)
    }

    /// How many freezable layers it has.
    pub fn freezable(&self) -> usize {
        self.blueprint.layers.len()
    }

    /// Runs the layers from `first` up to, not including, `end`; the head counts as one more than the freezable.
    /// `value` is `[batch, …]`.
    pub fn run(&self, first: usize, end: usize, flow: Flow, mode: Mode) -> Flow {
        self.layers[first..end].iter().flat_map(|layer| &layer.steps).fold(flow, |flow, step| step.run(flow, mode))
    }

    /// The same with a mode for each layer, the head's last.
    pub fn run_each(&self, first: usize, end: usize, flow: Flow, modes: &[Mode]) -> Flow {
        (first..end).fold(flow, |flow, layer| self.run(layer, layer + 1, flow, modes[layer]))
    }

    /// Logits `[batch, classes]` of images `[batch, channels, height, width]`, all layers alike.
    pub fn logits(&self, images: Tensor, mode: Mode) -> Tensor {
        self.run(0, self.layers.len(), self.enter(images), mode).value
    }

    /// What comes to the classifier, `[batch, features]`, from what the freezable layers give: pooled, no more.
    pub fn pool(&self, flow: Flow, mode: Mode) -> Tensor {
        let (_, pooling) = self.head();
        pooling.iter().fold(flow, |flow, step| step.run(flow, mode)).value
    }

    /// Logits `[batch, classes]` of pooled features.
    pub fn classify(&self, features: Tensor) -> Tensor {
        let (classifier, _) = self.head();
        classifier.run(Flow::new(features), Mode::Evaluate).value
    }

    /// The head's linear map, and what is before it.
    fn head(&self) -> (&Step, &[Step]) {
        let head = self.layers.last().and_then(|head| head.steps.split_last());
        head.expect("a head ends in a linear map")
    }

    /// Whether anything in it is dropped at random in training.
    pub fn has_dropout(&self) -> bool {
        let mut operations = self.blueprint.layers.iter().flat_map(|layer| &layer.operations);
        operations.any(|operation| matches!(operation, Operation::Dropout { .. }))
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

    /// The batch norms of the layers that `wanted` picks, in order.
    pub fn batch_norms(&self, wanted: impl Fn(usize) -> bool) -> Vec<NormLocation> {
        let layers = self.layers.iter().enumerate().filter(|(layer, _)| wanted(*layer));
        let places = layers.flat_map(|(layer, tensors)| {
            let steps = tensors.steps.iter().enumerate();
            steps.filter_map(move |(step, norm)| Some(NormLocation { layer, step, tensor: norm.batch_norm()? }))
        });
        places.collect()
    }

    /// Runs a flow that reaches one place, or enters the network where that is none, up to the batch norm at another.
    pub fn run_between(&self, from: Option<NormLocation>, to: NormLocation, flow: Flow, mode: Mode) -> Flow {
        self.between(from, to).fold(flow, |flow, step| step.run(flow, mode))
    }

    /// How many operations `run_between` runs.
    pub fn operations_between(&self, from: Option<NormLocation>, to: NormLocation) -> usize {
        self.between(from, to).count()
    }

    fn between(&self, from: Option<NormLocation>, to: NormLocation) -> impl Iterator<Item = &Step> {
        let first = from.map_or((0, 0), |place| (place.layer, place.step));
        let layers = self.layers.iter().enumerate().take(to.layer + 1).skip(first.0);
        layers.flat_map(move |(layer, tensors)| {
            let start = if layer == first.0 { first.1 } else { 0 };
            let end = if layer == to.layer { to.step } else { tensors.steps.len() };
            &tensors.steps[start..end]
        })
    }

    /// Sets the running statistics of the batch norm at a place; `mean` and `variance` are `[channels]`.
    pub fn set_statistics(&self, place: NormLocation, mean: &Tensor, variance: &Tensor) {
        self.layers[place.layer].steps[place.step].set_statistics(mean, variance);
    }
}

/// Where a batch norm stands in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormLocation {
    layer: usize,
    step: usize,
    tensor: FlowTensor,
}

impl NormLocation {
    /// What comes to the batch norm there, `[batch, channels, …]`, of a flow that reaches it.
    pub fn input(self, flow: &Flow) -> &Tensor {
        match (self.tensor, &flow.skip) {
            (FlowTensor::Skip, Some(skip)) => skip,
            _ => &flow.value,
        }
    }
}
