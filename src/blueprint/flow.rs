//! Output shapes and costs of operations.

use super::operation::{Operation, Window};
use super::{ImageShape, Shape};

/// The shapes of the value, and of the value saved for a skip connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowShape {
    pub(super) value: Shape,
    pub(super) skip: Option<Shape>,
}

/// A window that is larger than the feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooSmall {
    pub(super) window: Window,
    pub(super) map: ImageShape,
}

impl FlowShape {
    pub(super) fn new(value: Shape) -> Self {
        Self { value, skip: None }
    }

    /// Updates the shapes by an operation, and returns its multiply-adds for one image.
    pub(super) fn pass(&mut self, operation: &Operation) -> Result<u64, TooSmall> {
        match operation {
            Operation::SaveSkip => self.skip = Some(self.value),
            Operation::AddSkip => self.skip = None,
            Operation::ConcatenateSkip => {
                if let (Shape::Image(value), Some(Shape::Image(skip))) = (self.value, self.skip.take()) {
                    self.value = Shape::Image(ImageShape { channels: skip.channels + value.channels, ..value });
                }
            }
            Operation::OnSkip(inner) => {
                let (skip, cost) = map(inner, self.skip.unwrap_or(self.value))?;
                self.skip = Some(skip);
                return Ok(cost);
            }
            _ => {
                let (value, cost) = map(operation, self.value)?;
                self.value = value;
                return Ok(cost);
            }
        }
        Ok(0)
    }
}

/// Output shape and multiply-adds of an operation.
fn map(operation: &Operation, input: Shape) -> Result<(Shape, u64), TooSmall> {
    Ok(match (operation, input) {
        (Operation::Convolution { inputs, outputs, window, .. }, Shape::Image(image)) => {
            let output = ImageShape { channels: *outputs, ..moved(*window, image)? };
            (Shape::Image(output), (output.elements() * inputs * window.kernel * window.kernel) as u64)
        }
        (Operation::MaxPool(window) | Operation::AverageWindows(window), Shape::Image(image)) => {
            (Shape::Image(moved(*window, image)?), 0)
        }
        (Operation::AveragePool, Shape::Image(image)) => (Shape::Features(image.channels), 0),
        (Operation::Tokens, Shape::Image(image)) => {
            (Shape::Tokens { count: image.height * image.width, width: image.channels }, 0)
        }
        (Operation::ClassToken { .. }, Shape::Tokens { count, width }) => {
            (Shape::Tokens { count: count + 1, width }, 0)
        }
        (Operation::Attention { width, .. }, Shape::Tokens { count, .. }) => {
            let projections = 4 * count * width * width;
            let products = 2 * count * count * width;
            (input, (projections + products) as u64)
        }
        (Operation::FirstToken | Operation::MeanToken, Shape::Tokens { width, .. }) => (Shape::Features(width), 0),
        (Operation::Linear { inputs, outputs, .. }, Shape::Tokens { count, .. }) => {
            (Shape::Tokens { count, width: *outputs }, (count * inputs * outputs) as u64)
        }
        (Operation::Linear { inputs, outputs, .. }, _) => (Shape::Features(*outputs), (inputs * outputs) as u64),
        (_, shape) => (shape, 0),
    })
}

fn moved(window: Window, map: ImageShape) -> Result<ImageShape, TooSmall> {
    let sides = window.outputs(map.height).zip(window.outputs(map.width));
    let (height, width) = sides.ok_or(TooSmall { window, map })?;
    Ok(ImageShape { height, width, ..map })
}
