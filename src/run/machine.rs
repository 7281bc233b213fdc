//! What a run computes with: the device, the threads and the settings that its spec comes to on this machine.

use anyhow::Result;

use super::event::{Audience, Event};
use super::execute::Places;
use crate::data::{self, Access, Image, TaskData};
use crate::error::UserError;
use crate::native::{self, Chosen};
use crate::spec::{Experiment, Task};
use crate::train::Settings;

/// What a phase computes with.
pub(super) struct Machine<'a> {
    pub(super) device: Chosen,
    pub(super) threads: usize,
    pub(super) settings: Settings,
    pub(super) places: Places<'a>,
}

impl<'a> Machine<'a> {
    /// Finds the device and makes this process ready to compute.
    pub(super) fn start(experiment: &Experiment, places: Places<'a>) -> Result<Self> {
        let device = native::choose(experiment.device)?;
        let settings = Settings::new(&experiment.compute, &device, &experiment.blueprint(&experiment.target))?;
        native::prepare(device.device, settings.precision)?;
        if experiment.compute.deterministic {
            native::use_deterministic_kernels()?;
        }
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
        Ok(Self { device, threads, settings, places })
    }

    /// Reads the data of a task.
    pub(super) fn load(&self, experiment: &Experiment, task: &Task, audience: &mut dyn Audience) -> Result<TaskData> {
        let image = Image { shape: experiment.image, fit: experiment.fit };
        let access = Access { root: self.places.data, threads: self.threads };
        data::load(task, image, access, &mut |reading| audience.hear(&Event::Reading(&reading)))
    }
}
