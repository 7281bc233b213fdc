//! Stopping between two batches of what leaves no state.

use std::fmt;

/// Tells whether to stop, between two batches.
pub type Interrupt<'a> = &'a mut dyn FnMut() -> bool;

/// The phase was stopped in the middle of something that leaves no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::train) struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stopped {}

/// An error where a stop is asked for.
pub(in crate::train) fn proceed(interrupt: Interrupt<'_>) -> Result<(), Stopped> {
    if interrupt() { Err(Stopped) } else { Ok(()) }
}
