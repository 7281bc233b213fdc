//! In which kind of number a network computes: autocast, TF32, and what `auto` stands for.

use std::ffi::c_int;

use tch::{Device, Kind};

use super::shim::{self, call};
use super::{Chosen, cpu_features};
use crate::error::UserError;
use crate::spec::{Precision, PrecisionChoice};

/// bf16 has matrix units on NVIDIA's GPUs from here on (Ampere).
const BF16_CAPABILITY: i32 = 8;

/// What a choice comes to on a device. `auto` is a fixed table, not a race: bf16 where the device has instructions
/// for it, else fp32.
pub fn precision(choice: PrecisionChoice, chosen: &Chosen) -> Result<Precision, UserError> {
    let fixed = match choice {
        PrecisionChoice::Fixed(precision) => precision,
        PrecisionChoice::Auto => {
            let has_bf16 = match &chosen.gpu {
                Some(gpu) => gpu.capability.0 >= BF16_CAPABILITY,
                None => cpu_features().iter().any(|feature| matches!(*feature, "avx512_bf16" | "amx_bf16")),
            };
            return Ok(if has_bf16 { Precision::Bf16 } else { Precision::Fp32 });
        }
    };
    if matches!(fixed, Precision::Tf32 | Precision::Fp16) && chosen.device == Device::Cpu {
        let message = format!("`precision = \"{}\"` is for CUDA, and this run computes on the CPU", fixed.name());
        return Err(UserError::new(message).hint("`fp32` and `bf16` work on a CPU; `auto` takes the faster"));
    }
    Ok(fixed)
}

/// Sets what holds for the whole process: whether fp32 may be rounded to TF32, and that cuDNN looks for its fastest
/// kernels.
pub fn prepare(device: Device, precision: Precision) -> Result<(), UserError> {
    if device == Device::Cpu {
        return Ok(());
    }
    tch::Cuda::cudnn_set_benchmark(true);
    // Beside fp16 and bf16 as well, what stays in fp32 stays exact.
    // SAFETY: the function sets two flags and catches what C++ throws.
    call(|error| unsafe { shim::freezewise_allow_tf32(precision == Precision::Tf32, error) })
}

/// Allows only kernels whose results do not vary from call to call.
pub fn use_deterministic_kernels() -> Result<(), UserError> {
    tch::Cuda::cudnn_set_benchmark(false);
    // SAFETY: the function sets flags and catches what C++ throws.
    call(|error| unsafe { shim::freezewise_deterministic(true, error) })
}

/// Computes attention step by step from here on.
pub fn use_plain_attention() -> Result<(), UserError> {
    // SAFETY: as for deterministic kernels.
    call(|error| unsafe { shim::freezewise_plain_attention(error) })
}

/// The kind that autocast computes in, if a precision has one.
pub fn autocast_kind(precision: Precision) -> Option<Kind> {
    match precision {
        Precision::Fp32 | Precision::Tf32 => None,
        Precision::Bf16 => Some(Kind::BFloat16),
        Precision::Fp16 => Some(Kind::Half),
    }
}

/// While it lives, this thread computes what suits a narrow kind in it. What was cast of weights is kept until it
/// ends, so it must not outlive a step.
#[derive(Debug)]
pub struct Autocast {
    device: Option<Device>,
}

impl Autocast {
    /// Autocast as a precision asks for it.
    pub fn new(device: Device, precision: Precision) -> Self {
        let kind = autocast_kind(precision);
        if let Some(kind) = kind {
            // `c10::ScalarType`.
            let number: c_int = if kind == Kind::Half { 5 } else { 15 };
            // SAFETY: the function sets state of this thread.
            unsafe { shim::freezewise_autocast(device.is_cuda(), number, true) };
        }
        Self { device: kind.map(|_| device) }
    }
}

impl Drop for Autocast {
    fn drop(&mut self) {
        if let Some(device) = self.device {
            // SAFETY: as in `new`.
            unsafe { shim::freezewise_autocast(device.is_cuda(), -1, true) };
        }
    }
}
