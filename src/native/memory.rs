//! Memory use: peak, free, and how freed memory is kept.

use tch::Device;

use super::cuda;

/// Peak memory so far: on a GPU of tensors, on the CPU of the whole process.
pub fn peak_bytes(device: Device) -> Option<u64> {
    match device {
        Device::Cuda(index) => cuda::device_memory(index).map(|memory| memory.peak),
        _ => kilobytes("/proc/self/status", "VmHWM:").map(|kilobytes| kilobytes * 1024),
    }
}

/// Memory still available: on a GPU its own, on the CPU the machine's or what its control group (a container, a Slurm
/// job) leaves, whichever is less.
pub fn free_bytes(device: Device) -> Option<u64> {
    if let Device::Cuda(index) = device {
        return cuda::device_memory(index).map(|memory| memory.free);
    }
    let machine = kilobytes("/proc/meminfo", "MemAvailable:").map(|kilobytes| kilobytes * 1024);
    machine.into_iter().chain(group_bytes()).min()
}

/// What the control group's limit leaves (cgroup v2 and v1).
fn group_bytes() -> Option<u64> {
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let unified = format!("/sys/fs/cgroup{}", path.trim_end_matches('/'));
    [
        (format!("{unified}/memory.max"), format!("{unified}/memory.current")),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes".into(), "/sys/fs/cgroup/memory/memory.usage_in_bytes".into()),
    ]
    .iter()
    .filter_map(|(limit, used)| Some(number(limit)?.saturating_sub(number(used)?)))
    .min()
}

/// A value in kB from a file in `/proc`; `None` outside Linux.
fn kilobytes(account: &str, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(account).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Makes the C library keep memory that libtorch frees, instead of returning it to the system: every step needs tensors
/// of the same sizes. Otherwise large tensors cost a page fault per 4 kB in every step, and memory use grows slowly while
/// the library adapts its thresholds.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        // From malloc.h: never allocate by mmap, and do not trim the top of the heap below this many free bytes.
        const M_TRIM_THRESHOLD: c_int = -1;
        const M_MMAP_MAX: c_int = -4;
        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        // SAFETY: mallopt takes two numbers, may be called at any time, and ignores unknown parameters.
        unsafe {
            mallopt(M_MMAP_MAX, 0);
            mallopt(M_TRIM_THRESHOLD, c_int::MAX);
        }
    }
}
