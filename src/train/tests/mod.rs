//! Tests of whole phases: equal results, frozen layers, stops.

mod augmenting;
mod equality;
mod freezing;
mod measures;
mod parity;
mod stopping;
pub(in crate::train) mod testing;
