//! The device to train on.

use super::report::ProblemReport;

/// The device to train on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU if available, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU with this index.
    Cuda(usize),
}

/// Resolves the `device` key.
pub(super) fn device(typed: &str, report: &mut ProblemReport<'_>) -> DeviceChoice {
    device_named(typed).unwrap_or_else(|| {
        report.add("device", format!("`{typed}` is not a device"), "expected `auto`, `cpu`, `cuda` or `cuda:N`");
        DeviceChoice::Auto
    })
}

/// The device with this name.
pub(super) fn device_named(name: &str) -> Option<DeviceChoice> {
    match name {
        "auto" => Some(DeviceChoice::Auto),
        "cpu" => Some(DeviceChoice::Cpu),
        "cuda" => Some(DeviceChoice::Cuda(0)),
        _ => name.strip_prefix("cuda:")?.parse().ok().map(DeviceChoice::Cuda),
    }
}
