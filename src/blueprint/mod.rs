//! Network families as data: named layers made of operations, with shapes, parameters and multiply-adds.
//!
//! A family is a list of operations, with its sizes and the names of its tensors. `network` gives the list its tensors and
//! runs it; `describe`, the range of k and shape errors are computed from it. So a new family is a file in `family`. This
//! module does not know about tensors, devices or files.

mod collapsed;
mod family;
mod flow;
mod frozen;
mod gradient;
mod operation;
mod plan;
mod shape;
mod slot;

pub(crate) use family::FamilyMark;
pub use family::{
    Architecture, ArchitectureName, Densenet, NetworkTable, Pooling, PreactResnet18, Resnet, ResnetDepth, Stem, Vit,
};
pub use frozen::FrozenSet;
pub use operation::{Operation, Window};
pub use plan::ShapeError;
pub use shape::Shape;
pub use slot::{Initial, Role, TensorSlot};

pub use crate::catalogue::ImageShape;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use family::Family;
use flow::{FlowShape, TooSmall};

/// What counts as one freezable layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// A stem, residual block, dense layer, transition, encoder block, or last norm.
    #[default]
    Block,
    /// Each convolution with its norm; attention and MLP of an encoder block separately.
    Sublayer,
}

/// One freezable layer of a network, or its head.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Name; also the prefix of its tensors' paths wherever the layer is one module of the original definition.
    pub name: String,
    /// Operations, in order.
    pub operations: Vec<Operation>,
}

/// A network as data: its freezable layers from the input on, and its head.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    /// Shape of one input image.
    pub input: ImageShape,
    /// Number of classes of the head.
    pub classes: usize,
    /// Freezable layers.
    pub layers: Vec<Layer>,
    /// Pooling and classifier, which form one linear map: new for every task, never frozen, not counted in k.
    pub head: Layer,
}

/// Output shape and cost of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// Name of the layer.
    pub name: String,
    /// Output shape for one image.
    pub output: Shape,
    /// Number of trainable parameters.
    pub parameters: u64,
    /// Forward multiply-adds of its convolutions, linear maps and attention, for one image.
    pub multiply_adds: u64,
}

impl Blueprint {
    /// Whether its layers output feature maps; false for networks that turn images into tokens at once.
    pub fn has_feature_maps(&self) -> bool {
        let mut operations = self.layers.iter().flat_map(|layer| &layer.operations);
        !operations.any(|operation| matches!(operation, Operation::Tokens))
    }

    /// Embedding dimension of a transformer; `None` for other networks.
    pub fn token_width(&self) -> Option<usize> {
        let mut operations = self.layers.iter().flat_map(|layer| &layer.operations);
        operations.find_map(|operation| match operation {
            Operation::Attention { width, .. } => Some(*width),
            _ => None,
        })
    }

    /// The fewest input channels of its 1×1 convolutions; `None` without such a convolution.
    pub fn narrowest_pointwise(&self) -> Option<usize> {
        let operations = self.layers.iter().flat_map(|layer| &layer.operations);
        let inputs = operations.filter_map(|operation| {
            let operation = if let Operation::OnSkip(inner) = operation { inner } else { operation };
            match operation {
                Operation::Convolution { inputs, window, .. } if window.kernel == 1 => Some(*inputs),
                _ => None,
            }
        });
        inputs.min()
    }

    /// Builds the network of an architecture for an image shape and a number of classes; fails if the sizes are
    /// inconsistent.
    pub fn new(
        architecture: &Architecture,
        granularity: Granularity,
        input: ImageShape,
        classes: usize,
    ) -> Result<Self, ShapeError> {
        let family = architecture.family();
        let plan = family.layers(input, classes)?;
        let layers = plan.blocks.into_iter().flat_map(|block| block.into_layers(granularity)).collect();
        let head = Layer { name: "head".into(), operations: plan.head };
        let blueprint = Self { input, classes, layers, head };
        blueprint.check_windows().map_err(|(layer, small)| blueprint.too_small(family, layer, small))?;
        Ok(blueprint)
    }

