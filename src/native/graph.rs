//! CUDA graphs: what was handed to the device once, handed to it again with one call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_int;
use std::ptr;
use std::rc::{Rc, Weak};

use tch::Device;

use super::cuda::{self, RawGraph};
use super::shim::call;
use crate::error::UserError;

/// A captured graph. Its replays read and write the memory that was read and written while it was captured.
#[derive(Debug)]
pub struct Graph {
    raw: *mut RawGraph,
    /// Dropped after the graph.
    pool: Rc<Pool>,
}

/// Memory of a device for what is made within graphs. Those of one thread share it: they replay one after another, and
/// nothing that is made within one is read after it. libtorch gives a pool up with its last graph, so it is no longer
/// used then.
#[derive(Debug)]
struct Pool {
    id: [u64; 2],
}

impl Pool {
    /// The pool of the graphs that this thread has on a device; another, where it has none.
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
    /// Captures what `work` hands to a GPU. The current stream is not the default (`use_stream`), and `work` has
    /// been done a few times on it before; it must not wait for the device, upload, or keep what it makes. Where it fails
    /// or panics, the device's memory and its random generator are as before.
    pub fn capture(device: Device, work: impl FnOnce()) -> Result<Self, UserError> {
        let plugin = cuda::plugin()?;
        let index = index(device).ok_or_else(|| UserError::new("only a GPU captures graphs"))?;
        // As PyTorch's `torch.cuda.graph` does: a capture has no use for memory that was freed before it and is still
        // reserved, and cannot have it given back.
        synchronize(device)?;
        empty_cache(device)?;
        let mut graph = Self { raw: ptr::null_mut(), pool: Pool::of(index)? };
        let pool = graph.pool.id;
        // SAFETY: the pointers are valid for the call, which catches what C++ throws.
        call(|error| unsafe { (plugin.capture_begin)(&raw mut graph.raw, pool.as_ptr(), error) })?;
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
