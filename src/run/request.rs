//! What a run is asked for with, and what comes back.

use std::path::Path;
use std::time::Duration;

use crate::run::fixed::Fixed;
use crate::run::recovery::stop::Stop;
use crate::rundir::{Row, RunDirectory, Summary};

/// Where a run reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The folder of all runs.
    pub out: &'a Path,
    /// The folder of the data sets.
    pub data: &'a Path,
}

/// How a run is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where it reads and writes.
    pub places: Places<'a>,
    /// Whether to begin anew where something is there already.
    pub beginning: Beginning,
    /// How long to wait where another process holds the run.
    pub wait: Duration,
    /// What a sweep settled for all of its cells.
    pub fixed: Option<Fixed>,
    /// Whether to write event files for TensorBoard beside the tables.
    pub tensorboard: bool,
    /// What ends it early.
    pub stop: &'a Stop,
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// At its last checkpoint, if it was begun.
    Resume,
    /// At the first step; the existing run is moved aside.
    Fresh,
}

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    /// Where it is.
    pub directory: RunDirectory,
    /// What it shows.
    pub summary: Summary,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Whether it was finished before.
    pub already: bool,
}
