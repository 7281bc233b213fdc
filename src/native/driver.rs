//! Queries NVIDIA's driver before libtorch does: the CUDA version it supports, and its GPUs.
//!
//! With a driver that is too old, or a GPU without kernels, libtorch fails late and with unclear messages.

use std::ffi::{CStr, c_char, c_int, c_uint};
use std::fmt;

use libloading::os::unix::{Library, RTLD_NOW, Symbol};

use crate::error::UserError;

/// `CUDA_ERROR_NO_DEVICE` and values of `CUdevice_attribute`, from the CUDA driver API reference.
const NO_DEVICE: c_int = 100;
const CAPABILITY_MAJOR: c_int = 75;
const CAPABILITY_MINOR: c_int = 76;

/// Oldest driver of each CUDA release, by its major version (CUDA Compatibility, table "CUDA Toolkit and Minimum
/// Required Driver Versions"): within a major version every driver serves every minor one.
const OLDEST_DRIVERS: [(i32, u32); 3] = [(11, 450), (12, 525), (13, 580)];

/// Hint for older drivers and GPUs: another build of torch.
const OTHER_BUILD: &str =
    "or use torch 2.11.0 for CUDA 12 (https://download.pytorch.org/whl/cu126): `scripts/setup --libtorch DIR`";

/// A CUDA version as CUDA encodes it: 13000 is 13.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CudaVersion(pub c_int);

impl CudaVersion {
    /// 13 of 13.0: what is compiled for one major version runs with each of its minor ones.
    pub fn major(self) -> i32 {
        self.0 / 1000
    }
}

impl fmt::Display for CudaVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major(), self.0 % 1000 / 10)
    }
}

/// A GPU, as described by the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverGpu {
    /// Product name.
    pub name: String,
    /// Compute capability, such as (9, 0).
    pub capability: (i32, i32),
}

/// The NVIDIA driver of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Driver {
    /// There is no `libcuda.so.1`.
    Absent,
    /// It exists but cannot be used, for this reason.
    Broken(String),
    /// It works.
    Present {
        /// Newest CUDA version it supports.
        cuda: CudaVersion,
        /// GPUs visible to this process; empty if `CUDA_VISIBLE_DEVICES` hides them.
        gpus: Vec<DriverGpu>,
    },
}

impl Driver {
    /// Queries the driver.
    pub fn find() -> Self {
        // SAFETY: libcuda.so.1 is the driver's library, or a fake one in tests; loading it runs its initialisers.
        let Ok(library) = (unsafe { Library::open(Some("libcuda.so.1"), RTLD_NOW) }) else { return Self::Absent };
        let found = Functions::of(&library)
            .ok_or_else(|| "`libcuda.so.1` lacks functions of the NVIDIA driver".to_owned())
            .and_then(|functions| functions.ask());
        // The driver starts its own threads, so it must not be unloaded.
        std::mem::forget(library);
        found.unwrap_or_else(Self::Broken)
    }

    /// Whether `device = "auto"` means the CPU: no driver, or one without GPUs.
    pub fn has_no_gpu(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Broken(_) => false,
            Self::Present { gpus, .. } => gpus.is_empty(),
        }
    }

    /// Fails if libtorch cannot use the GPU with this index.
    pub fn check(&self, index: usize) -> Result<(), UserError> {
        match self {
            Self::Absent => Err(UserError::new("no NVIDIA driver is installed: `libcuda.so.1` not found")),
            Self::Broken(cause) => Err(UserError::new(cause.clone())
                .hint("`nvidia-smi` must list the GPU; a driver that was just updated needs a reboot")),
            Self::Present { cuda, gpus } => {
                if let Some(needed) = libtorch_cuda() {
                    check_version(*cuda, needed)?;
                }
                match gpus.get(index) {
                    Some(gpu) => check_gpu(index, gpu, &built_for()),
                    None if gpus.is_empty() => Err(UserError::new("the NVIDIA driver shows no GPU")
                        .hint("`nvidia-smi` must list the GPU; check CUDA_VISIBLE_DEVICES, which can hide GPUs")),
                    // Left to libtorch, which counts its devices.
                    None => Ok(()),
                }
            }
        }
    }
}

