//! Training and evaluation data: splits on the device, their batches, and the prefix cache.

pub(in crate::train) mod augment;
pub(in crate::train) mod batches;
pub(in crate::train) mod device_split;
pub(in crate::train) mod prefix_cache;
pub(in crate::train) mod split_input;
pub(in crate::train) mod split_inputs;
