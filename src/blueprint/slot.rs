//! One tensor of an operation: its name, its sizes, and how it starts.

/// One tensor of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSlot {
    /// Its path, unique in the network: the module's path and the tensor's name in PyTorch.
    pub path: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub role: Role,
    /// Its value before training.
    pub initial: Initial,
}

impl TensorSlot {
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
    /// Normal about zero.
    Normal {
        /// The standard deviation.
        deviation: f64,
    },
    /// Normal about zero, drawn again where it falls beyond plus or minus the limit.
    TruncatedNormal {
        /// The standard deviation before the cut.
        deviation: f64,
        /// The limit.
        limit: f64,
    },
    /// All zero.
    Zeros,
    /// All one.
    Ones,
}

impl Initial {
    /// PyTorch's default for convolutions and linear maps, weights and biases alike: `kaiming_uniform_` with a = √5,
    /// which is uniform within 1/√fan-in (`torch/nn/modules/conv.py` and `linear.py`, `reset_parameters`).
    pub(super) fn of_fan_in(fan_in: usize) -> Self {
        Self::Uniform { bound: 1.0 / (fan_in as f64).sqrt() }
    }

    /// `kaiming_normal_` before a ReLU, over the fan that is given (He et al., arXiv 1502.01852).
    pub(super) fn kaiming(fan: usize) -> Self {
        Self::Normal { deviation: (2.0 / fan as f64).sqrt() }
    }

    /// `xavier_uniform_` (Glorot and Bengio, 2010).
    pub(super) fn xavier(fan_in: usize, fan_out: usize) -> Self {
        Self::Uniform { bound: (6.0 / (fan_in + fan_out) as f64).sqrt() }
    }
}
