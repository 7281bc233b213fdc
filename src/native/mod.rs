//! What tch does not bind, behind safe functions: the loading of CUDA, devices, threads, memory, autocast, fused
//! optimizer steps, graphs.
//!
//! Unsafe code is allowed in this module alone, each block with its reason.
#![allow(unsafe_code)] // dlopen and C interfaces are unsafe to call by their nature.

mod adopt;
mod cause;
mod count;
mod cpu;
mod cuda;
mod download;
mod fused;
mod graph;
mod layout;
mod memory;
mod observe;
mod precision;
mod shim;

use anyhow::Result;
use tch::Device;

pub use adopt::adopt;
pub use cause::{Cause, cause_of, first_words};
pub use count::{Amounts, Counting, Counts, Operators, Part};
pub use cpu::{cpu_features, libtorch_place};
pub use cuda::{
    DeviceFacts, DeviceMemory, Nature, cudnn_version, device_memory, driver_answers, plugin_is_named, plugin_path,
};
pub use download::download;
pub use fused::{Adam, Fused, Scaler, Sgd};
pub use graph::{Graph, empty_cache, reset_peak, synchronize, use_stream};
pub use layout::lay_out;
pub use memory::{free_bytes, keep_freed_memory, peak_bytes};
pub use observe::{Observation, Observed};
pub use precision::{Autocast, autocast_kind, precision, prepare, use_deterministic_kernels, use_plain_attention};

use crate::error::UserError;
use crate::spec::DeviceChoice;

/// The device that a run computes on, and how it came to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The device.
    pub device: Device,
    /// Its name, for people and records: a GPU's, or `cpu`.
    pub name: String,
    /// What is known of a GPU.
    pub gpu: Option<DeviceFacts>,
    /// What the user should know of the choice.
    pub note: Option<String>,
}

/// Finds the device that was asked for. Nothing may ask libtorch for CUDA before.
pub fn choose(choice: DeviceChoice) -> Result<Chosen> {
    let cpu = |note: Option<&str>| Chosen {
        device: Device::Cpu,
        name: "cpu".into(),
        gpu: None,
        note: note.map(str::to_owned),
    };
    match choice {
        DeviceChoice::Cpu => Ok(cpu(None)),
        DeviceChoice::Auto if !driver_answers() => Ok(cpu(Some("no NVIDIA driver answers: computing on the CPU"))),
        DeviceChoice::Auto => gpu(0).map_err(|error| {
            let message = format!("there is an NVIDIA driver, but CUDA cannot be used: {error}");
            let error = UserError::new(message).hints_of(error.hints());
            error.hint("`--set device=cpu` computes on the CPU all the same").into()
        }),
        DeviceChoice::Cuda(index) => gpu(index).map_err(|error| {
            UserError::new(format!("`device = \"cuda:{index}\"` cannot be used: {error}"))
                .hints_of(error.hints())
                .hint("`--set device=cpu` computes on the CPU")
                .into()
        }),
    }
}

fn gpu(index: usize) -> Result<Chosen, UserError> {
    let facts = cuda::load()?;
    let device = facts.get(index).ok_or_else(|| {
        let count = crate::text::counted(facts.len(), "device", "devices");
        UserError::new(format!("CUDA shows {count}, and the first is `cuda:0`"))
            .hint("CUDA_VISIBLE_DEVICES hides devices")
    })?;
    let note = match device.nature {
        Nature::Gpu => None,
        Nature::StandIn => Some("a stand-in plays the GPU: what it takes says nothing of one".to_owned()),
    };
    Ok(Chosen { device: Device::Cuda(index), name: device.name.clone(), gpu: Some(device.clone()), note })
}

/// Every CUDA device, once CUDA is loaded.
pub fn cuda_devices() -> Result<Vec<DeviceFacts>, UserError> {
    cuda::load()
}

/// How many threads to compute with: as asked, else what the environment allots, else the cores there are.
pub fn thread_count(asked: Option<usize>) -> usize {
    let allotted = |name: &str| std::env::var(name).ok()?.trim().parse::<usize>().ok().filter(|&count| count > 0);
    asked
        .or_else(|| allotted("OMP_NUM_THREADS"))
        .or_else(|| allotted("SLURM_CPUS_PER_TASK"))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Tells libtorch how many threads to compute with.
pub fn set_threads(count: usize) {
    tch::set_num_threads(count as i32);
}

/// The libtorch that the program was built with.
pub const LIBTORCH: &str = "2.11.0";
