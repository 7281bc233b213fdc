//! CUDA graphs: work that is submitted once and then replayed with one call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_int;
use std::ptr;
use std::rc::{Rc, Weak};

use tch::Device;

use super::cuda::{self, RawGraph};
use super::shim::call;
use crate::error::UserError;

/// A captured graph. A replay reads and writes the same memory as the capture did.
#[derive(Debug)]
pub struct Graph {
    raw: *mut RawGraph,
    /// Dropped after the graph.
    pool: Rc<Pool>,
}

/// Device memory for tensors created inside graphs. The graphs of one thread share a pool: they replay one after another,
/// and nothing created inside one is read after it. libtorch frees a pool with its last graph, so it is not reused then.
#[derive(Debug)]
struct Pool {
    id: [u64; 2],
}

impl Pool {
    /// The pool that this thread's graphs on a device share; a new one if there is none.
    fn of(index: c_int) -> Result<Rc<Self>, UserError> {
        thread_local! {
            static POOLS: RefCell<HashMap<c_int, Weak<Pool>>> = RefCell::default();
        }
        POOLS.with_borrow_mut(|pools| {
            if let Some(pool) = pools.get(&index).and_then(Weak::upgrade) {
                return Ok(pool);
            }
            let plugin = cuda::plugin()?;
            let mut pool = Self { id: [0; 2] };
            // SAFETY: the function writes two numbers and catches what C++ throws.
            call(|error| unsafe { (plugin.new_pool)(pool.id.as_mut_ptr(), error) })?;
            let pool = Rc::new(pool);
            pools.insert(index, Rc::downgrade(&pool));
            Ok(pool)
        })
    }
}

impl Graph {
    /// Captures the work that `work` submits to a GPU. Requires a stream other than the default (`use_stream`) on which
    /// `work` ran a few times before; it must not wait for the device, upload, or keep tensors that it creates. If it
    /// fails or panics, the device's memory and random generator are restored.
    pub fn capture(device: Device, work: impl FnOnce()) -> Result<Self, UserError> {
        let plugin = cuda::plugin()?;
        let index = index(device).ok_or_else(|| UserError::new("only a GPU can capture graphs"))?;
        // As PyTorch's `torch.cuda.graph` does: during a capture, cached free memory can neither be used nor released.
        synchronize(device)?;
        empty_cache(device)?;
        let mut graph = Self { raw: ptr::null_mut(), pool: Pool::of(index)? };
        let pool = graph.pool.id;
        // SAFETY: the pointers are valid for the call, which catches what C++ throws.
        call(|error| unsafe { (plugin.capture_begin)(&raw mut graph.raw, pool.as_ptr(), error) })?;
        work();
        // SAFETY: the graph came from `capture_begin`; if `work` panics, `drop` ends the capture.
        call(|error| unsafe { (plugin.capture_end)(graph.raw, error) })?;
        Ok(graph)
    }

    /// Replays the graph.
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

/// From now on this thread submits its GPU work to its own stream, on which a graph can be captured.
pub fn use_stream(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: the function takes an index and catches what C++ throws.
    call(|error| unsafe { (plugin.use_stream)(index, error) })
}

/// Waits for all work of a GPU; does nothing for the CPU.
pub fn synchronize(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: as for `use_stream`.
    call(|error| unsafe { (plugin.synchronize)(index, error) })
}

/// Resets `peak_bytes` of a GPU.
pub fn reset_peak(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: as for `use_stream`.
    call(|error| unsafe { (plugin.reset_peak)(index, error) })
}

/// Releases cached GPU memory that no tensor holds.
pub fn empty_cache(device: Device) -> Result<(), UserError> {
    if index(device).is_none() {
        return Ok(());
    }
    let plugin = cuda::plugin()?;
    // SAFETY: the function takes nothing else and catches what C++ throws.
    call(|error| unsafe { (plugin.empty_cache)(error) })
}
