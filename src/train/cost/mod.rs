//! The cost of a phase: timed, counted, and predicted from its spec.

pub(in crate::train) mod bench;
pub(in crate::train) mod count;
pub(in crate::train) mod footprint;
pub(in crate::train) mod notes;
