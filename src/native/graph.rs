//! CUDA graphs: captured device work, replayed with one call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_int;
use std::ptr;
use std::rc::{Rc, Weak};

use tch::Device;

use super::cuda::{self, RawGraph};
use super::shim::call;
use crate::error::UserError;

/// A captured graph. A replay reads and writes the same memory as the capture.
#[derive(Debug)]
pub struct Graph {
    raw: *mut RawGraph,
    /// Must be dropped after the graph.
    pool: Rc<Pool>,
}

/// Memory pool for tensors created within graphs. The graphs of one thread share a pool: they replay one after another,
/// and nothing created in one is read after it. libtorch releases a pool with its last graph, and it cannot be used
/// afterwards.
#[derive(Debug)]
struct Pool {
    id: [u64; 2],
}

impl Pool {
    /// The pool of this thread's graphs on a device, or a new one.
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
            // SAFETY: the function writes two numbers and catches C++ exceptions.
            call(|error| unsafe { (plugin.new_pool)(pool.id.as_mut_ptr(), error) })?;
            let pool = Rc::new(pool);
            pools.insert(index, Rc::downgrade(&pool));
            Ok(pool)
        })
    }
}

impl Graph {
    /// Captures the GPU work of `work`. The current stream must not be the default stream (`use_stream`), and `work`
    /// must have run a few times on it before. It must not synchronise, upload, or keep tensors it creates. If it fails
    /// or panics, the device's memory and random generator are restored.
    pub fn capture(device: Device, work: impl FnOnce()) -> Result<Self, UserError> {
        let plugin = cuda::plugin()?;
        let index = index(device).ok_or_else(|| UserError::new("only a GPU can capture graphs"))?;
        // Like PyTorch's `torch.cuda.graph`: a capture cannot reuse memory that was freed before it but is still
        // reserved, nor have it released.
        synchronize(device)?;
        empty_cache(device)?;
        let mut graph = Self { raw: ptr::null_mut(), pool: Pool::of(index)? };
        let pool = graph.pool.id;
        // SAFETY: the pointers are valid for the call, which catches C++ exceptions.
        call(|error| unsafe { (plugin.capture_begin)(&raw mut graph.raw, pool.as_ptr(), error) })?;
        work();
        // SAFETY: the graph is from `capture_begin`; if `work` panics instead, `drop` ends the capture.
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
            // SAFETY: the graph is from `capture_begin` and freed once.
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

/// Switches this thread's GPU work to a stream of its own, on which graphs can be captured.
pub fn use_stream(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: the function takes an index and catches C++ exceptions.
    call(|error| unsafe { (plugin.use_stream)(index, error) })
}

/// Waits for all work of a GPU. On a CPU, work is complete when a call returns.
pub fn synchronize(device: Device) -> Result<(), UserError> {
    let Some(index) = index(device) else { return Ok(()) };
    let plugin = cuda::plugin()?;
    // SAFETY: as in `use_stream`.
    call(|error| unsafe { (plugin.synchronize)(index, error) })
}

/// Releases cached GPU memory that no tensor holds.
pub fn empty_cache(device: Device) -> Result<(), UserError> {
    if index(device).is_none() {
        return Ok(());
    }
    let plugin = cuda::plugin()?;
    // SAFETY: the function takes nothing else and catches C++ exceptions.
    call(|error| unsafe { (plugin.empty_cache)(error) })
}
