//! From directories of runs to findings in words, figures and pages.
//!
//! Nothing is averaged but the seeds of one cell, everything left out is listed with its reason, and the same
//! directories always give the same bytes: no date, host or version of this program. It must not train, and needs no
//! libtorch: it knows runs by what `rundir` reads.

mod capacity;
mod chart;
mod contents;
mod judge;
mod page;
mod read;
mod setting;
mod words;
mod write;

pub use capacity::{CapacityRow, CapacityTable, SeedCapacity, capacities};
pub use write::{WrittenReport, write};
