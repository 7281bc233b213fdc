//! A sweep on Slurm: a job script for people to read and edit, its submission, and the state of the queue.
//!
//! Every function is pure except `submit` and `queue`, which run `sbatch` and `squeue`.

mod queue;
mod script;
mod submit;

pub use queue::{SlurmJob, parse, queue};
pub use script::{Array, Script, arrays};
pub use submit::submit;
