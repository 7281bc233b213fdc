//! One operation with its tensors, and the values that flow between operations.

use tch::{Kind, Tensor, no_grad};

use super::attention::attention;
use crate::blueprint::{Operation, TensorSlot, Window};
use crate::error::UserError;
use crate::native;
use crate::spec::MemoryFormat;

/// PyTorch's defaults for batch norm.
const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

/// torchvision's value for the layer norms of its vision transformers.
const LAYER_EPSILON: f64 = 1e-6;

/// How layers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Training: batch norm uses batch statistics and updates the running ones; dropout is on.
    Train,
    /// Batch norm as in training; dropout is off.
    BatchStatistics,
    /// Evaluation: batch norm uses the running statistics and does not change them; dropout is off.
    Evaluate,
    /// Batch norm uses batch statistics, and the running ones become the mean over all batches so far; dropout is off.
    Estimate {
        /// Batches so far, including this one.
        batches: u32,
    },
}

/// What flows through a network: a value `[batch, …]`, and inside a block the saved input of its skip connection.
#[derive(Debug)]
pub struct Flow {
    /// The value.
    pub value: Tensor,
    /// The saved tensor that a later operation adds or concatenates.
    pub skip: Option<Tensor>,
}

impl Flow {
    /// A flow with nothing saved.
    pub fn new(value: Tensor) -> Self {
        Self { value, skip: None }
    }

    /// A copy: some operations work in place.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { value: self.value.copy(), skip: self.skip.as_ref().map(Tensor::copy) }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        let bytes = |tensor: &Tensor| (tensor.numel() * tensor.kind().elt_size_in_bytes()) as u64;
        bytes(&self.value) + self.skip.as_ref().map_or(0, bytes)
    }

    fn take_skip(&mut self) -> Tensor {
        self.skip.take().expect("a blueprint saves a value before it uses it")
    }
}

/// An operation and its tensors, in the order of its slots.
#[derive(Debug)]
pub(super) struct BoundOperation {
    operation: Operation,
    slots: Vec<TensorSlot>,
    tensors: Vec<Tensor>,
}

impl BoundOperation {
    pub(super) fn new(operation: &Operation, make: impl Fn(&TensorSlot) -> Tensor) -> Self {
        let slots = operation.slots();
        let tensors = slots.iter().map(make).collect();
        Self { operation: operation.clone(), slots, tensors }
    }

    pub(super) fn tensors(&self) -> impl Iterator<Item = (&TensorSlot, &Tensor)> {
        self.slots.iter().zip(&self.tensors)
    }

    /// If it is a batch norm, the tensor of the flow that it normalises.
    pub(super) fn batch_norm(&self) -> Option<FlowTensor> {
        match &self.operation {
            Operation::BatchNorm { .. } => Some(FlowTensor::Value),
            Operation::OnSkip(inner) if matches!(**inner, Operation::BatchNorm { .. }) => Some(FlowTensor::Skip),
            _ => None,
        }
    }

    /// Changes the memory layout of a convolution's weights.
    pub(super) fn lay_out(&mut self, layout: MemoryFormat) -> Result<(), UserError> {
        let operation = match &self.operation {
            Operation::OnSkip(inner) => inner,
            operation => operation,
        };
        match operation {
            Operation::Convolution { .. } => native::lay_out(&mut self.tensors[0], layout),
            _ => Ok(()),
        }
    }

    pub(super) fn set_statistics(&self, mean: &Tensor, variance: &Tensor) {
        no_grad(|| {
            self.tensors[2].shallow_clone().copy_(mean);
            self.tensors[3].shallow_clone().copy_(variance);
        });
    }

    pub(super) fn run(&self, mut flow: Flow, mode: Mode) -> Flow {
        match &self.operation {
            Operation::SaveSkip => flow.skip = Some(flow.value.shallow_clone()),
            Operation::OnSkip(inner) => {
                let skip = flow.take_skip();
                flow.skip = Some(self.apply(inner, skip, mode));
            }
            Operation::AddSkip => {
                let skip = flow.take_skip();
                // Under autocast a transformer's sums stay in the wider kind, as in PyTorch. Without autocast its linear maps
                // return views, and changing those in place costs the backward pass more than it saves.
                let map = flow.value.dim() == 4;
                if map && flow.value.kind() == skip.kind() {
                    let _ = flow.value.g_add_(&skip);
                } else {
                    flow.value = &flow.value + &skip;
                }
            }
            Operation::ConcatenateSkip => flow.value = Tensor::cat(&[&flow.take_skip(), &flow.value], 1),
            operation => flow.value = self.apply(operation, flow.value, mode),
        }
        flow
    }

