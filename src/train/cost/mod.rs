//! What a phase costs: timed, counted, and told from its spec alone.

pub(in crate::train) mod bench;
pub(in crate::train) mod count;
pub(in crate::train) mod footprint;
pub(in crate::train) mod notes;
