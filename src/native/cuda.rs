//! Loads CUDA: libtorch's CUDA libraries, then the plugin.
//!
//! The binary links neither, so it starts on any machine. libtorch decides whether CUDA exists when first asked, so
//! both must be loaded before anything asks. They stay loaded.

use std::ffi::{CStr, c_char, c_int};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW, Symbol};

use super::driver::{CudaVersion, Driver, libtorch_cuda};
use super::shim::{TEXT_SIZE, call};

use crate::environment;
use crate::error::UserError;
use crate::text;

const PLUGIN: &str = "libfreezewise_cuda.so";
/// Names another plugin file.
const NAMED: &str = "FREEZEWISE_CUDA_PLUGIN";

/// How to get the libraries of CUDA.
const WITH_CUDA: &str =
    "`pip install torch==2.11.0`, or in a clone `scripts/setup --cuda`, installs libtorch with CUDA";

/// Facts about a CUDA device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFacts {
    /// Product name.
    pub name: String,
    /// Total memory, in bytes.
    pub memory_bytes: u64,
    /// Compute capability, such as (9, 0).
    pub capability: (i32, i32),
    /// cuDNN's version number, such as 91900; 0 without cuDNN.
    pub cudnn: i64,
    /// GPU or stand-in.
    pub nature: Nature,
}

/// What a CUDA device really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// A GPU.
    Gpu,
    /// The CPU, simulating a GPU in tests: its timings say nothing about GPUs.
    StandIn,
}

/// `freezewise_device` of `native/plugin.h`.
#[repr(C)]
struct RawFacts {
    name: [c_char; TEXT_SIZE],
    memory_bytes: u64,
    major: i32,
    minor: i32,
    cudnn: i64,
    stand_in: i32,
}

/// `freezewise_memory` of `native/plugin.h`, in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceMemory {
    /// Currently held by tensors.
    pub held: u64,
    /// Peak held by tensors.
    pub peak: u64,
    /// Reserved from the device, in use or not.
    pub reserved: u64,
    /// Available for more tensors.
    pub free: u64,
}

/// A graph handle of the plugin.
#[repr(C)]
pub(super) struct RawGraph {
    _private: [u8; 0],
}

type TorchVersion = unsafe extern "C" fn() -> *const c_char;
type CudaOfPlugin = unsafe extern "C" fn() -> c_int;
type ReadFacts = unsafe extern "C" fn(c_int, *mut RawFacts, *mut c_char) -> c_int;
type Memory = unsafe extern "C" fn(c_int, *mut DeviceMemory, *mut c_char) -> c_int;
type OfDevice = unsafe extern "C" fn(c_int, *mut c_char) -> c_int;
type OfProcess = unsafe extern "C" fn(*mut c_char) -> c_int;
type NewPool = unsafe extern "C" fn(*mut u64, *mut c_char) -> c_int;
type Begin = unsafe extern "C" fn(*mut *mut RawGraph, *const u64, *mut c_char) -> c_int;
type OfGraph = unsafe extern "C" fn(*mut RawGraph, *mut c_char) -> c_int;
type Drop = unsafe extern "C" fn(*mut RawGraph);

/// The functions of `native/plugin.h`.
pub(super) struct Plugin {
    facts: Symbol<ReadFacts>,
    memory: Symbol<Memory>,
    pub(super) empty_cache: Symbol<OfProcess>,
    pub(super) use_stream: Symbol<OfDevice>,
    pub(super) synchronize: Symbol<OfDevice>,
    pub(super) new_pool: Symbol<NewPool>,
    pub(super) capture_begin: Symbol<Begin>,
    pub(super) capture_end: Symbol<OfGraph>,
    pub(super) replay: Symbol<OfGraph>,
    pub(super) drop_graph: Symbol<Drop>,
    _library: Library,
}

static PLUGIN_LOADED: OnceLock<Result<Plugin, (String, Vec<String>)>> = OnceLock::new();

/// Path of the plugin: `FREEZEWISE_CUDA_PLUGIN`, or beside the program, or where it was built.
pub fn plugin_path() -> Option<PathBuf> {
    if let Some(path) = environment::path(NAMED) {
        return Some(path);
    }
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent).map(|folder| folder.join(PLUGIN));
    let built = PathBuf::from(env!("FREEZEWISE_BUILT_PLUGIN"));
    beside.into_iter().chain([built]).find(|path| path.is_file())
}

/// Whether the environment names a plugin; then CUDA may exist without a driver.
pub fn plugin_is_named() -> bool {
    environment::variable(NAMED).is_some()
}

/// Loads CUDA once, and describes its devices. The driver must support the device with this index, unless the
/// environment names a plugin.
pub(super) fn load(driver: &Driver, index: usize) -> Result<Vec<DeviceFacts>, UserError> {
    if !plugin_is_named() {
        driver.check(index)?;
    }
    let plugin = plugin()?;
    let count = tch::Cuda::device_count().max(0);
    if count == 0 || !tch::Cuda::is_available() {
        return Err(UserError::new("CUDA is loaded, but has no device")
            .hint("`nvidia-smi` should list the GPU; CUDA_VISIBLE_DEVICES hides devices"));
    }
    (0..count).map(|index| plugin.describe(index as c_int)).collect()
}

/// Version of cuDNN, once CUDA is loaded.
pub fn cudnn_version(facts: &DeviceFacts) -> Option<String> {
    (facts.cudnn > 0).then(|| format!("{}.{}.{}", facts.cudnn / 10_000, facts.cudnn / 100 % 100, facts.cudnn % 100))
}

