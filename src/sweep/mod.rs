//! A grid of runs, on this machine's devices, on Slurm, or as shell lines for other job runners; its state and results.
//!
//! A cell is an ordinary run in a directory that its spec determines, so it counts whatever ran it. Every cell is a
//! separate process. This module knows no format of a run's files: `rundir` reads them.

mod archive;
mod claims;
mod collect;
mod compare;
mod cost;
mod lines;
mod measured;
mod plan;
mod program;
mod prune;
mod record;
pub mod runner;
pub mod slurm;
mod state;
mod status;

pub use archive::restore;
pub use claims::obstacles;
pub use collect::collect;
pub use compare::{Comparison, RESULTS, compare};
pub use cost::Cost;
pub use lines::{Call, lines};
pub use plan::{PlannedCell, PlannedSource, SweepPlan};
pub use prune::{PruneOptions, Pruned, prune};
pub use record::{CellRecord, SweepRecord, keep_spec};
pub use state::RunState;
pub use status::{FolderStatus, RunStatus, status};
