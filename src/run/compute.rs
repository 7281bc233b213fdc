//! The device, threads and settings that a spec resolves to on this machine.

use std::rc::Rc;

use anyhow::Result;
use tch::Device;

use crate::data::{self, Access, TaskData, WantedImages};
use crate::error::UserError;
use crate::native::{self, ChosenDevice, Switched};
use crate::run::fixed::Fixed;
use crate::run::phase::event::{EventSink, RunEvent};
use crate::run::phase::log::RunLog;
use crate::run::recovery::checkpoint::Checkpoint;
use crate::run::request::Request;
use crate::rundir::{MadeWith, host};
use crate::spec::{Attention, Experiment, Switch, Task};
use crate::train::{self, Settings};

/// The device, threads and settings of a phase.
#[derive(Clone)]
pub(in crate::run) struct ComputeSetup {
    pub(in crate::run) device: ChosenDevice,
    pub(in crate::run) threads: usize,
    /// Notes for the user about device and threads.
    pub(in crate::run) notes: Vec<String>,
    pub(in crate::run) settings: Settings,
    /// Process-wide switches, on as long as this lives.
    _switched: Rc<[Switched]>,
}

impl ComputeSetup {
    /// Finds the device and prepares this process; `fixed` are the settings that a sweep fixed.
    pub(in crate::run) fn start(experiment: &Experiment, fixed: Option<Fixed>) -> Result<Self> {
        let device = native::choose(experiment.device)?;
        let compute = match fixed {
            Some(fixed) => fixed.apply(&experiment.compute, &device)?,
            None => experiment.compute,
        };
        let settings = train::settings(&compute, &device, &experiment.blueprint(&experiment.target))?;
        native::prepare(device.device, settings.precision)?;
        let deterministic = compute.deterministic.then(native::use_deterministic_kernels);
        let plain = (settings.attention == Attention::Plain).then(native::use_plain_attention);
        let switched = deterministic.into_iter().chain(plain).collect::<Result<Vec<_>, _>>()?;
        let threads = native::compute_threads(experiment.threads)?;
        native::set_threads(threads.count);
        if device.device == Device::Cpu {
            native::keep_freed_memory();
        }
        let notes = device.note.iter().cloned().chain(threads.note).collect();
        let setup = Self { device, threads: threads.count, notes, settings, _switched: switched.into() };
        setup.refuse_corruption(experiment)?;
        Ok(setup)
    }

    fn refuse_corruption(&self, experiment: &Experiment) -> Result<(), UserError> {
        let blueprint = experiment.blueprint(&experiment.target);
        native::refuse_corruption(self.settings.precision, self.device.device, self.threads, &blueprint)
    }

    /// Everything that the last bits of results depend on.
    pub(in crate::run) fn made_with(&self) -> MadeWith {
        MadeWith {
            freezewise: env!("CARGO_PKG_VERSION").into(),
            libtorch: native::LIBTORCH.into(),
            device: self.device.name.clone(),
            cpu: host::cpu(),
            threads: self.threads,
            compute: self.settings,
            cached: None,
        }
    }

    /// Adopts the settings of the checkpoint where the spec leaves them open, and notes the remaining differences.
    pub(in crate::run) fn resume_settings(
        &mut self,
        start: Option<&Checkpoint>,
        experiment: &Experiment,
        run_log: &mut RunLog<'_>,
    ) -> Result<()> {
        let Some(start) = start else { return Ok(()) };
        let before = &start.header.made_with;
        self.settings = self.settings.as_before(&before.compute, &experiment.compute);
        if before.cached == Some(false) {
            // There may be more free memory now. In the other direction, there may be too little.
            self.settings.cache = Switch::Off;
        }
        self.resume_threads(before.threads, experiment)?;
        self.refuse_corruption(experiment)?;
        run_log.note_differences(&before.differences(&self.made_with()))
    }

    /// Where the spec does not say, a training on a CPU resumes with the threads that it had, if there are as many cores.
    fn resume_threads(&mut self, before: usize, experiment: &Experiment) -> Result<(), UserError> {
        let is_possible = (1..=native::own_cores()).contains(&before);
        if experiment.threads.is_some() || self.device.device != Device::Cpu || !is_possible {
            return Ok(());
        }
        let threads = native::compute_threads(Some(before))?;
        native::set_threads(threads.count);
        self.threads = threads.count;
        Ok(())
    }

    /// Loads the data of a task.
    pub(in crate::run) fn load(
        &self,
        experiment: &Experiment,
        task: &Task,
        request: &Request<'_>,
        events: &mut dyn EventSink,
    ) -> Result<TaskData> {
        let wanted = WantedImages { shape: experiment.image, fit: experiment.fit };
        let access = Access { root: request.places.data, threads: self.threads, check: &|| request.stop.check() };
        data::load(task, wanted, access, &mut |reading| {
            if let Some(reading) = &reading {
                events.on_event(&RunEvent::Reading(reading));
            }
            request.stop.check()
        })
    }
}
