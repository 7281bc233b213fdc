//! Tests of whole phases: what must be equal, what must stay frozen, where a stop is heeded.

mod augmenting;
mod equality;
mod freezing;
mod measures;
mod parity;
mod stopping;
pub(in crate::train) mod testing;
