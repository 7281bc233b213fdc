//! Stopping work that has no state to save, between two batches.

use std::fmt;

/// Called between batches; returns whether to stop.
pub type Interrupt<'a> = &'a mut dyn FnMut() -> bool;

/// The phase was stopped during work that has no state to save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::train) struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stopped {}

/// An error if a stop is requested.
pub(in crate::train) fn proceed(interrupt: Interrupt<'_>) -> Result<(), Stopped> {
    if interrupt() { Err(Stopped) } else { Ok(()) }
}
