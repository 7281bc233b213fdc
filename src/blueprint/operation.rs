//! The operations that layers are made of, each with its tensors, its effect on shapes and its cost.
//!
//! What flows is a value and, beside it, a second one kept for a shortcut.

use super::{ImageShape, Shape};

/// One step of a network. Paths are those of the tensors' module in PyTorch's definition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A square convolution without bias.
    Convolution {
        /// Path of the module.
        path: String,
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// Side of the kernel.
        kernel: usize,
        /// Step between outputs.
        stride: usize,
        /// Zeros added on each side.
        padding: usize,
    },
    /// Batch normalisation with scale and shift.
    BatchNorm {
        /// Path of the module.
        path: String,
        /// Channels.
        channels: usize,
    },
    /// max(0, x), in place.
    Relu,
    /// Keeps the value for a shortcut.
    Keep,
    /// An operation on what is kept.
    OnKept(Box<Operation>),
    /// Adds what is kept to the value, and keeps it no longer.
    AddKept,
    /// The mean over all places of a feature map.
    AveragePool,
    /// A linear map with bias.
    Linear {
        /// Path of the module.
        path: String,
        /// Features in.
        inputs: usize,
        /// Features out.
        outputs: usize,
    },
}

/// One tensor of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Its path, unique in the network: the module's path and the tensor's name in PyTorch.
    pub path: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub role: Role,
    /// Its value before training.
    pub initial: Initial,
}

impl Slot {
    /// How many numbers it holds.
    pub fn elements(&self) -> u64 {
        self.shape.iter().product::<usize>() as u64
    }
}

/// What a tensor is to training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Changed by the optimizer.
    Parameter,
    /// Changed by the forward pass of batch norm.
    Statistic,
}

/// The distribution of a tensor before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Uniform between plus and minus the bound.
    Uniform {
        /// The bound.
        bound: f64,
    },
    /// All zero.
    Zeros,
    /// All one.
    Ones,
}

/// The shapes of the value and of what is kept.
pub(super) struct FlowShape {
    pub(super) value: Shape,
    kept: Option<Shape>,
}

impl FlowShape {
    pub(super) fn new(value: Shape) -> Self {
        Self { value, kept: None }
    }
}

impl Operation {
    /// The tensors of the operation, in the order in which `network` holds them.
    pub fn slots(&self) -> Vec<Slot> {
        let slot = |path: &str, name: &str, shape: &[usize], role, initial| Slot {
            path: format!("{path}.{name}"),
            shape: shape.to_vec(),
            role,
            initial,
        };
        match self {
            Self::Convolution { path, inputs, outputs, kernel, .. } => {
                let initial = default_uniform(inputs * kernel * kernel);
                vec![slot(path, "weight", &[*outputs, *inputs, *kernel, *kernel], Role::Parameter, initial)]
            }
            Self::BatchNorm { path, channels } => vec![
                slot(path, "weight", &[*channels], Role::Parameter, Initial::Ones),
                slot(path, "bias", &[*channels], Role::Parameter, Initial::Zeros),
                slot(path, "running_mean", &[*channels], Role::Statistic, Initial::Zeros),
                slot(path, "running_var", &[*channels], Role::Statistic, Initial::Ones),
            ],
            Self::Linear { path, inputs, outputs } => vec![
                slot(path, "weight", &[*outputs, *inputs], Role::Parameter, default_uniform(*inputs)),
                slot(path, "bias", &[*outputs], Role::Parameter, default_uniform(*inputs)),
            ],
            Self::OnKept(inner) => inner.slots(),
            Self::Relu | Self::Keep | Self::AddKept | Self::AveragePool => Vec::new(),
        }
    }

    /// Carries the shapes past the operation and returns its multiply-adds for one image.
    pub(super) fn apply(&self, flow: &mut FlowShape) -> u64 {
        match self {
            Self::Keep => flow.kept = Some(flow.value),
            Self::AddKept => flow.kept = None,
            Self::OnKept(inner) => {
                let mut side = FlowShape::new(flow.kept.unwrap_or(flow.value));
                let cost = inner.apply(&mut side);
                flow.kept = Some(side.value);
                return cost;
            }
            _ => {
                let (output, cost) = self.map(flow.value);
                flow.value = output;
                return cost;
            }
        }
        0
    }

    fn map(&self, input: Shape) -> (Shape, u64) {
        match (self, input) {
            (Self::Convolution { inputs, outputs, kernel, stride, padding, .. }, Shape::Image(image)) => {
                let side = |length: usize| (length + 2 * padding).saturating_sub(*kernel) / stride + 1;
                let output = ImageShape { channels: *outputs, height: side(image.height), width: side(image.width) };
                (Shape::Image(output), (output.elements() * inputs * kernel * kernel) as u64)
            }
            (Self::AveragePool, Shape::Image(image)) => (Shape::Features(image.channels), 0),
            (Self::Linear { inputs, outputs, .. }, _) => (Shape::Features(*outputs), (inputs * outputs) as u64),
            (_, shape) => (shape, 0),
        }
    }
}

/// PyTorch's default for convolutions and linear maps, weights and biases alike: `kaiming_uniform_` with a = √5,
/// which is uniform within 1/√fan-in (`torch/nn/modules/conv.py` and `linear.py`, `reset_parameters`).
fn default_uniform(fan_in: usize) -> Initial {
    Initial::Uniform { bound: 1.0 / (fan_in as f64).sqrt() }
}
