//! Memory use of the computation.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use tch::Device;

use super::{control_group, cuda};

/// Peak bytes so far: held by tensors on a GPU, by the whole process on a CPU.
pub fn peak_bytes(device: Device) -> Option<u64> {
    match device {
        Device::Cuda(index) => cuda::device_memory(index).map(|memory| memory.peak),
        _ => kilobytes("/proc/self/status", "VmHWM:").map(|kilobytes| kilobytes * 1024),
    }
}

/// The memory of a computation, read once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// As `peak_bytes`.
    pub peak: Option<u64>,
    /// On a GPU, what any process could still allocate; `None` on a CPU.
    pub free: Option<u64>,
}

/// Peak and free memory of a device.
pub fn memory_use(device: Device) -> MemoryUse {
    match device {
        Device::Cuda(index) => cuda::device_memory(index)
            .map(|memory| {
                // What this process has reserved is free only to itself.
                let kept = memory.reserved.saturating_sub(memory.held);
                MemoryUse { peak: Some(memory.peak), free: Some(memory.free.saturating_sub(kept)) }
            })
            .unwrap_or_default(),
        _ => MemoryUse { peak: peak_bytes(device), free: None },
    }
}

/// What `free_host_bytes` reports at most.
static LIMIT: AtomicU64 = AtomicU64::new(u64::MAX);

/// Limits what `free_host_bytes` reports: processes that start at the same time see the same free memory.
pub fn limit_host_bytes(limit: u64) {
    LIMIT.store(limit, Ordering::Relaxed);
}

/// Bytes still available: of the GPU's memory, or on a CPU of the host's.
pub fn free_bytes(device: Device) -> Option<u64> {
    match device {
        Device::Cuda(index) => cuda::device_memory(index).map(|memory| memory.free),
        _ => free_host_bytes(),
    }
}

/// Bytes still available of the machine's memory, within the limits of this process's control groups (a container, a Slurm
/// job) and of `limit_host_bytes`.
pub fn free_host_bytes() -> Option<u64> {
    let machine = kilobytes("/proc/meminfo", "MemAvailable:").map(|kilobytes| kilobytes * 1024);
    let free = machine.into_iter().chain(control_group::free_bytes(Path::new("/"))).min();
    free.map(|free| free.min(LIMIT.load(Ordering::Relaxed)))
}

/// Reads a line of Linux's memory statistics; `None` on other systems.
fn kilobytes(account: &str, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(account).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Lets the C library keep freed memory for the next step, instead of returning it to the system: all steps allocate
/// the same sizes. Otherwise large tensors cost a page fault per 4 kB in every step, and memory use creeps up while the
/// library learns which sizes to keep.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        // From malloc.h: never allocate by mmap, and never return the heap's top below this many free bytes.
        const M_TRIM_THRESHOLD: c_int = -1;
        const M_MMAP_MAX: c_int = -4;
        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        // SAFETY: mallopt takes two numbers, may be called at any time, and ignores unknown options.
        unsafe {
            mallopt(M_MMAP_MAX, 0);
            mallopt(M_TRIM_THRESHOLD, c_int::MAX);
        }
    }
}
