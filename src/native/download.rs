//! Tensors of a device for the host to read.

use tch::{Device, Tensor};

use super::graph::synchronize;
use crate::error::UserError;

/// Copies of tensors on the CPU, with one wait for all of them; those that are there already are not copied.
pub fn download(tensors: &[&Tensor]) -> Result<Vec<Tensor>, UserError> {
    let mut device = Device::Cpu;
    let copies = tensors
        .iter()
        .map(|tensor| match tensor.device() {
            Device::Cpu => Ok(tensor.shallow_clone()),
            other => {
                device = other;
                // Without blocking, into memory that the device itself can write to.
                let copy = tensor.detach().f_internal_to_copy((tensor.kind(), Device::Cpu), true);
                copy.map_err(|error| UserError::new(error.to_string()))
            }
        })
        .collect();
    synchronize(device)?;
    copies
}
