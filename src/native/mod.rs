//! Safe functions for what tch does not bind: loading CUDA, devices, threads, memory, autocast, fused optimizer steps,
//! CUDA graphs.
//!
//! Unsafe code is allowed only in this module, each block with its reason.
#![allow(unsafe_code)] // dlopen and C interfaces are inherently unsafe.

mod adopt;
mod cause;
mod count;
mod cpu;
mod cuda;
mod download;
mod driver;
mod fused;
mod graph;
mod layout;
mod lists;
mod memory;
mod observe;
mod openmp;
mod precision;
mod shim;
mod threads;

use anyhow::Result;
use tch::Device;

pub use adopt::adopt;
pub use cause::{Cause, cause_of, first_words};
pub use count::{Amounts, Counting, Counts, Operators, Part};
pub use cpu::{cpu_features, libtorch_place};
pub use cuda::{DeviceFacts, DeviceMemory, Nature, cudnn_version, device_memory, plugin_is_named, plugin_path};
pub use download::download;
pub use driver::{CudaVersion, Driver, DriverGpu, libtorch_cuda};
pub use fused::{Adam, Fused, Scaler, Sgd};
pub use graph::{Graph, empty_cache, reset_peak, synchronize, use_stream};
pub use layout::lay_out;
pub use lists::{add_norm, lerp};
pub use memory::{free_bytes, keep_freed_memory, peak_bytes};
pub use observe::{Observation, Observed};
pub use precision::{
    Autocast, Switched, autocast_kind, has_instructions, precision, precision_on_cpu, prepare,
    use_deterministic_kernels, use_plain_attention,
};
pub use threads::{Threads, compute_threads, reading_threads, set_threads};

use crate::error::UserError;
use crate::spec::DeviceChoice;

/// The device that a run computes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The device.
    pub device: Device,
    /// Its name for messages and records: the GPU's, or `cpu`.
    pub name: String,
    /// Facts about the GPU.
    pub gpu: Option<DeviceFacts>,
    /// A note for the user about the choice.
    pub note: Option<String>,
}

/// Finds the requested device. Nothing may ask libtorch about CUDA before this.
pub fn choose(choice: DeviceChoice) -> Result<Chosen> {
    let cpu = |note: Option<&str>| Chosen {
        device: Device::Cpu,
        name: "cpu".into(),
        gpu: None,
        note: note.map(str::to_owned),
    };
    if choice == DeviceChoice::Cpu {
        return Ok(cpu(None));
    }
    let driver = Driver::find();
    let unusable = |what: String, error: &UserError| {
        let error = UserError::new(format!("{what}: {error}")).hints_of(error.hints());
        error.hint("`--set device=cpu` runs on the CPU").into()
    };
    match choice {
        DeviceChoice::Cuda(index) => {
            gpu(&driver, index).map_err(|error| unusable(format!("`device = \"cuda:{index}\"` cannot be used"), &error))
        }
        _ if driver == Driver::Absent => Ok(cpu(Some("no NVIDIA driver found: running on the CPU"))),
        _ if driver.has_no_gpu() => Ok(cpu(Some("the NVIDIA driver shows no GPU: running on the CPU"))),
        _ => gpu(&driver, 0)
            .map_err(|error| unusable("there is an NVIDIA driver, but CUDA cannot be used".into(), &error)),
    }
}

fn gpu(driver: &Driver, index: usize) -> Result<Chosen, UserError> {
    let facts = cuda::load(driver, index)?;
    let device = facts.get(index).ok_or_else(|| {
        let count = crate::text::counted(facts.len(), "device", "devices");
        UserError::new(format!("CUDA shows {count}, counted from `cuda:0`"))
            .hint("`CUDA_VISIBLE_DEVICES` may hide devices")
    })?;
    let note = match device.nature {
        Nature::Gpu => None,
        Nature::StandIn => Some("running on a stand-in for a GPU: its times say nothing about a real one".to_owned()),
    };
    Ok(Chosen { device: Device::Cuda(index), name: device.name.clone(), gpu: Some(device.clone()), note })
}

/// Loads CUDA and lists its devices.
pub fn cuda_devices(driver: &Driver) -> Result<Vec<DeviceFacts>, UserError> {
    cuda::load(driver, 0)
}

/// The version of libtorch that freezewise is built with.
pub const LIBTORCH: &str = "2.11.0";
