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

/// The bytes of memory that the process holds now.
pub fn resident_bytes() -> Option<u64> {
    status_kilobytes("VmRSS:").map(|kilobytes| kilobytes * 1024)
}

/// A line of Linux's account of the process; elsewhere there is none.
fn status_kilobytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
