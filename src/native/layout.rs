//! Memory layout of feature maps.

use tch::Tensor;

use super::shim::{self, call};
use crate::error::UserError;
use crate::spec::MemoryFormat;

/// Converts a tensor `[batch, channels, height, width]` to a memory layout, in place; its values stay the same.
pub fn lay_out(tensor: &mut Tensor, layout: MemoryFormat) -> Result<(), UserError> {
    match layout {
        MemoryFormat::ChannelsFirst => Ok(()),
        // SAFETY: the tensor outlives the call, which gives it new memory with the same values.
        MemoryFormat::ChannelsLast => {
            call(|error| unsafe { shim::freezewise_channels_last(tensor.as_mut_ptr(), error) })
        }
    }
}