/// The CUDA version that libtorch was built for, from the CUDA runtime that it links. Queries neither libtorch nor the
/// driver.
pub fn libtorch_cuda() -> Option<CudaVersion> {
    type Version = unsafe extern "C" fn(*mut c_int) -> c_int;
    let mut version = 0;
    // SAFETY: the function has had this signature since CUDA 2, and only writes its own version.
    let code = unsafe { Library::this().get::<Version>(b"cudaRuntimeGetVersion").ok()?(&raw mut version) };
    (code == 0).then_some(CudaVersion(version))
}

fn check_version(driver: CudaVersion, needed: CudaVersion) -> Result<(), UserError> {
    if driver.major() >= needed.major() {
        return Ok(());
    }
    let oldest = OLDEST_DRIVERS.iter().find(|(major, _)| *major == needed.major());
    let update = match oldest {
        Some((_, oldest)) => format!("update the NVIDIA driver to {oldest} or newer"),
        None => format!("update the NVIDIA driver to one for CUDA {}", needed.major()),
    };
    let message =
        format!("the NVIDIA driver supports CUDA {driver} at most, but this libtorch is built for CUDA {needed}");
    Err(UserError::new(message).hint(update).hint(OTHER_BUILD))
}

/// Compute capabilities that libtorch has kernels for, found by `build.rs` in `libtorch_cuda.so`; empty if unknown.
fn built_for() -> Vec<(i32, i32)> {
    read_capabilities(env!("FREEZEWISE_CUDA_CAPABILITIES"))
}

/// Parses `75 80 120` as (7, 5), (8, 0), (12, 0).
fn read_capabilities(text: &str) -> Vec<(i32, i32)> {
    text.split_whitespace()
        .filter_map(|number| number.parse().ok())
        .map(|number: i32| (number / 10, number % 10))
        .collect()
}

/// Kernels for a capability also run on later ones of the same major version (CUDA C++ Programming Guide, "Binary
/// Compatibility").
fn check_gpu(index: usize, gpu: &DriverGpu, built_for: &[(i32, i32)]) -> Result<(), UserError> {
    let (major, minor) = gpu.capability;
    let runs = built_for.iter().any(|kernel| kernel.0 == major && kernel.1 <= minor);
    if runs || built_for.is_empty() {
        return Ok(());
    }
    let kernels: Vec<String> = built_for.iter().map(|(major, minor)| format!("{major}.{minor}")).collect();
    let age = if built_for.iter().all(|kernel| *kernel > gpu.capability) { "too old" } else { "unsupported" };
    let message = format!(
        "GPU {index}, {}, is {age}: it has compute capability {major}.{minor}, but this libtorch is built for {}",
        gpu.name,
        kernels.join(", ")
    );
    Err(UserError::new(message)
        .hint("choose another GPU with `--set device=cuda:N` or CUDA_VISIBLE_DEVICES")
        .hint(OTHER_BUILD))
}

/// The driver functions used here; their signatures have been those of `cuda.h` since CUDA 5.
struct Functions {
    version: Symbol<unsafe extern "C" fn(*mut c_int) -> c_int>,
    initialise: Symbol<unsafe extern "C" fn(c_uint) -> c_int>,
    count: Symbol<unsafe extern "C" fn(*mut c_int) -> c_int>,
    device: Symbol<unsafe extern "C" fn(*mut c_int, c_int) -> c_int>,
    name: Symbol<unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int>,
    attribute: Symbol<unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int>,
}

impl Functions {
    fn of(library: &Library) -> Option<Self> {
        // SAFETY: these are the signatures of the driver API.
        unsafe {
            Some(Self {
                version: library.get(b"cuDriverGetVersion").ok()?,
                initialise: library.get(b"cuInit").ok()?,
                count: library.get(b"cuDeviceGetCount").ok()?,
                device: library.get(b"cuDeviceGet").ok()?,
                name: library.get(b"cuDeviceGetName").ok()?,
                attribute: library.get(b"cuDeviceGetAttribute").ok()?,
            })
        }
    }

