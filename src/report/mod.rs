//! Turns run directories into findings, figures and pages.
//!
//! Averages are only over the seeds of one cell, everything left out is listed with its reason, and the same directories
//! always give the same bytes: no date, host or version of freezewise. It must not train and needs no libtorch: it knows
//! runs only through `rundir`.

mod capacity;
mod chart;
mod contents;
mod judge;
mod measured_alike;
mod page;
mod parallel;
mod read;
mod rerun;
mod setting;
mod setting_names;
mod words;
mod write;

pub use capacity::{CapacityRow, CapacityTable, SeedCapacity, capacities};
pub use write::{WrittenReport, write};
