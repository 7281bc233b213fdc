//! Copies tensors from a device to the host.

use tch::{Device, Tensor};

use super::graph::synchronize;
use crate::error::UserError;

/// Copies of tensors on the CPU, with a single synchronisation for all of them; tensors on the CPU are not copied.
///
/// # Panics
/// If libtorch throws, like any call of its bindings.
pub fn download(tensors: &[&Tensor]) -> Result<Vec<Tensor>, UserError> {
    let mut device = Device::Cpu;
    let copies = tensors
        .iter()
        .map(|tensor| match tensor.device() {
            Device::Cpu => tensor.shallow_clone(),
            other => {
                device = other;
                // Non-blocking, to pinned memory.
                tensor.detach().internal_to_copy((tensor.kind(), Device::Cpu), true)
            }
        })
        .collect();
    synchronize(device)?;
    Ok(copies)
}