    fn apply(&self, operation: &Operation, mut value: Tensor, mode: Mode) -> Tensor {
        let tensors = &self.tensors;
        match operation {
            Operation::Convolution { window, .. } => convolution(&value, &tensors[0], tensors.get(1), *window),
            Operation::Linear { .. } => value.linear(&tensors[0], Some(&tensors[1])),
            Operation::BatchNorm { .. } => {
                if let Mode::Estimate { batches: 1 } = mode {
                    // A factor of 0 does not remove NaN or infinity from earlier statistics.
                    tensors[2..4].iter().for_each(|statistic| _ = statistic.shallow_clone().zero_());
                }
                let [weight, bias, mean, variance] = [0, 1, 2, 3].map(|index| Some(&tensors[index]));
                let momentum = match mode {
                    Mode::Estimate { batches } => 1.0 / f64::from(batches),
                    _ => MOMENTUM,
                };
                value.batch_norm(weight, bias, mean, variance, mode != Mode::Evaluate, momentum, EPSILON, true)
            }
            Operation::LayerNorm { width, .. } => {
                value.layer_norm([*width as i64], Some(&tensors[0]), Some(&tensors[1]), LAYER_EPSILON, true)
            }
            // In place: the preceding norm does not need its output for its gradient, and this saves memory traffic.
            Operation::Relu => value.relu_(),
            Operation::Gelu => value.gelu("none"),
            Operation::Dropout { share } if mode == Mode::Train => value.dropout(*share, true),
            Operation::Dropout { .. } => value,
            Operation::MaxPool(window) => {
                let [kernel, stride, padding] = sizes(*window);
                value.max_pool2d(kernel, stride, padding, [1, 1], false)
            }
            Operation::AverageWindows(window) => {
                let [kernel, stride, padding] = sizes(*window);
                value.avg_pool2d(kernel, stride, padding, false, true, None::<i64>)
            }
            Operation::AveragePool => value.mean_dim([2i64, 3].as_slice(), false, None::<Kind>),
            Operation::Tokens => value.flatten(2, 3).transpose(1, 2),
            Operation::ClassToken { .. } => {
                let token = tensors[0].expand([value.size()[0], -1, -1], false);
                Tensor::cat(&[token, value], 1)
            }
            Operation::Positions { .. } => value + &tensors[0],
            Operation::Attention { heads, .. } => {
                let [project, bias, out, out_bias] = [0, 1, 2, 3].map(|index| &tensors[index]);
                attention(&value, *heads as i64, (project, bias), (out, out_bias))
            }
            Operation::FirstToken => value.select(1, 0),
            Operation::MeanToken => value.mean_dim([1i64].as_slice(), false, None::<Kind>),
            Operation::SaveSkip | Operation::OnSkip(_) | Operation::AddSkip | Operation::ConcatenateSkip => {
                unreachable!("these change the flow, not a value")
            }
        }
    }
}

fn convolution(value: &Tensor, weight: &Tensor, bias: Option<&Tensor>, window: Window) -> Tensor {
    let [kernel, stride, padding] = sizes(window);
    let centre = padding[0];
    // With a single pixel only the kernel's centre matters. In bf16 on CPUs with AVX-512, libtorch 2.11 leaves the rest of
    // the weight gradient uninitialised if the stride is 2 (`scripts/reference/one_pixel.py`).
    if value.kind() == Kind::BFloat16 && value.size()[2..] == [1, 1] && kernel[0] == 2 * centre + 1 {
        let weight = weight.narrow(2, centre, 1).narrow(3, centre, 1);
        return value.conv2d(&weight, bias, [1, 1], [0, 0], [1, 1], 1);
    }
    value.conv2d(weight, bias, stride, padding, [1, 1], 1)
}

/// One of the two tensors of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowTensor {
    /// `Flow::value`.
    Value,
    /// `Flow::skip`.
    Skip,
}

/// Kernel, stride and padding, each for both dimensions.
fn sizes(window: Window) -> [[i64; 2]; 3] {
    [window.kernel, window.stride, window.padding].map(|size| [size as i64; 2])
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn gradients_of_one_pixel_maps_are_initialised() {
        let kind = (Kind::BFloat16, Device::Cpu);
        let window = Window { kernel: 3, stride: 2, padding: 1 };
        for [inputs, outputs] in [[4, 8], [16, 32]] {
            for _ in 0..10 {
                // Fill freed memory with NaN, which an uninitialised gradient would show.
                drop([100, 1000, 10_000].map(|size| Tensor::full([size], f64::NAN, (Kind::Float, Device::Cpu))));
                let weight = Tensor::ones([outputs, inputs, 3, 3], kind).set_requires_grad(true);
                let value = Tensor::ones([16, inputs, 1, 1], kind);
                convolution(&value, &weight, None, window).sum(None::<Kind>).backward();
                let sum = weight.grad().sum(Kind::Double).double_value(&[]);
                assert!(
                    (sum - (16 * inputs * outputs) as f64).abs() < 0.5,
                    "only the centre has a gradient, found {sum}"
                );
            }
        }
    }
}
