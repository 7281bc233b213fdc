//! A sweep on Slurm: a job script that can be read and edited, how it is submitted, and how its queue is read.
//!
//! Every function here is pure but `submit` and `queue`, which start `sbatch` and `squeue`.

mod queue;
mod script;
mod submit;

pub use queue::{SlurmJob, parse, queue};
pub use script::{Array, Script, arrays};
pub use submit::submit;
