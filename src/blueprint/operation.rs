//! The operations that layers are made of, and the tensors of each.
//!
//! A network computes one value, and saves a second one for a skip connection. A family lists operations; `flow` has
//! their shapes and costs, `network` computes them.

use super::slot::{Initial, Role, TensorSlot};

/// One step of a network. Paths are those of the module in PyTorch's definition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A square convolution.
    Convolution {
        /// Module path.
        path: String,
        /// Input channels.
        inputs: usize,
        /// Output channels.
        outputs: usize,
        /// Kernel size, stride and padding.
        window: Window,
        /// Initial weights.
        weight: Initial,
        /// Initial bias, if there is one.
        bias: Option<Initial>,
    },
    /// A linear map with bias, applied to a vector or to each token.
    Linear {
        /// Module path.
        path: String,
        /// Input features.
        inputs: usize,
        /// Output features.
        outputs: usize,
        /// Initial weights.
        weight: Initial,
        /// Initial bias.
        bias: Initial,
    },
    /// Batch normalisation with scale and shift.
    BatchNorm {
        /// Module path.
        path: String,
        /// Number of channels.
        channels: usize,
    },
    /// Layer normalisation of each token, with scale and shift.
    LayerNorm {
        /// Module path.
        path: String,
        /// Embedding dimension.
        width: usize,
    },
    /// max(0, x), in place.
    Relu,
    /// x·Φ(x), with the exact normal distribution.
    Gelu,
    /// Dropout while the layer trains.
    Dropout {
        /// Dropout probability.
        share: f64,
    },
    /// Max-pooling; padding never wins.
    MaxPool(Window),
    /// Average pooling of windows.
    AverageWindows(Window),
    /// Global average pooling.
    AveragePool,
    /// Flattens a feature map to tokens, one per position, row by row.
    Tokens,
    /// Prepends a learned class token.
    ClassToken {
        /// Path of the tensor.
        path: String,
        /// Embedding dimension.
        width: usize,
    },
    /// Adds a learned position embedding to each token.
    Positions {
        /// Path of the tensor.
        path: String,
        /// Number of tokens.
        tokens: usize,
        /// Embedding dimension.
        width: usize,
    },
    /// Multi-head self-attention with input and output projections.
    Attention {
        /// Module path.
        path: String,
        /// Embedding dimension.
        width: usize,
        /// Number of heads.
        heads: usize,
    },
    /// Selects the first token.
    FirstToken,
    /// The mean of all tokens.
    MeanToken,
    /// Saves the value for a skip connection.
    SaveSkip,
    /// An operation on the saved value.
    OnSkip(Box<Operation>),
    /// Adds the saved value in place, and drops it.
    AddSkip,
    /// Concatenates the saved value before the value along channels, and drops it.
    ConcatenateSkip,
}

/// The sliding window of a convolution or of pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Kernel size.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Padding on each side.
    pub padding: usize,
}

impl Window {
    /// A window that preserves the map's size at stride 1.
    pub fn centred(kernel: usize, stride: usize) -> Self {
        Self { kernel, stride, padding: kernel / 2 }
    }

    /// Non-overlapping windows.
    pub fn tiles(side: usize) -> Self {
        Self { kernel: side, stride: side, padding: 0 }
    }

    /// Number of outputs along a side; `None` if the window is larger than the map.
    pub fn outputs(self, length: usize) -> Option<usize> {
        Some((length + 2 * self.padding).checked_sub(self.kernel)? / self.stride + 1)
    }
}

impl Operation {
    /// Tensors of the operation, in the order in which `network` stores them.
    pub fn slots(&self) -> Vec<TensorSlot> {
        let parameter = |path: &str, name: &str, shape: &[usize], initial| {
            let path = if name.is_empty() { path.to_owned() } else { format!("{path}.{name}") };
            TensorSlot { path, shape: shape.to_vec(), role: Role::Parameter, initial }
        };
        let scale_and_shift = |path: &str, width: usize| {
            vec![parameter(path, "weight", &[width], Initial::Ones), parameter(path, "bias", &[width], Initial::Zeros)]
        };
        match self {
            Self::Convolution { path, inputs, outputs, window, weight, bias } => {
                let shape = [*outputs, *inputs, window.kernel, window.kernel];
                let weight = parameter(path, "weight", &shape, *weight);
                let bias = bias.map(|bias| parameter(path, "bias", &[*outputs], bias));
                std::iter::once(weight).chain(bias).collect()
            }
            Self::Linear { path, inputs, outputs, weight, bias } => vec![
                parameter(path, "weight", &[*outputs, *inputs], *weight),
                parameter(path, "bias", &[*outputs], *bias),
            ],
            Self::BatchNorm { path, channels } => {
                let statistic = |name, initial| TensorSlot {
                    role: Role::Statistic,
                    ..parameter(path, name, &[*channels], initial)
                };
                let mut slots = scale_and_shift(path, *channels);
                slots.push(statistic("running_mean", Initial::Zeros));
                slots.push(statistic("running_var", Initial::Ones));
                slots
            }
            Self::LayerNorm { path, width } => scale_and_shift(path, *width),
            Self::ClassToken { path, width } => vec![parameter(path, "", &[1, 1, *width], Initial::Zeros)],
            // Dosovitskiy et al., "An Image is Worth 16x16 Words" (arXiv 2010.11929), as in torchvision.
            Self::Positions { path, tokens, width } => {
                vec![parameter(path, "", &[1, *tokens, *width], Initial::Normal { deviation: 0.02 })]
            }
            // `torch/nn/modules/activation.py`, `MultiheadAttention._reset_parameters`: the output projection keeps the
            // weights of a linear map, and every bias is zero.
            Self::Attention { path, width, .. } => vec![
                parameter(path, "in_proj_weight", &[3 * width, *width], Initial::xavier(*width, 3 * width)),
                parameter(path, "in_proj_bias", &[3 * width], Initial::Zeros),
                parameter(path, "out_proj.weight", &[*width, *width], Initial::of_fan_in(*width)),
                parameter(path, "out_proj.bias", &[*width], Initial::Zeros),
            ],
            Self::OnSkip(inner) => inner.slots(),
            _ => Vec::new(),
        }
    }

    /// Whether it changes its input in place, so that nothing else may hold it.
    pub fn in_place(&self) -> bool {
        matches!(self, Self::Relu | Self::AddSkip)
    }
}
