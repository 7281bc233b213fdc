//! Profiles libtorch: how many operators run, and the time spent in them.

use std::time::Duration;

use super::shim;

/// Observes the operators that libtorch runs on every thread.
#[derive(Debug)]
pub struct Observation {
    handle: u64,
}

/// The result of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Number of operators that no other operator called.
    pub operators: u64,
    /// Time in these operators, and in autograd's work between them.
    pub time: Duration,
}

impl Observation {
    /// Starts observing.
    pub fn start() -> Self {
        // SAFETY: the function takes nothing and adds an observer to libtorch's list.
        Self { handle: unsafe { shim::freezewise_observe() } }
    }

    /// Stops observing and returns the result.
    pub fn end(self) -> Observed {
        let (mut operators, mut nanoseconds) = (0, 0);
        // SAFETY: the handle came from `start` and is returned once; the pointers are valid for the call.
        unsafe { shim::freezewise_observed(self.handle, &raw mut operators, &raw mut nanoseconds) };
        Observed { operators, time: Duration::from_nanos(nanoseconds) }
    }
}
