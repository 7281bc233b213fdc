//! The run as a whole, in the order of the README.

use std::path::Path;

use anyhow::{Context, Result};
use tch::Kind;

use super::attempt::attempt;
use super::directory::RunDirectory;
use super::event::Audience;
use super::lock::{Asked, Lock};
use super::machine::Machine;
use super::metrics::{self, Row};
use super::phase::{Course, Frozen, Voice};
use super::record::{DataRecord, Length, Record, write_json};
use super::source;
use super::summary::Summary;
use super::transfer::transfer;
use crate::data::TaskData;
use crate::error::UserError;
use crate::files::{self, Lines};
use crate::native;
use crate::network::{Network, write_safetensors};
use crate::spec::{Normalise, Source, Spec};

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

/// Runs a spec to its end, or finds that it was run.
pub fn run(spec: &Spec, places: Places<'_>, audience: &mut dyn Audience) -> Result<Finished> {
    let experiment = &spec.experiment;
    let directory = RunDirectory::of_run(places.out, &experiment.name, &spec.run_folder());
    // A finished run can be asked for where nothing can be written, as in an archive.
    if let Some(finished) = finished(spec, &directory)? {
        return Ok(finished);
    }
    files::create_folder(directory.path())?;
    let _lock = match Lock::take(directory.path())? {
        Asked::Ours(lock) => lock,
        Asked::Held(holder) => {
            let message = format!("another {holder} is at work in `{}`", directory.path().display());
            return Err(UserError::new(message).hint("wait for it, or stop it").into());
        }
    };
    if let Some(finished) = finished(spec, &directory)? {
        return Ok(finished);
    }
    // Device and data come first: a run that cannot start leaves what an earlier one left.
    let machine = Machine::start(experiment, places)?;
    let target = &experiment.target;
    let data = machine.load(experiment, target, audience)?;
    let mut voice = Voice { log: Lines::create(&directory.log(), "")?, audience };
    let mut record = Record::new(Length::of(target), spec.run_hash(), spec.source_hash(), &machine);
    record.data = Some(DataRecord::new(target, &data));
    attempt(&directory, &mut record, |record| execute(spec, &directory, &machine, data, record, &mut voice))
}

/// The run as it stands on disk, if its budget is done.
fn finished(spec: &Spec, directory: &RunDirectory) -> Result<Option<Finished>> {
    if !Record::read(directory)?.is_some_and(|record| record.has_finished(&spec.experiment.target)) {
        return Ok(None);
    }
    // What is torn or gone was not finished, whatever the record says.
    let summary: Option<Summary> =
        std::fs::read(directory.summary()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let rows = metrics::read::<Row>(&directory.metrics()).ok();
    let (Some(summary), Some(rows), true) = (summary, rows, directory.weights().is_file()) else { return Ok(None) };
    if rows.last().is_none_or(|last| last.epoch != summary.epochs) {
        return Ok(None);
    }
    Ok(Some(Finished { directory: directory.clone(), summary, rows, already: true }))
}

fn execute(
    spec: &Spec,
    directory: &RunDirectory,
    machine: &Machine<'_>,
    mut data: TaskData,
    record: &mut Record,
    voice: &mut Voice<'_>,
) -> Result<Finished> {
    let experiment = &spec.experiment;
    let (target, spec_transfer) = (&experiment.target, &experiment.transfer);
    remove_stale(directory)?;
    files::write_atomically(&directory.spec(), spec.to_toml()?.as_bytes())?;
    voice.note(&format!("run {}", directory.path().display()))?;
    let threads = crate::text::counted(machine.threads, "CPU thread", "CPU threads");
    let settings = machine.settings.sentence();
    voice.note(&format!("device {}, {settings}, {threads}, libtorch {}", machine.device.name, native::LIBTORCH))?;
    if let Some(note) = &machine.device.note {
        voice.note(note)?;
    }
    let source = match (&experiment.source, spec.source_hash()) {
        (Some(Source::Task(task)), Some(hash)) => {
            let trained = source::weights(spec, task, &hash, machine, voice)?;
            if target.normalise == Normalise::Source {
                data.normalisation = trained.normalisation;
                record.data = Some(DataRecord::new(target, &data));
            }
            Some(trained.weights)
        }
        (Some(Source::Weights(path)), _) => Some(source::from_file(path, voice)?),
        _ => None,
    };
    let blueprint = experiment.blueprint(target);
    let mut network = Network::new(&blueprint, machine.device.device, Kind::Float, target.seeds.initial);
    network.lay_out(machine.settings.layout)?;
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
        settings: machine.settings,
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
