//! How feature maps lie in memory.

use tch::{Device, Tensor};

use super::shim::{self, call};
use crate::error::UserError;
use crate::spec::{Layout, Precision};

/// On a CPU, bf16 feature maps of at least so many channels are faster pixel by pixel (measured: `results/speed`).
const NARROW: usize = 32;

/// The layout that is fastest: a fixed table from measurements, by device, precision and the number of channels of a
/// network's first feature map. A network without feature maps has no layout to choose.
pub fn fastest_layout(device: Device, precision: Precision, channels: usize) -> Layout {
    match (device, precision) {
        (Device::Cpu, Precision::Bf16) if channels < NARROW => Layout::ChannelsFirst,
        _ => Layout::ChannelsLast,
    }
}

/// Lays a tensor `[batch, channels, height, width]` out, in place: other memory, the same numbers.
pub fn lay_out(tensor: &mut Tensor, layout: Layout) -> Result<(), UserError> {
    match layout {
        Layout::ChannelsFirst => Ok(()),
        // SAFETY: the tensor lives through the call, which gives it other memory with the same numbers.
        Layout::ChannelsLast => call(|error| unsafe { shim::freezewise_channels_last(tensor.as_mut_ptr(), error) }),
    }
}
