//! What makes a run survive: locks, checkpoints and resuming from them, records of how it ended, requests to stop.

pub(in crate::run) mod archive;
pub(in crate::run) mod attempt;
pub(in crate::run) mod checkpoint;
pub(in crate::run) mod claim;
pub(in crate::run) mod finished;
pub(in crate::run) mod lock;
pub(in crate::run) mod resume;
pub(in crate::run) mod stop;
pub(in crate::run) mod unchanged;
