//! What lets a run survive kills and crashes: locks, checkpoints, resuming, records of how it ended, stop requests.

pub(in crate::run) mod archive;
pub(in crate::run) mod attempt;
pub(in crate::run) mod checkpoint;
pub(in crate::run) mod claim;
pub(in crate::run) mod finished;
pub(in crate::run) mod lock;
pub(in crate::run) mod resume;
pub(in crate::run) mod stop;
pub(in crate::run) mod unchanged;
