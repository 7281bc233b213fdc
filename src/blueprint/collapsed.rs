//! The collapsed parameter count: free parameters once the network's linear tail is composed to one linear map.
//!
//! If no norm or activation separates the last convolution from the classifier, then convolution, pooling and
//! classifier are together one linear map of the convolution's input. Pooling sees each kernel entry only through a sum
//! over a part of the feature map, and entries with linearly dependent sums count once. Let r be the rank of those
//! sums, i and m the input and output channels of the convolution, and C the number of classes: convolution and
//! classifier form a C × i·r matrix of rank at most m. A shortcut around the convolution also exposes the classifier's
//! C × m matrix itself.

use super::operation::{Operation, Window};
use super::{Blueprint, FrozenSet, Shape};

/// The last convolution, as seen through pooling.
struct Tail {
    /// Index of its layer.
    layer: usize,
    inputs: usize,
    outputs: usize,
    /// Number of its parameters.
    parameters: u64,
    /// Rank of the sums through which pooling sees the kernel entries.
    rank: usize,
    /// Whether a shortcut is added to its output.
    shortcut: bool,
}

impl Blueprint {
    /// Number of trainable parameters, with the linear tail counted by the rank of its composed map at this image size.
    /// Equal to the plain count if the last convolution is frozen, or if no convolution is followed by linear maps
    /// only.
    pub fn collapsed_parameters(&self, frozen: &FrozenSet) -> u64 {
        let plain = self.trainable_parameters(frozen);
        let Some(tail) = self.linear_tail() else { return plain };
        if frozen.has(tail.layer) {
            return plain;
        }
        let classes = self.classes;
        let seen = tail.inputs * tail.rank;
        let through = tail.outputs.min(classes);
        let rank = if tail.shortcut {
            classes * tail.outputs + through * seen
        } else {
            // Dimension of the set of matrices of this rank.
            let rank = through.min(seen);
            rank * (classes + seen - rank)
        };
        let weights = (classes * tail.outputs) as u64;
        plain - tail.parameters - weights + (rank as u64).min(tail.parameters + weights)
    }

    fn linear_tail(&self) -> Option<Tail> {
        let mut tail: Option<Tail> = None;
        self.walk(|layer, operation, input, _| match (operation, input) {
            (Operation::Convolution { inputs, outputs, window, .. }, Shape::Image(map)) => {
                tail = Some(Tail {
                    layer,
                    inputs: *inputs,
                    outputs: *outputs,
                    parameters: operation.slots().iter().map(super::TensorSlot::elements).sum(),
                    rank: axis_rank(map.height, *window) * axis_rank(map.width, *window),
                    shortcut: false,
                });
            }
            (Operation::AddSkip, _) => {
                if let Some(tail) = &mut tail {
                    tail.shortcut = true;
                }
            }
            (Operation::SaveSkip | Operation::OnSkip(_) | Operation::AveragePool | Operation::Linear { .. }, _) => {}
            _ => tail = None,
        });
        tail
    }
}

/// The rank, along one side of the map, of the output sums that multiply the entries of a kernel.
fn axis_rank(length: usize, window: Window) -> usize {
    let outputs = window.outputs(length).unwrap_or(0);
    let mut rows: Vec<Vec<f64>> = (0..window.kernel)
        .map(|entry| {
            let mut sum = vec![0.0; length];
            for output in 0..outputs {
                let place = (output * window.stride + entry).checked_sub(window.padding);
                if let Some(seen) = place.and_then(|place| sum.get_mut(place)) {
                    *seen += 1.0;
                }
            }
            sum
        })
        .collect();
    let mut rank = 0;
    for column in 0..length {
        let largest =
            (rank..rows.len()).max_by(|&one, &other| rows[one][column].abs().total_cmp(&rows[other][column].abs()));
        // Entries are small integers, so after elimination a value is either near an integer or rounding error.
        let Some(pivot) = largest.filter(|&row| rows[row][column].abs() > 1e-6) else { continue };
        rows.swap(rank, pivot);
        let (above, below) = rows.split_at_mut(rank + 1);
        let pivot = &above[rank];
        for row in below {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(pivot).for_each(|(value, pivot)| *value -= factor * pivot);
        }
        rank += 1;
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Architecture, Granularity, ImageShape, PreactResnet18};

    /// The last convolution and the head of PreAct-ResNet18 of width 8 train: 128 parameters of the norm before it, 10
    /// biases, and 10 × 64 × (1 + r) weights, where r is 4 on a 2×2 map and 9 on a 4×4 map.
    #[test]
    fn trainable_tail_counts_by_its_rank() {
        for (size, plain, collapsed) in [(32, 37_642, 6_538), (16, 37_642, 3_338), (8, 37_642, 128 + 10 + 10 * 64 * 2)]
        {
            let input = ImageShape { channels: 3, height: size, width: size };
            let architecture = Architecture::PreactResnet18(PreactResnet18 { width: 8 });
            let blueprint = Blueprint::new(&architecture, Granularity::Sublayer, input, 10).expect("it fits");
            let frozen = FrozenSet::first(16, blueprint.layers.len());
            assert_eq!(blueprint.trainable_parameters(&frozen), plain);
            assert_eq!(blueprint.collapsed_parameters(&frozen), collapsed, "{size}");
            let all = FrozenSet::first(17, 17);
            assert_eq!(blueprint.collapsed_parameters(&all), 650);
        }
    }

    #[test]
    fn pooling_sees_fewer_sums_than_a_kernel_has_entries() {
        let three = Window::centred(3, 1);
        assert_eq!([1, 2, 3, 4, 28].map(|length| axis_rank(length, three)), [1, 2, 3, 3, 3]);
        assert_eq!([2, 4, 8].map(|length| axis_rank(length, Window::centred(3, 2))), [2, 3, 3]);
        assert_eq!(axis_rank(8, Window::centred(1, 1)), 1);
    }
}