    fn ask(&self) -> Result<Driver, String> {
        let failed = |function: &str, code: c_int| match code {
            0 => Ok(()),
            _ => Err(format!("the driver's `{function}` failed with error {code}{}", meaning(code))),
        };
        let (mut cuda, mut count) = (0, 0);
        // SAFETY: all pointers are to local numbers and buffers of the sizes that are passed.
        unsafe {
            failed("cuDriverGetVersion", (self.version)(&raw mut cuda))?;
            let cuda = CudaVersion(cuda);
            match (self.initialise)(0) {
                NO_DEVICE => return Ok(Driver::Present { cuda, gpus: Vec::new() }),
                code => failed("cuInit", code)?,
            }
            failed("cuDeviceGetCount", (self.count)(&raw mut count))?;
            let mut gpus = Vec::new();
            for index in 0..count {
                let (mut device, mut name, mut capability) = (0, [0 as c_char; 256], (0, 0));
                failed("cuDeviceGet", (self.device)(&raw mut device, index))?;
                failed("cuDeviceGetName", (self.name)(name.as_mut_ptr(), name.len() as c_int - 1, device))?;
                let attribute = |value, which| failed("cuDeviceGetAttribute", (self.attribute)(value, which, device));
                attribute(&raw mut capability.0, CAPABILITY_MAJOR)?;
                attribute(&raw mut capability.1, CAPABILITY_MINOR)?;
                let name = CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned();
                gpus.push(DriverGpu { name, capability });
            }
            Ok(Driver::Present { cuda, gpus })
        }
    }
}

/// The usual reasons of common errors, by their number in `cuda.h`.
fn meaning(code: c_int) -> &'static str {
    match code {
        34 => " (a stub library is found before the driver's: check LD_LIBRARY_PATH)",
        802 => " (the system is not ready: NVSwitch machines need the fabric manager)",
        803 => " (the kernel module and the library have different versions)",
        999 => " (unknown error; often this process has no permission to open the device)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_supports_all_minor_versions_of_its_major_version() {
        for (driver, libtorch, serves) in [
            (12020, 13000, false),
            (12080, 13000, false),
            (13000, 13000, true),
            (13000, 13010, true),
            (13020, 12060, true),
            (12020, 12060, true),
            (11080, 12060, false),
        ] {
            assert_eq!(
                check_version(CudaVersion(driver), CudaVersion(libtorch)).is_ok(),
                serves,
                "{driver} {libtorch}"
            );
        }
        let error = check_version(CudaVersion(12020), CudaVersion(13000)).expect_err("it is too old");
        assert_eq!(
            error.to_string(),
            "the NVIDIA driver supports CUDA 12.2 at most, but this libtorch is built for CUDA 13.0"
        );
        assert_eq!(error.hints()[0], "update the NVIDIA driver to 580 or newer");
    }

    #[test]
    fn kernels_run_on_later_gpus_of_their_generation() {
        let built_for = read_capabilities("75 80 86 90 100 120");
        assert_eq!(built_for[..2], [(7, 5), (8, 0)]);
        for (capability, runs) in [
            ((6, 1), false),
            ((7, 0), false),
            ((7, 5), true),
            ((8, 0), true),
            ((8, 9), true),
            ((9, 0), true),
            ((10, 3), true),
            ((11, 0), false),
            ((12, 1), true),
        ] {
            let gpu = DriverGpu { name: "a GPU".into(), capability };
            assert_eq!(check_gpu(0, &gpu, &built_for).is_ok(), runs, "{capability:?}");
            assert!(check_gpu(0, &gpu, &[]).is_ok(), "the kernels are unknown");
        }
    }

    /// The wheel's own list, from `torch.cuda.get_arch_list()` of torch 2.11.0+cu130.
    #[test]
    fn the_build_lists_its_kernel_architectures() {
        if libtorch_cuda() == Some(CudaVersion(13000)) {
            assert_eq!(built_for(), [(7, 5), (8, 0), (8, 6), (9, 0), (10, 0), (12, 0)]);
        }
    }
}
