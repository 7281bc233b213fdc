//! The cost of a spec's training on this machine: timed, or counted without a clock.

pub(in crate::run) mod bound;
pub(in crate::run) mod count;
pub(in crate::run) mod speed;
pub(in crate::run) mod work;
