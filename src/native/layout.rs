//! How feature maps lie in memory.

use tch::Tensor;

use super::shim::{self, call};
use crate::error::UserError;
use crate::spec::MemoryFormat;

/// Lays a tensor `[batch, channels, height, width]` out, in place: other memory, the same numbers.
pub fn lay_out(tensor: &mut Tensor, layout: MemoryFormat) -> Result<(), UserError> {
    match layout {
        MemoryFormat::ChannelsFirst => Ok(()),
        // SAFETY: the tensor lives through the call, which gives it other memory with the same numbers.
        MemoryFormat::ChannelsLast => {
            call(|error| unsafe { shim::freezewise_channels_last(tensor.as_mut_ptr(), error) })
        }
    }
}
