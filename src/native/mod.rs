//! Safe wrappers for what tch does not bind: loading CUDA, devices, threads, memory, autocast, fused optimizer steps,
//! graphs.
//!
//! Only this module may use unsafe code, with a reason at each block.
#![allow(unsafe_code)] // Calling dlopen and C functions is inherently unsafe.

mod adopt;
mod cause;
mod control_group;
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
pub use count::{Amounts, Counting, OperatorCounts, Operators, TrainingPart};
pub use cpu::{cpu_features, libtorch_place};
pub use cuda::{DeviceFacts, DeviceMemory, Nature, cudnn_version, device_memory, plugin_is_named, plugin_path};
pub use download::download;
pub use driver::{CudaVersion, Driver, DriverGpu, libtorch_cuda};
pub use fused::{Adam, Fused, Scaler, Sgd};
pub use graph::{Graph, empty_cache, synchronize, use_stream};
pub use layout::lay_out;
pub use lists::{add_norm, lerp};
pub use memory::{MemoryUse, free_bytes, free_host_bytes, keep_freed_memory, limit_host_bytes, memory_use, peak_bytes};
pub use observe::{Observation, OperatorTime};
pub use precision::{
    Autocast, Switched, autocast_kind, has_instructions, precision, precision_on_cpu, prepare, refuse_corruption,
    use_deterministic_kernels, use_plain_attention,
};
pub use threads::{Threads, compute_threads, omp_threads, own_cores, reading_threads, set_threads};

use crate::error::UserError;
use crate::spec::DeviceChoice;

/// The device of a run, and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenDevice {
    /// CPU, or GPU by index.
    pub device: Device,
    /// Name for messages and records: that of the GPU, or `cpu`.
    pub name: String,
    /// Facts about a GPU.
    pub gpu: Option<DeviceFacts>,
    /// A note to the user about the choice.
    pub note: Option<String>,
}

/// Chooses the requested device. Nothing may ask libtorch about CUDA before.
pub fn choose(choice: DeviceChoice) -> Result<ChosenDevice> {
    let cpu = |note: Option<&str>| ChosenDevice {
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
        error.hint("use the CPU with `--set device=cpu`").into()
    };
    match choice {
        DeviceChoice::Cuda(index) => {
            gpu(&driver, index).map_err(|error| unusable(format!("`device = \"cuda:{index}\"` cannot be used"), &error))
        }
        _ if driver == Driver::Absent => Ok(cpu(Some("no NVIDIA driver found: using the CPU"))),
        _ if driver.has_no_gpu() => Ok(cpu(Some("the NVIDIA driver shows no GPU: using the CPU"))),
        _ => gpu(&driver, 0)
            .map_err(|error| unusable("there is an NVIDIA driver, but CUDA cannot be used".into(), &error)),
    }
}

/// A GPU of another machine, of which nothing is known: one with bf16 (Ampere or newer). It must not be computed on.
pub fn assumed_gpu() -> ChosenDevice {
    let (name, capability) = ("a GPU with bf16".to_owned(), (precision::BF16_CAPABILITY, 0));
    let facts = DeviceFacts { name: name.clone(), memory_bytes: 0, capability, cudnn: 0, nature: Nature::Gpu };
    ChosenDevice { device: Device::Cuda(0), name, gpu: Some(facts), note: None }
}

/// Whether a choice takes a GPU here, as far as the driver tells without loading CUDA.
pub fn is_gpu(choice: DeviceChoice) -> bool {
    match choice {
        DeviceChoice::Cpu => false,
        DeviceChoice::Cuda(_) => true,
        DeviceChoice::Auto => {
            let driver = Driver::find();
            driver != Driver::Absent && !driver.has_no_gpu()
        }
    }
}

fn gpu(driver: &Driver, index: usize) -> Result<ChosenDevice, UserError> {
    let facts = cuda::load(driver, index)?;
    let device = facts.get(index).ok_or_else(|| {
        let count = crate::text::counted(facts.len(), "device", "devices");
        UserError::new(format!("CUDA has {count}, numbered from `cuda:0`"))
            .hint("check CUDA_VISIBLE_DEVICES, which can hide GPUs")
    })?;
    let note = match device.nature {
        Nature::Gpu => None,
        Nature::StandIn => Some("a stand-in simulates the GPU: timings say nothing about a real one".to_owned()),
    };
    Ok(ChosenDevice { device: Device::Cuda(index), name: device.name.clone(), gpu: Some(device.clone()), note })
}

/// All CUDA devices; loads CUDA.
pub fn cuda_devices(driver: &Driver) -> Result<Vec<DeviceFacts>, UserError> {
    cuda::load(driver, 0)
}

/// Version of libtorch that the program was built with.
pub const LIBTORCH: &str = "2.11.0";
