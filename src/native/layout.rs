//! Memory layout of feature maps.

use tch::Tensor;

use super::shim::{self, call};
use crate::error::UserError;
use crate::spec::Layout;

/// Changes the memory layout of a tensor `[batch, channels, height, width]` in place; its values stay the same.
pub fn lay_out(tensor: &mut Tensor, layout: Layout) -> Result<(), UserError> {
    match layout {
        Layout::ChannelsFirst => Ok(()),
        // SAFETY: the tensor outlives the call, which only replaces its memory.
        Layout::ChannelsLast => call(|error| unsafe { shim::freezewise_channels_last(tensor.as_mut_ptr(), error) }),
    }
}
