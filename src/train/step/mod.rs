//! One step, forward, backward and update, and an epoch of steps.

pub(in crate::train) mod batch_index;
pub(in crate::train) mod captured_work;
pub(in crate::train) mod epoch;
pub(in crate::train) mod learner;
pub(in crate::train) mod measures;
pub(in crate::train) mod optimizer;
pub(in crate::train) mod schedule;
pub(in crate::train) mod sums;
