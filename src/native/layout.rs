//! Memory layout of feature maps.

use tch::Tensor;

use super::shim::{self, call};
use crate::error::UserError;
use crate::spec::Layout;

/// Converts a tensor `[batch, channels, height, width]` to a memory layout, in place; its values stay the same.
pub fn lay_out(tensor: &mut Tensor, layout: Layout) -> Result<(), UserError> {
    match layout {
        Layout::ChannelsFirst => Ok(()),
        // SAFETY: the tensor outlives the call, which gives it new memory with the same values.
        Layout::ChannelsLast => call(|error| unsafe { shim::freezewise_channels_last(tensor.as_mut_ptr(), error) }),
    }
}
