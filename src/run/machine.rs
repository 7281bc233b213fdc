//! What a run computes with: the device, the threads and the settings that its spec comes to on this machine.

use anyhow::Result;

use super::checkpoint::{Checkpoint, CheckpointStore};
use super::event::{Event, EventSink};
use super::execute::{Places, Request};
use super::lock::Lock;
use super::phase::{Keeping, RunLog};
use super::stop::Stop;
use crate::data::{self, Access, Image, TaskData};
use crate::native::{self, Chosen};
use crate::rundir::{DataRecord, MadeWith, host};
use crate::spec::{Attention, Checkpoints, Experiment, Task};
use crate::train::{self, Settings};

/// What a phase computes with.
#[derive(Clone)]
pub(super) struct Machine<'a> {
    pub(super) device: Chosen,
    pub(super) threads: usize,
    /// What the user should know of both.
    pub(super) notes: Vec<String>,
    pub(super) settings: Settings,
    pub(super) places: Places<'a>,
    pub(super) stop: &'a Stop,
}

impl<'a> Machine<'a> {
    /// Finds the device and makes this process ready to compute.
    pub(super) fn start(experiment: &Experiment, request: &Request<'a>) -> Result<Self> {
        let device = native::choose(experiment.device)?;
        let compute = match request.fixed {
            Some(fixed) => fixed.apply(&experiment.compute, &device)?,
            None => experiment.compute,
        };
        let settings = train::settings(&compute, &device, &experiment.blueprint(&experiment.target))?;
        native::prepare(device.device, settings.precision)?;
        if experiment.compute.deterministic {
            native::use_deterministic_kernels()?;
        }
        if settings.attention == Attention::Plain {
            native::use_plain_attention()?;
        }
        let threads = native::compute_threads(experiment.threads)?;
        native::set_threads(threads.count);
        native::keep_freed_memory();
        let notes = device.note.iter().cloned().chain(threads.note).collect();
        let threads = threads.count;
        Ok(Self { device, threads, notes, settings, places: request.places, stop: request.stop })
    }

    /// What the last bits of numbers depend on.
    pub(super) fn made_with(&self) -> MadeWith {
        MadeWith {
            freezewise: env!("CARGO_PKG_VERSION").into(),
            libtorch: native::LIBTORCH.into(),
            device: self.device.name.clone(),
            cpu: host::cpu(),
            threads: self.threads,
            compute: self.settings,
        }
    }

    /// Goes on as a training began, where the spec leaves that open, and says what is otherwise all the same.
    pub(super) fn resume_settings(
        &mut self,
        start: Option<&Checkpoint>,
        experiment: &Experiment,
        run_log: &mut RunLog<'_>,
    ) -> Result<()> {
        let Some(start) = start else { return Ok(()) };
        let before = &start.header.made_with;
        self.settings = self.settings.as_before(&before.compute, &experiment.compute);
        let differences = before.differences(&self.made_with());
        if differences.is_empty() {
            return Ok(());
        }
        run_log.note(&format!("{}: the last bits of numbers may differ from here on", differences.join(", ")))
    }

    /// How a phase's state is kept.
    pub(super) fn keeping(
        &self,
        lock: &'a Lock,
        store: &'a CheckpointStore<'a>,
        checkpoints: Checkpoints,
        hash: &str,
        data: &DataRecord,
    ) -> Keeping<'a> {
        let (hash, data, made_with) = (hash.to_owned(), data.content.clone(), self.made_with());
        Keeping { lock, store, stop: self.stop, checkpoints, hash, data, made_with }
    }

    /// Reads the data of a task.
    pub(super) fn load(&self, experiment: &Experiment, task: &Task, events: &mut dyn EventSink) -> Result<TaskData> {
        let image = Image { shape: experiment.image, fit: experiment.fit };
        let access = Access { root: self.places.data, threads: self.threads };
        data::load(task, image, access, &mut |reading| {
            if let Some(reading) = &reading {
                events.on_event(&Event::Reading(reading));
            }
            self.stop.check()
        })
    }
}