/// Memory of a device, if CUDA is loaded.
pub fn device_memory(index: usize) -> Option<DeviceMemory> {
    let plugin = PLUGIN_LOADED.get()?.as_ref().ok()?;
    let mut memory = DeviceMemory::default();
    // SAFETY: the pointer is valid for the call, which checks the index and catches C++ exceptions.
    call(|error| unsafe { (plugin.memory)(index as c_int, &raw mut memory, error) }).ok().map(|()| memory)
}

pub(super) fn plugin() -> Result<&'static Plugin, UserError> {
    let loaded = PLUGIN_LOADED.get_or_init(|| open().map_err(|error| (error.to_string(), error.hints().to_vec())));
    loaded.as_ref().map_err(|(message, hints)| UserError::new(message.clone()).hints_of(hints))
}

fn open() -> Result<Plugin, UserError> {
    let path = plugin_path().ok_or_else(|| {
        UserError::new(format!("`{PLUGIN}` was not found, neither beside the program nor where it was built"))
            .hint("`scripts/setup --cuda` and `cargo build --release` build it; copy it along with the program")
    })?;
    // SAFETY: libraries run code when they are loaded. libtorch_cuda registers its kernels, and must be loaded before
    // the plugin, which uses its symbols. Both belong to the libtorch that this program links; `open_plugin` checks the
    // version that the plugin was compiled for.
    unsafe {
        if !plugin_is_named() {
            open_global(Path::new("libtorch_cuda.so")).map_err(|cause| cause.hint(WITH_CUDA))?;
        }
        open_plugin(&path).map_err(|error| if plugin_is_named() { of_variable(&error, &path) } else { error })
    }
}

/// The error, with the variable that names the plugin.
fn of_variable(error: &UserError, path: &Path) -> UserError {
    let tilde = text::tilde(&path.to_string_lossy()).map(str::to_owned);
    UserError::new(format!("{NAMED}: {error}")).hints_of(error.hints()).hints_of(tilde.as_slice())
}

unsafe fn open_plugin(path: &Path) -> Result<Plugin, UserError> {
    let not_ours = |_| {
        UserError::new(format!("`{}` is not a plugin of this program", path.display()))
            .hint("rebuild it with `cargo build --release`")
    };
    // SAFETY: required of the caller; the signatures are those of native/plugin.h, and the symbols live as long as the
    // library, which the result keeps.
    unsafe {
        let library = open_global(path)?;
        let version: Symbol<TorchVersion> = library.get(b"freezewise_torch_version").map_err(not_ours)?;
        let version = CStr::from_ptr(version()).to_string_lossy().into_owned();
        if version != super::LIBTORCH {
            let message = format!(
                "`{}` was built for libtorch {version}, but this program for {}",
                path.display(),
                super::LIBTORCH
            );
            return Err(UserError::new(message).hint("rebuild both with `cargo build --release`"));
        }
        let cuda: Symbol<CudaOfPlugin> = library.get(b"freezewise_cuda_version").map_err(not_ours)?;
        check_cuda(path, CudaVersion(cuda()))?;
        Ok(Plugin {
            facts: library.get(b"freezewise_device_facts").map_err(not_ours)?,
            memory: library.get(b"freezewise_device_memory").map_err(not_ours)?,
            empty_cache: library.get(b"freezewise_empty_cache").map_err(not_ours)?,
            use_stream: library.get(b"freezewise_use_stream").map_err(not_ours)?,
            synchronize: library.get(b"freezewise_synchronize").map_err(not_ours)?,
            new_pool: library.get(b"freezewise_new_pool").map_err(not_ours)?,
            capture_begin: library.get(b"freezewise_capture_begin").map_err(not_ours)?,
            capture_end: library.get(b"freezewise_capture_end").map_err(not_ours)?,
            replay: library.get(b"freezewise_replay").map_err(not_ours)?,
            drop_graph: library.get(b"freezewise_drop_graph").map_err(not_ours)?,
            _library: library,
        })
    }
}

/// CUDA's structures differ between major versions, and torch 2.11.0 is published for two of them.
fn check_cuda(plugin: &Path, built_for: CudaVersion) -> Result<(), UserError> {
    let Some(found) = libtorch_cuda().filter(|found| built_for.0 != 0 && found.major() != built_for.major()) else {
        return Ok(());
    };
    let message = format!("`{}` was built for CUDA {built_for}, but this libtorch for {found}", plugin.display());
    Err(UserError::new(message)
        .hint(format!("install torch {} for CUDA {}", super::LIBTORCH, built_for.major()))
        .hint("or build the program with this libtorch: `scripts/setup --libtorch DIR` and `cargo build --release`"))
}

unsafe fn open_global(path: &Path) -> Result<Library, UserError> {
    // SAFETY: required of the caller.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }
        .map_err(|error| UserError::new(format!("`{}` cannot be loaded: {error}", path.display())))
}

impl Plugin {
    fn describe(&self, index: c_int) -> Result<DeviceFacts, UserError> {
        let mut raw = RawFacts { name: [0; TEXT_SIZE], memory_bytes: 0, major: 0, minor: 0, cudnn: 0, stand_in: 0 };
        // SAFETY: the pointers are valid for the call, which stays within their bounds and catches C++ exceptions.
        call(|error| unsafe { (self.facts)(index, &raw mut raw, error) })
            .map_err(|error| UserError::new(format!("CUDA device {index} cannot be used: {error}")))?;
        // SAFETY: the name is zero-terminated within the buffer.
        let name = unsafe { CStr::from_ptr(raw.name.as_ptr()) }.to_string_lossy().into_owned();
        Ok(DeviceFacts {
            name,
            memory_bytes: raw.memory_bytes,
            capability: (raw.major, raw.minor),
            cudnn: raw.cudnn,
            nature: if raw.stand_in == 0 { Nature::Gpu } else { Nature::StandIn },
        })
    }
}
