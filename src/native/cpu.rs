//! Facts about the CPU, and about the loaded libtorch.

use std::path::PathBuf;

/// Instruction sets of this CPU that determine libtorch's speed and rounding.
pub fn cpu_features() -> Vec<&'static str> {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = info.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    let has = |name: &str| flags.split_whitespace().any(|flag| flag == name);
    ["avx2", "avx512f", "avx512_bf16", "amx_bf16"].into_iter().filter(|name| has(name)).collect()
}

/// The folder that libtorch was loaded from.
pub fn libtorch_place() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("libtorch_cpu.so"))?;
    let path = PathBuf::from(&line[line.find('/')?..]);
    path.parent().map(PathBuf::from)
}