    /// All layers in order, the head last.
    pub fn all_layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().chain(std::iter::once(&self.head))
    }

    /// Output shape and cost of every layer, the head last.
    pub fn facts(&self) -> Vec<LayerFacts> {
        let mut facts: Vec<LayerFacts> = self
            .all_layers()
            .map(|layer| LayerFacts {
                name: layer.name.clone(),
                output: Shape::Image(self.input),
                parameters: layer.parameters(),
                multiply_adds: 0,
            })
            .collect();
        self.walk(|layer, _, _, passed| {
            facts[layer].output = passed.output;
            facts[layer].multiply_adds += passed.multiply_adds;
        });
        facts
    }

    /// Whether a batch norm in one of the selected layers sees feature maps of a single pixel. With batch statistics it
    /// then needs more than one image.
    pub fn normalises_one_pixel(&self, layers: impl Fn(usize) -> bool) -> bool {
        let mut found = false;
        self.walk(|layer, operation, input, _| {
            let one_pixel = matches!(input, Shape::Image(ImageShape { height: 1, width: 1, .. }));
            found |= layers(layer) && one_pixel && matches!(operation, Operation::BatchNorm { .. });
        });
        found
    }

    /// Number of trainable parameters, given the frozen layers.
    pub fn trainable_parameters(&self, frozen: &FrozenSet) -> u64 {
        let layers = self.all_layers().enumerate();
        layers.filter(|(index, _)| !frozen.has(*index)).map(|(_, layer)| layer.parameters()).sum()
    }

    /// Shapes at the output of the first `layers` layers for one image: the value, and the value saved for a skip connection.
    pub fn boundary(&self, layers: usize) -> (Shape, Option<Shape>) {
        let mut flow = FlowShape::new(Shape::Image(self.input));
        for operation in self.layers[..layers].iter().flat_map(|layer| &layer.operations) {
            // Same as in `walk`.
            let _ = flow.pass(operation);
        }
        (flow.value, flow.skip)
    }

    /// Visits every operation with the index of its layer, its input shape, its output shape and its cost.
    fn walk(&self, mut visit: impl FnMut(usize, &Operation, Shape, OperationOutput)) {
        let mut flow = FlowShape::new(Shape::Image(self.input));
        for (index, layer) in self.all_layers().enumerate() {
            for operation in &layer.operations {
                let input = flow.value;
                // `new` has checked that every window fits; a blueprint changed by hand has no cost from there on.
                let multiply_adds = flow.pass(operation).unwrap_or(0);
                visit(index, operation, input, OperationOutput { output: flow.value, multiply_adds });
            }
        }
    }

    /// The first layer whose windows do not fit is an error.
    fn check_windows(&self) -> Result<(), (&str, TooSmall)> {
        let mut flow = FlowShape::new(Shape::Image(self.input));
        for layer in self.all_layers() {
            for operation in &layer.operations {
                flow.pass(operation).map_err(|small| (layer.name.as_str(), small))?;
            }
        }
        Ok(())
    }

    fn too_small(&self, family: &dyn Family, layer: &str, small: TooSmall) -> ShapeError {
        let (key, hint) = family.too_small();
        let (height, width) = (small.map.height, small.map.width);
        ShapeError {
            key,
            message: format!(
                "images of {}×{} are too small for this network: `{layer}` gets a {height}×{width} feature map, \
                 but needs at least {side}×{side}",
                self.input.height,
                self.input.width,
                side = small.window.kernel
            ),
            hint: hint.into(),
        }
    }
}

/// Output shape and cost of one operation.
struct OperationOutput {
    output: Shape,
    multiply_adds: u64,
}

impl Layer {
    /// Number of trainable parameters in the layer.
    pub fn parameters(&self) -> u64 {
        self.slots().filter(|slot| slot.role == Role::Parameter).map(|slot| slot.elements()).sum()
    }

    /// The layer's tensors.
    pub fn slots(&self) -> impl Iterator<Item = TensorSlot> {
        self.operations.iter().flat_map(Operation::slots)
    }
}

#[cfg(test)]
mod tests;
