//! How feature maps lie in memory.

use tch::Tensor;

use super::shim::{self, call};
use crate::error::UserError;
use crate::spec::Layout;

/// Lays a tensor `[batch, channels, height, width]` out, in place: other memory, the same numbers.
pub fn lay_out(tensor: &mut Tensor, layout: Layout) -> Result<(), UserError> {
    match layout {
        Layout::ChannelsFirst => Ok(()),
        // SAFETY: the tensor lives through the call, which gives it other memory with the same numbers.
        Layout::ChannelsLast => call(|error| unsafe { shim::freezewise_channels_last(tensor.as_mut_ptr(), error) }),
    }
}
