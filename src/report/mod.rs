//! From directories of runs to findings in words, figures and pages.
//!
//! Nothing is averaged but the seeds of one cell, everything left out is listed with its reason, and the same
//! directories always give the same bytes: no date, host or version of this program. It must not train, and needs no
//! libtorch: it knows runs by what `rundir` reads.

mod chart;
mod contents;
mod judge;
mod measured_alike;
mod page;
mod parallel;
mod read;
mod rerun;
mod setting;
mod words;
mod write;

pub use write::{Written, write};
