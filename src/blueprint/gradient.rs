//! Cost of the backward pass: which operations need gradients of their inputs, and which of their weights.

use super::{Blueprint, FrozenSet, Operation, Role, Shape};

/// Whether the value, and the value saved for a skip connection, need a gradient.
#[derive(Clone, Copy, Debug, Default)]
struct NeedsGradient {
    value: bool,
    skip: bool,
}

impl Blueprint {
    /// Multiply-adds of the backward pass for one image, per layer, with the head last. Each product of the forward
    /// pass counts once for its weights, if they train, and once for its input, if anything before it trains.
    pub fn gradient_multiply_adds(&self, frozen: &FrozenSet) -> Vec<u64> {
        let mut costs = vec![0; self.layers.len() + 1];
        let mut wanted = NeedsGradient::default();
        self.walk(|layer, operation, input, passed| {
            let trains = !frozen.has(layer) && has_parameters(operation);
            let of_input = wanted.pass(operation, trains);
            let products = products_of_values(operation, input, passed.multiply_adds);
            let with_weights = passed.multiply_adds - products;
            costs[layer] += with_weights * (u64::from(of_input) + u64::from(trains));
            // Both factors of these products are values, not weights.
            costs[layer] += 2 * products * u64::from(of_input || trains);
        });
        costs
    }
}

impl NeedsGradient {
    /// Updates itself by an operation, given whether its parameters train. Returns whether its input needs a gradient.
    fn pass(&mut self, operation: &Operation, trains: bool) -> bool {
        let of_input = if matches!(operation, Operation::OnSkip(_)) { self.skip } else { self.value };
        match operation {
            Operation::SaveSkip => self.skip = self.value,
            Operation::AddSkip | Operation::ConcatenateSkip => self.value |= self.skip,
            Operation::OnSkip(_) => self.skip |= trains,
            _ => self.value |= trains,
        }
        of_input
    }
}

fn has_parameters(operation: &Operation) -> bool {
    operation.slots().iter().any(|slot| slot.role == Role::Parameter)
}

/// The multiply-adds of an operation that multiply two values: in attention, queries with keys, and weights with
/// values.
fn products_of_values(operation: &Operation, input: Shape, multiply_adds: u64) -> u64 {
    match (operation, input) {
        (Operation::Attention { width, .. }, Shape::Tokens { count, .. }) => {
            multiply_adds - (4 * count * width * width) as u64
        }
        _ => 0,
    }
}
