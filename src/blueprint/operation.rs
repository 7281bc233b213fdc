//! The operations that layers are made of, and the tensors of each.
//!
//! What flows is a value and, beside it, a second one for a skip connection. A family names operations; what they do to
//! shapes and what they cost is in `flow`, how they are computed in `network`.

use super::slot::{Initial, Role, TensorSlot};

/// One step of a network. Paths are those of the tensors' module in PyTorch's definition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A square convolution.
    Convolution {
        /// Path of the module.
        path: String,
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// What of the feature map it sees.
        window: Window,
        /// How its weights start.
        weight: Initial,
        /// How its bias starts, if it has one.
        bias: Option<Initial>,
    },
    /// A linear map with bias, of a vector or of each token.
    Linear {
        /// Path of the module.
        path: String,
        /// Features in.
        inputs: usize,
        /// Features out.
        outputs: usize,
        /// How its weights start.
        weight: Initial,
        /// How its bias starts.
        bias: Initial,
    },
    /// Batch normalisation with scale and shift.
    BatchNorm {
        /// Path of the module.
        path: String,
        /// Channels.
        channels: usize,
    },
    /// Layer normalisation of each token, with scale and shift.
    LayerNorm {
        /// Path of the module.
        path: String,
        /// Numbers in a token.
        width: usize,
    },
    /// max(0, x), in place.
    Relu,
    /// x·Φ(x), with the exact normal distribution.
    Gelu,
    /// Zeroes numbers at random while the layer trains, and scales up the others.
    Dropout {
        /// The share that is zeroed.
        share: f64,
    },
    /// The largest of each window of a feature map; padding never wins.
    MaxPool(Window),
    /// The mean of each window of a feature map.
    AverageWindows(Window),
    /// The mean over all places of a feature map.
    AveragePool,
    /// A feature map as tokens, one a place, row by row.
    Tokens,
    /// A learned token before all others.
    ClassToken {
        /// Path of the tensor.
        path: String,
        /// Numbers in a token.
        width: usize,
    },
    /// Adds a learned vector to each token, by its place.
    Positions {
        /// Path of the tensor.
        path: String,
        /// How many tokens.
        tokens: usize,
        /// Numbers in a token.
        width: usize,
    },
    /// Self-attention over tokens with several heads, its projections in and out.
    Attention {
        /// Path of the module.
        path: String,
        /// Numbers in a token.
        width: usize,
        /// How many heads share them.
        heads: usize,
    },
    /// The first token alone.
    FirstToken,
    /// The mean of all tokens.
    MeanToken,
    /// Saves the value for a skip connection.
    SaveSkip,
    /// An operation on the skip connection.
    OnSkip(Box<Operation>),
    /// Adds the skip connection to the value, in place, and drops it.
    AddSkip,
    /// Puts the skip connection before the value, by channels, and drops it.
    ConcatenateSkip,
}

/// The part of a feature map that one output of a convolution or of pooling sees: a square that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its side.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// What is added on each side of the map.
    pub padding: usize,
}

impl Window {
    /// A window that keeps the map's size at stride 1.
    pub fn centred(kernel: usize, stride: usize) -> Self {
        Self { kernel, stride, padding: kernel / 2 }
    }

    /// Windows side by side.
    pub fn tiles(side: usize) -> Self {
        Self { kernel: side, stride: side, padding: 0 }
    }

    /// How many outputs fit along a side; none where the window is larger than the map.
    pub fn outputs(self, length: usize) -> Option<usize> {
        Some((length + 2 * self.padding).checked_sub(self.kernel)? / self.stride + 1)
    }
}

impl Operation {
    /// The tensors of the operation, in the order in which `network` holds them.
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
            // Dosovitskiy et al., "An Image is Worth 16x16 Words" (arXiv 2010.11929), as torchvision has it.
            Self::Positions { path, tokens, width } => {
                vec![parameter(path, "", &[1, *tokens, *width], Initial::Normal { deviation: 0.02 })]
            }
            // `torch/nn/modules/activation.py`, `MultiheadAttention._reset_parameters`: the projection out keeps the
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

    /// Whether it changes the value where it lies, so that nothing else may hold it.
    pub fn in_place(&self) -> bool {
        matches!(self, Self::Relu | Self::AddSkip)
    }
}
