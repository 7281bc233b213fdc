//! A blueprint with tensors: the stack of freezable layers and the head.
//!
//! One interpreter runs every family, so a family is written only once, as data in `blueprint`. A network can be built
//! in any floating-point kind on any device. It must not know data sets, optimizers or paths of files.

mod attention;
mod bound_operation;
mod foreign;
mod initial;
mod logits;
mod names;
mod published;
mod shards;
mod tensor_file;
mod weights;

use tch::{Device, Kind, Tensor, no_grad};

pub use bound_operation::{Flow, Mode};
pub use foreign::blueprint_of;
pub use logits::logits_of;
pub use published::PublishedWeights;
pub use tensor_file::{dtype_of, kind_of, read_header, read_safetensors, to_bytes, write_safetensors};
pub use weights::{Matching, Misshapen, NamedTensors, check_numbers, is_counter, with_counters};

use crate::blueprint::{Blueprint, Operation, Role};
use crate::error::UserError;
use crate::native;
use crate::spec::MemoryFormat;
use bound_operation::{BoundOperation, FlowTensor};

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
    operations: Vec<BoundOperation>,
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
    /// A network with initial weights; each tensor is drawn from the random stream of its path.
    pub fn new(blueprint: &Blueprint, device: Device, kind: Kind, seed: u64) -> Self {
        let layers = blueprint
            .all_layers()
            .map(|layer| LayerTensors {
                operations: layer
                    .operations
                    .iter()
                    .map(|operation| {
                        BoundOperation::new(operation, |slot| initial::draw(slot, seed).to_device(device).to_kind(kind))
                    })
                    .collect(),
            })
            .collect();
        Self { blueprint: blueprint.clone(), layers, device, kind, layout: MemoryFormat::ChannelsFirst }
    }

    /// A deep copy.
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

    /// The blueprint that it was built from.
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    /// Where its tensors are.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The kind of its tensors.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Changes the memory layout of convolution weights and, from now on, of every input image; feature maps follow.
    /// Values stay the same.
    pub fn lay_out(&mut self, layout: MemoryFormat) -> Result<(), UserError> {
        self.layout = layout;
        for operation in self.layers.iter_mut().flat_map(|layer| &mut layer.operations) {
            operation.lay_out(layout)?;
        }
        Ok(())
    }

    /// The memory layout of its inputs.
    pub fn layout(&self) -> MemoryFormat {
        self.layout
    }

    /// Prepares images `[batch, channels, height, width]` as input of the first layer. The batches of a training are in
    /// the network's layout already: for them it copies nothing.
    ///
    /// # Panics
    /// If they have other dimensions.
    pub fn enter(&self, mut images: Tensor) -> Flow {
        native::lay_out(&mut images, self.layout).expect("images have four dimensions");
        Flow::new(images)
    }

    /// Number of freezable layers.
    pub fn freezable(&self) -> usize {
        self.blueprint.layers.len()
    }

    /// Runs the layers `first..end`; the head has index `freezable()`.
    pub fn run(&self, first: usize, end: usize, flow: Flow, mode: Mode) -> Flow {
        let operations = self.layers[first..end].iter().flat_map(|layer| &layer.operations);
        operations.fold(flow, |flow, operation| operation.run(flow, mode))
    }

    /// Like `run`, with a mode per layer; the head's is last.
    pub fn run_each(&self, first: usize, end: usize, flow: Flow, modes: &[Mode]) -> Flow {
        (first..end).fold(flow, |flow, layer| self.run(layer, layer + 1, flow, modes[layer]))
    }

    /// Logits `[batch, classes]` of images `[batch, channels, height, width]`, with all layers in one mode.
    pub fn logits(&self, images: Tensor, mode: Mode) -> Tensor {
        self.run(0, self.layers.len(), self.enter(images), mode).value
    }

    /// Pools the output of the freezable layers into the classifier's input, `[batch, features]`.
    pub fn pool(&self, flow: Flow, mode: Mode) -> Tensor {
        let (_, pooling) = self.head();
        pooling.iter().fold(flow, |flow, operation| operation.run(flow, mode)).value
    }

    /// Logits `[batch, classes]` of pooled features.
    pub fn classify(&self, features: Tensor) -> Tensor {
        let (classifier, _) = self.head();
        classifier.run(Flow::new(features), Mode::Evaluate).value
    }

    /// The head's linear map, and the operations before it.
    fn head(&self) -> (&BoundOperation, &[BoundOperation]) {
        let head = self.layers.last().and_then(|head| head.operations.split_last());
        head.expect("a head ends in a linear map")
    }

    /// Whether its freezable layers have dropout.
    pub fn has_dropout(&self) -> bool {
        let mut operations = self.blueprint.layers.iter().flat_map(|layer| &layer.operations);
        operations.any(|operation| matches!(operation, Operation::Dropout { .. }))
    }

    /// Every tensor, in the order of the layers.
    pub fn tensors(&self) -> impl Iterator<Item = Named<'_>> {
        self.layers.iter().enumerate().flat_map(|(layer, tensors)| {
            tensors.operations.iter().flat_map(BoundOperation::tensors).map(move |(slot, tensor)| Named {
                path: &slot.path,
                layer,
                role: slot.role,
                tensor,
            })
        })
    }

    /// The batch norms of the layers for which `wanted` is true, in order.
    pub fn batch_norms(&self, wanted: impl Fn(usize) -> bool) -> Vec<NormLocation> {
        let layers = self.layers.iter().enumerate().filter(|(layer, _)| wanted(*layer));
        let places = layers.flat_map(|(layer, tensors)| {
            let operations = tensors.operations.iter().enumerate();
            operations.filter_map(move |(operation, norm)| {
                Some(NormLocation { layer, operation, tensor: norm.batch_norm()? })
            })
        });
        places.collect()
    }

    /// Runs a flow from the batch norm at `from`, or from the network's input if `None`, up to the one at `to`, exclusive.
    pub fn run_between(&self, from: Option<NormLocation>, to: NormLocation, flow: Flow, mode: Mode) -> Flow {
        self.between(from, to).fold(flow, |flow, operation| operation.run(flow, mode))
    }

    /// The number of operations that `run_between` runs.
    pub fn operations_between(&self, from: Option<NormLocation>, to: NormLocation) -> usize {
        self.between(from, to).count()
    }

    fn between(&self, from: Option<NormLocation>, to: NormLocation) -> impl Iterator<Item = &BoundOperation> {
        let first = from.map_or((0, 0), |place| (place.layer, place.operation));
        let layers = self.layers.iter().enumerate().take(to.layer + 1).skip(first.0);
        layers.flat_map(move |(layer, tensors)| {
            let start = if layer == first.0 { first.1 } else { 0 };
            let end = if layer == to.layer { to.operation } else { tensors.operations.len() };
            &tensors.operations[start..end]
        })
    }

    /// Sets the running statistics of the batch norm at a place; `mean` and `variance` are `[channels]`.
    pub fn set_statistics(&self, place: NormLocation, mean: &Tensor, variance: &Tensor) {
        self.layers[place.layer].operations[place.operation].set_statistics(mean, variance);
    }
}

/// The position of a batch norm in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormLocation {
    layer: usize,
    operation: usize,
    tensor: FlowTensor,
}

impl NormLocation {
    /// The input of the batch norm, `[batch, channels, …]`, in a flow that has reached it.
    pub fn input(self, flow: &Flow) -> &Tensor {
        match (self.tensor, &flow.skip) {
            (FlowTensor::Skip, Some(skip)) => skip,
            _ => &flow.value,
        }
    }
}
