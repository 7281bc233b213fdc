//! One tensor of an operation: its name, shape and initialisation.

/// One tensor of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSlot {
    /// Path, unique in the network: module path and tensor name as in PyTorch.
    pub path: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub role: Role,
    /// Initialisation.
    pub initial: Initial,
}

impl TensorSlot {
    /// Number of elements.
    pub fn elements(&self) -> u64 {
        self.shape.iter().product::<usize>() as u64
    }
}

/// Role of a tensor in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Updated by the optimizer.
    Parameter,
    /// Updated by the forward pass of batch norm.
    Statistic,
}

/// Initialisation of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Uniform in ±bound.
    Uniform {
        /// Bound.
        bound: f64,
    },
    /// Normal with mean 0.
    Normal {
        /// Standard deviation.
        deviation: f64,
    },
    /// Normal with mean 0, redrawn outside ±limit.
    TruncatedNormal {
        /// Standard deviation before truncation.
        deviation: f64,
        /// Limit.
        limit: f64,
    },
    /// All zero.
    Zeros,
    /// All one.
    Ones,
}

impl Initial {
    /// PyTorch's default for weights and biases of convolutions and linear maps: `kaiming_uniform_` with a = √5, which
    /// is uniform in ±1/√fan-in (`torch/nn/modules/conv.py` and `linear.py`, `reset_parameters`).
    pub(super) fn of_fan_in(fan_in: usize) -> Self {
        Self::Uniform { bound: 1.0 / (fan_in as f64).sqrt() }
    }

    /// `kaiming_normal_` for a ReLU, with the given fan (He et al., arXiv 1502.01852).
    pub(super) fn kaiming(fan: usize) -> Self {
        Self::Normal { deviation: (2.0 / fan as f64).sqrt() }
    }

    /// `xavier_uniform_` (Glorot and Bengio, 2010).
    pub(super) fn xavier(fan_in: usize, fan_out: usize) -> Self {
        Self::Uniform { bound: (6.0 / (fan_in + fan_out) as f64).sqrt() }
    }
}
