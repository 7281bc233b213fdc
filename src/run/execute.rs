//! The run as a whole, in the order of the README.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use tch::Kind;

use super::attempt::{self, attempt};
use super::checkpoint::{Checkpoint, CheckpointStore};
use super::event::{Event, EventSink};
use super::facts::data_record;
use super::fixed::Fixed;
use super::lock::{Lock, Waited};
use super::machine::Machine;
use super::phase::{Course, Frozen, Keeping, RunLog};
use super::resume::{Goal, discard, resume};
use super::stop::Stop;
use super::{aside, claim, source, standing, transfer};
use crate::data::TaskData;
use crate::files::{self, Lines};
use crate::native;
use crate::network::{NamedTensors, Network, write_safetensors};
use crate::rundir::{Record, Row, RunDirectory, Summary, TransferReport, write_json};
use crate::spec::{Normalise, Source, Spec};
use crate::text;

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
    /// What ends it early.
    pub stop: &'a Stop,
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Where it was left, if it was begun.
    Resume,
    /// At the first step; what is there is moved aside.
    Fresh,
}

/// Runs a spec to its end, from where it was left, or finds that it was run.
pub fn run(spec: &Spec, request: &Request<'_>, events: &mut dyn EventSink) -> Result<Finished> {
    let experiment = &spec.experiment;
    let directory = RunDirectory::of_run(request.places.out, &experiment.name, &spec.run_folder());
    run_in(&directory, spec, request, events).map_err(attempt::advised)
}

