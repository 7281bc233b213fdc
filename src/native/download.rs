//! Tensors of a device for the host to read.

use tch::{Device, Tensor};

use super::graph::synchronize;
use crate::error::UserError;

/// Copies of tensors on the CPU, with one wait for all of them; those that are there already are not copied.
///
/// # Panics
/// With what libtorch throws, as any call of its bindings.
pub fn download(tensors: &[&Tensor]) -> Result<Vec<Tensor>, UserError> {
    let mut device = Device::Cpu;
    let copies = tensors
        .iter()
        .map(|tensor| match tensor.device() {
            Device::Cpu => tensor.shallow_clone(),
            other => {
                device = other;
                // Without blocking, into memory that the device itself can write to.
                tensor.detach().internal_to_copy((tensor.kind(), Device::Cpu), true)
            }
        })
        .collect();
    synchronize(device)?;
    Ok(copies)
}
