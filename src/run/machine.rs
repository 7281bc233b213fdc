//! What a run computes with.

use anyhow::Result;

use super::execute::Places;
use crate::error::UserError;
use crate::native::{self, Chosen};
use crate::spec::Experiment;

/// Device, threads and folders of a run.
pub(super) struct Machine<'a> {
    pub(super) device: Chosen,
    pub(super) threads: usize,
    pub(super) places: Places<'a>,
}

impl<'a> Machine<'a> {
    /// Finds the device that a spec asks for and sets the process up to compute.
    pub(super) fn start(experiment: &Experiment, places: Places<'a>) -> Result<Self> {
        let device = native::choose(experiment.device)?;
        let threads = native::thread_count(experiment.threads);
        let cores = std::thread::available_parallelism().map_or(threads, std::num::NonZero::get);
        if threads > cores {
            let message =
                format!("{threads} threads are asked for, and this machine has {cores} cores for the program");
            return Err(UserError::new(message)
                .hint("more would stall each other: see `threads` and OMP_NUM_THREADS")
                .into());
        }
        native::set_threads(threads);
        native::keep_freed_memory();
        Ok(Self { device, threads, places })
    }
}
