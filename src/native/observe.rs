//! Observes libtorch: the number of operators, and the time spent in them.

use std::time::Duration;

use super::shim;

/// Observes libtorch on all threads until it ends.
#[derive(Debug)]
pub struct Observation {
    handle: u64,
}

/// The result of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorTime {
    /// Number of top-level operators (not called by other operators).
    pub operators: u64,
    /// Time in them, and in autograd's own work between them.
    pub time: Duration,
}

impl Observation {
    /// Starts observing.
    pub fn start() -> Self {
        // SAFETY: the function takes no arguments and adds an observer to libtorch's list.
        Self { handle: unsafe { shim::freezewise_observe() } }
    }

    /// Stops observing.
    pub fn end(self) -> OperatorTime {
        let (mut operators, mut nanoseconds) = (0, 0);
        // SAFETY: the handle is from `start` and used once; the pointers are valid for the call.
        unsafe { shim::freezewise_observed(self.handle, &raw mut operators, &raw mut nanoseconds) };
        OperatorTime { operators, time: Duration::from_nanos(nanoseconds) }
    }
}
