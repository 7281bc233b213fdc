//! How much memory the computation takes.

use tch::Device;

use super::cuda;

/// The most bytes held so far: on a GPU by tensors, on the CPU by the whole process.
pub fn peak_bytes(device: Device) -> Option<u64> {
    match device {
        Device::Cuda(index) => cuda::peak_bytes(index),
        _ => status_kilobytes("VmHWM:").map(|kilobytes| kilobytes * 1024),
    }
}

/// A line of Linux's account of the process; elsewhere there is none.
fn status_kilobytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Lets the C library keep what libtorch frees for the next step, instead of giving it back to the system and asking
/// again: a step's tensors have the same sizes as the last one's. Otherwise large ones cost a page fault for every
/// 4 kB of every step, and memory creeps while the library learns which sizes to keep.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        // From malloc.h: no allocation by mmap, and no return of the heap's top below this many free bytes.
        const M_TRIM_THRESHOLD: c_int = -1;
        const M_MMAP_MAX: c_int = -4;
        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        // SAFETY: mallopt takes two numbers, may be called at any time, and ignores what it does not know.
        unsafe {
            mallopt(M_MMAP_MAX, 0);
            mallopt(M_TRIM_THRESHOLD, c_int::MAX);
        }
    }
}
