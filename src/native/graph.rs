//! CUDA graphs: what was handed to the device once, handed to it again with one call.

use std::ffi::c_int;
use std::ptr;

use tch::Device;

use super::cuda::{self, RawGraph};
use super::shim::call;
use crate::error::UserError;

/// A captured graph. Its replays read and write the memory that was read and written while it was captured.
#[derive(Debug)]
pub struct Graph {
    raw: *mut RawGraph,
}

impl Graph {
    /// Captures what `work` hands to the device. The current stream is not the default (`use_stream`), and `work` has
    /// been done a few times on it before; it must not wait for the device, upload, or keep what it makes.
    pub fn capture(work: impl FnOnce()) -> Result<Self, UserError> {
        let plugin = cuda::plugin()?;
        let mut graph = Self { raw: ptr::null_mut() };
        // SAFETY: the pointer is valid for the call, which catches what C++ throws.
        call(|error| unsafe { (plugin.capture_begin)(&raw mut graph.raw, error) })?;
        work();
        // SAFETY: the graph came from `capture_begin`; where `work` panicked instead, `drop` ends the capture.
        call(|error| unsafe { (plugin.capture_end)(graph.raw, error) })?;
        Ok(graph)
    }

    /// Hands it to the device again.
    pub fn replay(&self) -> Result<(), UserError> {
        let plugin = cuda::plugin()?;
        // SAFETY: the graph was captured, and lives as long as `self`.
        call(|error| unsafe { (plugin.replay)(self.raw, error) })
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if let (Ok(plugin), false) = (cuda::plugin(), self.raw.is_null()) {
            // SAFETY: the graph came from `capture_begin` and is freed once.
            unsafe { (plugin.drop_graph)(self.raw) };
        }
    }
}

fn index(device: Device) -> Option<c_int> {
    match device {
        Device::Cuda(index) => Some(index as c_int),
        _ => None,
    }
}

/// From here on this thread hands its work for a GPU to a stream of its own, on which a graph can be captured.
pub fn use_stream(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: the function takes an index and catches what C++ throws.
    call(|error| unsafe { (plugin.use_stream)(index, error) })
}

/// Waits for all work of a GPU; the CPU's is done when a call returns.
pub fn synchronize(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: as for `use_stream`.
    call(|error| unsafe { (plugin.synchronize)(index, error) })
}

/// Lets `peak_bytes` of a GPU begin anew.
pub fn reset_peak(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: as for `use_stream`.
    call(|error| unsafe { (plugin.reset_peak)(index, error) })
}

/// Gives memory of GPUs that no tensor holds back to them.
pub fn empty_cache(device: Device) -> Result<(), UserError> {
    if index(device).is_none() {
        return Ok(());
    }
    let plugin = cuda::plugin()?;
    // SAFETY: the function takes nothing else and catches what C++ throws.
    call(|error| unsafe { (plugin.empty_cache)(error) })
}
