//! The run as a whole, in the order of the README.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use tch::Kind;

use super::directory::RunDirectory;
use super::event::Audience;
use super::lock::Lock;
use super::metrics::{self, Row};
use super::phase::{Course, Frozen, Voice};
use super::record::{DataRecord, Record, Status, write_json};
use super::source;
use super::summary::Summary;
use super::transfer::transfer;
use crate::data;
use crate::error::UserError;
use crate::files::{self, Lines};
use crate::native::{self, Chosen};
use crate::network::{Network, write_safetensors};
use crate::spec::{Source, Spec};

/// Where a run reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The folder of all runs.
    pub out: &'a Path,
    /// The folder of the data sets.
    pub data: &'a Path,
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

/// What a phase computes with.
pub(super) struct Machine<'a> {
    pub(super) device: Chosen,
    pub(super) threads: usize,
    pub(super) places: Places<'a>,
}

/// Runs a spec to its end, or finds that it was run.
pub fn run(spec: &Spec, places: Places<'_>, audience: &mut dyn Audience) -> Result<Finished> {
    let experiment = &spec.experiment;
    let directory = RunDirectory::of_run(places.out, &experiment.name, &spec.run_folder());
    files::create_folder(directory.path())?;
    let _lock = Lock::take(directory.path())?.map_err(|holder| {
        let message = format!("another {} is at work in `{}`", holder.0, directory.path().display());
        UserError::new(message).hint("wait for it, or stop it")
    })?;
    if let Some(finished) = finished(spec, &directory)? {
        return Ok(finished);
    }
    // The device comes first: nothing is written for a run that cannot start.
    let device = native::choose(experiment.device)?;
    let threads = native::thread_count(experiment.threads);
    native::set_threads(threads);
    native::keep_freed_memory();
    let machine = Machine { device, threads, places };
    let mut voice = Voice { log: Lines::create(&directory.log(), "")?, audience };
    let target = &experiment.target;
    let epochs = target.training.epochs(target.train_size);
    let mut record = Record::new(epochs, spec.run_hash(), spec.source_hash(), &machine.device.name, threads);
    record.write(&directory)?;
    let started = Instant::now();
    let done = execute(spec, &directory, &machine, &mut record, &mut voice);
    let status = if done.is_ok() { Status::Finished } else { Status::Failed };
    record.end(status, started.elapsed().as_secs_f64());
    if let Err(error) = &done {
        // The run's own error is the one to tell, whether or not it can be written down too.
        let _ = files::write_atomically(&directory.error(), format!("{error:#}\n").as_bytes());
        let _ = record.write(&directory);
    } else {
        record.write(&directory)?;
    }
    done
}

/// The run as it stands on disk, if its budget is done.
fn finished(spec: &Spec, directory: &RunDirectory) -> Result<Option<Finished>> {
    let target = &spec.experiment.target;
    let epochs = target.training.epochs(target.train_size);
    let record = Record::read(directory)?;
    if !record.is_some_and(|record| record.status == Status::Finished && record.epochs >= epochs) {
        return Ok(None);
    }
    let path = directory.summary();
    let read = || -> Result<Summary> { Ok(serde_json::from_slice(&std::fs::read(&path)?)?) };
    let summary = read().with_context(|| format!("cannot read `{}`", path.display()))?;
    let rows = metrics::read(&directory.metrics())?;
    Ok(Some(Finished { directory: directory.clone(), summary, rows, already: true }))
}

fn execute(
    spec: &Spec,
    directory: &RunDirectory,
    machine: &Machine<'_>,
    record: &mut Record,
    voice: &mut Voice<'_>,
) -> Result<Finished> {
    let experiment = &spec.experiment;
    let (target, spec_transfer) = (&experiment.target, &experiment.transfer);
    remove_stale(directory)?;
    files::write_atomically(&directory.spec(), spec.to_toml()?.as_bytes())?;
    voice.note(&format!("run {}", directory.path().display()))?;
    let threads = crate::text::counted(machine.threads, "CPU thread", "CPU threads");
    voice.note(&format!("device {}, {threads}, libtorch {}", machine.device.name, native::LIBTORCH))?;
    if let Some(note) = &machine.device.note {
        voice.note(note)?;
    }
    // The target's data too is read before an hour of pretraining: what is missing shows at once.
    let data = data::load(target, experiment.image, machine.places.data)?;
    record.data = Some(DataRecord::new(target, &data));
    let source = match (&experiment.source, spec.source_hash()) {
        (Some(Source::Task(task)), Some(hash)) => Some(source::weights(spec, task, &hash, machine, voice)?),
        (Some(Source::Weights(path)), _) => Some(source::from_file(path, voice)?),
        _ => None,
    };
    let network = Network::new(&experiment.blueprint(target), machine.device.device, Kind::Float, target.seeds.initial);
    let report = transfer(&network, source.as_ref(), spec_transfer)?;
    voice.note(&report.sentence())?;
    record.transfer = Some(report);
    record.write(directory)?;
    let frozen = Frozen { layers: &spec_transfer.frozen, norm: spec_transfer.frozen_norm };
    let course = Course {
        name: "target",
        task: target,
        data: &data,
        network: &network,
        frozen,
        evaluation: experiment.evaluation,
        directory,
    };
    let rows = course.run(voice)?;
    write_safetensors(&directory.weights(), &network.state(), "target")?;
    let summary = Summary::new(experiment, &rows, data.train_labels.realised_fraction())
        .context("the run ended without an evaluation")?;
    write_json(&directory.summary(), &summary)?;
    Ok(Finished { directory: directory.clone(), summary, rows, already: false })
}

/// An earlier attempt's results must not stand beside this one's.
fn remove_stale(directory: &RunDirectory) -> Result<()> {
    for path in [directory.error(), directory.summary(), directory.weights()] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove `{}`", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}
