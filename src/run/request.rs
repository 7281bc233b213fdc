//! The request for a run, and its result.

use std::path::Path;
use std::time::Duration;

use crate::run::fixed::Fixed;
use crate::run::recovery::stop::Stop;
use crate::rundir::{Metrics, RunDirectory, Summary};

/// Where a run reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Folder of all runs.
    pub out: &'a Path,
    /// Folder of the data sets.
    pub data: &'a Path,
}

/// How to run a spec.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where to read and write.
    pub places: Places<'a>,
    /// Whether to resume or start over.
    pub beginning: Beginning,
    /// How long to wait for another process that has locked the run.
    pub wait: Duration,
    /// Settings that a sweep fixed for all of its cells.
    pub fixed: Option<Fixed>,
    /// Whether to write event files for TensorBoard.
    pub tensorboard: bool,
    /// Checked between batches; ends the run early.
    pub stop: &'a Stop,
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// At the last checkpoint, if there is one.
    Resume,
    /// At step 0; an existing run is moved aside.
    Fresh,
}

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    /// The run directory.
    pub directory: RunDirectory,
    /// `summary.json`.
    pub summary: Summary,
    /// `metrics.csv`.
    pub rows: Vec<Metrics>,
    /// Whether the run was finished before this request.
    pub already: bool,
}
