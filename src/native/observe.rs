//! What libtorch runs: how many operators, and the time in them.

use std::time::Duration;

use super::shim;

/// Observes what libtorch runs while it lives, on every thread.
#[derive(Debug)]
pub struct Observation {
    handle: u64,
}

/// What an observation saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorTime {
    /// Operators that no other operator called.
    pub operators: u64,
    /// The time in them, and in autograd's own work between them.
    pub time: Duration,
}

impl Observation {
    /// Starts to observe.
    pub fn start() -> Self {
        // SAFETY: the function takes nothing and adds an observer to libtorch's list.
        Self { handle: unsafe { shim::freezewise_observe() } }
    }

    /// What there was; observing ends.
    pub fn end(self) -> OperatorTime {
        let (mut operators, mut nanoseconds) = (0, 0);
        // SAFETY: the handle is that of `start`, and given back once; the pointers are valid for the call.
        unsafe { shim::freezewise_observed(self.handle, &raw mut operators, &raw mut nanoseconds) };
        OperatorTime { operators, time: Duration::from_nanos(nanoseconds) }
    }
}
