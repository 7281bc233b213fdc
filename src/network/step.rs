//! One operation with its tensors, and what flows from one to the next.

use tch::{Tensor, no_grad};

use crate::blueprint::{Operation, Slot};

/// PyTorch's defaults for batch norm.
const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

/// Which statistics batch norm uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// The batch's own; the running ones follow them.
    Batch,
    /// The running ones, which stay as they are.
    Running,
}

/// What flows through a network: a value `[batch, …]`, and what is kept beside it for a shortcut.
#[derive(Debug)]
pub struct Flow {
    /// The value.
    pub value: Tensor,
    /// What a later `AddKept` adds.
    pub kept: Option<Tensor>,
}

impl Flow {
    /// A flow with nothing kept.
    pub fn new(value: Tensor) -> Self {
        Self { value, kept: None }
    }

    /// The same numbers, without the history that a gradient would follow.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { value: self.value.detach(), kept: self.kept.as_ref().map(Tensor::detach) }
    }
}

/// An operation and its tensors, in the order of its slots.
#[derive(Debug)]
pub(super) struct Step {
    operation: Operation,
    slots: Vec<Slot>,
    tensors: Vec<Tensor>,
}

impl Step {
    pub(super) fn new(operation: &Operation, make: impl Fn(&Slot) -> Tensor) -> Self {
        let slots = operation.slots();
        let tensors = slots.iter().map(make).collect();
        Self { operation: operation.clone(), slots, tensors }
    }

    pub(super) fn tensors(&self) -> impl Iterator<Item = (&Slot, &Tensor)> {
        self.slots.iter().zip(&self.tensors)
    }

    pub(super) fn is_batch_norm(&self) -> bool {
        matches!(&self.operation, Operation::BatchNorm { .. })
    }

    pub(super) fn set_statistics(&self, mean: &Tensor, variance: &Tensor) {
        no_grad(|| {
            self.tensors[2].shallow_clone().copy_(mean);
            self.tensors[3].shallow_clone().copy_(variance);
        });
    }

    pub(super) fn run(&self, mut flow: Flow, statistics: Statistics) -> Flow {
        match &self.operation {
            Operation::Keep => flow.kept = Some(flow.value.shallow_clone()),
            Operation::OnKept(inner) => {
                let kept = flow.kept.take().expect("a blueprint keeps before it works on what is kept");
                flow.kept = Some(self.apply(inner, kept, statistics));
            }
            Operation::AddKept => {
                let kept = flow.kept.take().expect("a blueprint keeps before it adds what is kept");
                let _ = flow.value.g_add_(&kept);
            }
            operation => flow.value = self.apply(operation, flow.value, statistics),
        }
        flow
    }

    fn apply(&self, operation: &Operation, mut value: Tensor, statistics: Statistics) -> Tensor {
        match operation {
            Operation::Convolution { stride, padding, .. } => {
                let [stride, padding] = [*stride as i64, *padding as i64];
                value.conv2d(&self.tensors[0], None::<&Tensor>, [stride, stride], [padding, padding], [1, 1], 1)
            }
            Operation::BatchNorm { .. } => {
                let [weight, bias, mean, variance] = [0, 1, 2, 3].map(|index| Some(&self.tensors[index]));
                let batch = statistics == Statistics::Batch;
                value.batch_norm(weight, bias, mean, variance, batch, MOMENTUM, EPSILON, true)
            }
            // In place: the norm before it does not need its own output for its gradient, and memory is time.
            Operation::Relu => value.relu_(),
            Operation::AveragePool => value.mean_dim([2i64, 3].as_slice(), false, None::<tch::Kind>),
            Operation::Linear { .. } => value.linear(&self.tensors[0], Some(&self.tensors[1])),
            Operation::Keep | Operation::OnKept(_) | Operation::AddKept => {
                unreachable!("these change the flow, not a value")
            }
        }
    }
}
