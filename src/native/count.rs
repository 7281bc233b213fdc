//! How many operators libtorch runs.

use super::shim;

/// Counts operators while it lives.
#[derive(Debug)]
pub struct OperatorCount {
    handle: u64,
}

impl OperatorCount {
    /// Counts from here on, on every thread.
    #[allow(clippy::new_without_default)] // to count is an act
    pub fn start() -> Self {
        // SAFETY: the function takes nothing and adds an observer to libtorch's list.
        Self { handle: unsafe { shim::freezewise_count_operators() } }
    }

    /// How many there were.
    pub fn end(self) -> u64 {
        // SAFETY: the handle is that of `start`, and given back once.
        unsafe { shim::freezewise_counted(self.handle) }
    }
}
