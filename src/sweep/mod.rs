//! A grid of runs, on this machine's devices, on Slurm, or as command lines for other engines; its state and results.
//!
//! A cell is an ordinary run in a directory that its spec determines, so it counts whatever ran it. Every cell is a
//! separate process. This module knows no format of a run's files: `rundir` reads them.

mod archive;
mod collect;
mod compare;
mod cost;
mod lines;
mod plan;
mod program;
mod prune;
pub mod runner;
mod sheet;
pub mod slurm;
mod state;
mod status;

pub use archive::restore;
pub use collect::collect;
pub use compare::{Comparison, RESULTS, compare};
pub use cost::Cost;
pub use lines::{Call, lines};
pub use plan::{Cell, Plan, Source};
pub use prune::{Keep, Pruned, prune};
pub use sheet::{Entry, Sheet, keep_spec};
pub use state::State;
pub use status::{RunStatus, Status, status};