fn run_in(
    directory: &RunDirectory,
    spec: &Spec,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<Finished> {
    // A finished run can be asked for where nothing can be written, as in an archive.
    if request.beginning == Beginning::Resume
        && let Some(finished) = claim::finished(spec, request, directory, events)?
    {
        aside::sweep(directory, &spec.experiment.target, last_state(spec));
        return Ok(finished);
    }
    match claim::lock(spec, directory, request, request.beginning, events)? {
        Waited::Ours(lock) => {
            begin(spec, request, directory, lock, events).map_err(|error| attempt::told(directory, error))
        }
        Waited::Done(finished) => Ok(finished),
        Waited::Held(holder) => Err(claim::held(directory, &holder).into()),
    }
}

/// The steps behind the state that stays when the target is finished, if one does.
fn last_state(spec: &Spec) -> Option<u64> {
    let target = &spec.experiment.target;
    spec.experiment.checkpoints.keep_final.then(|| target.training.steps(target.train_size))
}

/// Trains from the beginning or from the last checkpoint, in a directory whose lock is held.
fn begin(
    spec: &Spec,
    request: &Request<'_>,
    directory: &RunDirectory,
    lock: Lock,
    events: &mut dyn EventSink,
) -> Result<Finished> {
    // Another process may have finished it since it was looked at.
    if request.beginning == Beginning::Resume
        && let Some(finished) = claim::finished(spec, request, directory, events)?
    {
        return Ok(finished);
    }
    let experiment = &spec.experiment;
    // Device and data come first: a run that cannot start leaves what an earlier one left.
    let mut machine = Machine::start(experiment, request)?;
    let target = &experiment.target;
    let data = machine.load(experiment, target, events)?;
    let facts = data_record(target, &data, request.stop)?;
    let lock = if request.beginning == Beginning::Fresh && aside::is_begun(directory)? {
        source::check(spec, &machine, events)?;
        match begin_anew(spec, directory, lock, request, events)? {
            Waited::Ours(lock) => lock,
            Waited::Done(finished) => return Ok(finished),
            Waited::Held(holder) => return Err(claim::held(directory, &holder).into()),
        }
    } else {
        lock
    };
    files::remove_unfinished(directory.path())?;
    let store = CheckpointStore::open(directory, &lock, target)?;
    let mut run_log = RunLog { log: Some(Lines::extend(&directory.log())?), events };
    let hash = spec.run_hash();
    let goal = Goal { directory, phase: "target", hash: &hash, task: target, evaluation: experiment.evaluation };
    let start = resume(&store, &goal, &facts, &mut run_log)?;
    machine.resume_settings(start.as_ref(), experiment, &mut run_log)?;
    if start.is_none() {
        standing::check_replaceable(directory)?;
        // An earlier attempt's words and results must not stand beside this one's.
        run_log.log = Some(Lines::create(&directory.log(), "")?);
        files::remove(&directory.summary())?;
        files::remove(&directory.weights())?;
    }
    let keeping = machine.keeping(&lock, &store, experiment.checkpoints.clone(), &hash, &facts);
    let record = Record::new(target, hash.clone(), spec.source_hash(), &keeping.made_with, facts);
    let mut record = record.following(Record::read(directory)?, start.as_ref().map(Checkpoint::position));
    let target = Target { spec, directory, machine: &machine };
    let finished =
        attempt(directory, &lock, &mut record, |record| target.execute(data, keeping, start, record, &mut run_log))?;
    discard(&store, last_state(spec), &mut run_log)?;
    Ok(finished)
}

/// Moves what is in a run's directory aside, and takes the lock of an empty one.
fn begin_anew(
    spec: &Spec,
    directory: &RunDirectory,
    own: Lock,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<Waited<Finished>> {
    let aside = aside::move_aside(directory, own)?;
    events.on_event(&Event::Note(&format!("the existing run was moved to {}", aside.display())));
    // Another process may come first here: what it finishes is as fresh.
    claim::lock(spec, directory, request, Beginning::Resume, events)
}

/// Creates the directory of a run, which must not lead elsewhere.
pub(super) fn create_inside(directory: &RunDirectory, out: &Path) -> Result<()> {
    files::create_folder(out)?;
    // A link is found before anything is made behind it.
    for folder in [directory.path().parent(), Some(directory.path())].into_iter().flatten() {
        if std::fs::symlink_metadata(folder).is_ok() {
            files::check_inside(folder, out)?;
        }
        files::create_folder(folder)?;
    }
    Ok(())
}

/// The fine-tuning of a run, and what comes before and after it.
struct Target<'a> {
    spec: &'a Spec,
    directory: &'a RunDirectory,
    machine: &'a Machine<'a>,
}

impl Target<'_> {
    fn execute(
        &self,
        mut data: TaskData,
        keeping: Keeping<'_>,
        start: Option<Checkpoint>,
        record: &mut Record,
        run_log: &mut RunLog<'_>,
    ) -> Result<Finished> {
        let Self { spec, directory, machine } = *self;
        let experiment = &spec.experiment;
        let (target, transfer) = (&experiment.target, &experiment.transfer);
        files::write_atomically(&directory.spec(), spec.to_toml()?.as_bytes())?;
        run_log.note(&format!("run {}", directory.path().display()))?;
        let threads = text::counted(machine.threads, "CPU thread", "CPU threads");
        let settings = machine.settings.sentence();
        run_log.note(&format!(
            "device {}, {settings}, {threads}, libtorch {}",
            machine.device.name,
            native::LIBTORCH
        ))?;
        for note in &machine.notes {
            run_log.note(note)?;
        }
        let device = machine.device.device;
        let mut network = Network::new(&experiment.blueprint(target), device, Kind::Float, target.seeds.initial);
        network.lay_out(machine.settings.layout)?;
        let report = if let Some(start) = &start {
            // Every tensor comes from the checkpoint.
            data.normalisation = start.header.normalisation.clone();
            TransferReport::new(network.blueprint(), experiment.source.is_some(), transfer)
        } else {
            let source = self.source(&mut data, run_log)?;
            transfer::transfer(&network, source.as_ref(), transfer)?
        };
        record.set_normalisation(&data.normalisation);
        run_log.note(&report.sentence())?;
        record.transfer = Some(report);
        record.write(directory)?;
        let frozen = Frozen { layers: &transfer.frozen, norm: transfer.frozen_norm };
        let evaluation = experiment.evaluation;
        let lock = keeping.lock;
        let mut course = Course {
            name: "target",
            task: target,
            data: &mut data,
            network: &network,
            frozen,
            evaluation,
            settings: machine.settings,
            directory,
            keeping,
        };
        let rows = course.run(start, run_log)?;
        lock.check()?;
        // The summary of another budget or schedule never stands beside these weights.
        files::remove(&directory.summary())?;
        write_safetensors(&directory.weights(), &network.state(), "target")?;
        let summary = Summary::new(experiment, &rows, data.train_labels.realised_fraction())
            .context("the run ended without an evaluation")?;
        let summary = Summary { validation_noise_realised: data.validation_noise_realised, ..summary };
        write_json(&directory.summary(), &summary)?;
        Ok(Finished { directory: directory.clone(), summary, rows, already: false })
    }

    /// The weights that the target starts from, if it has a source; and its normalisation, where the target takes that.
    fn source(&self, data: &mut TaskData, run_log: &mut RunLog<'_>) -> Result<Option<NamedTensors>> {
        Ok(match (&self.spec.experiment.source, self.spec.source_hash()) {
            (Some(Source::Task(task)), Some(hash)) => {
                let trained = source::weights(self.spec, task, &hash, None, self.machine, run_log)?;
                if self.spec.experiment.target.normalise == Normalise::Source {
                    data.normalisation = trained.normalisation;
                }
                Some(trained.weights)
            }
            (Some(Source::Weights(path)), _) => Some(source::from_file(path, run_log)?),
            _ => None,
        })
    }
}
