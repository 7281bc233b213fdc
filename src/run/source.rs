//! The pretrained source: found under `<out>/sources/<hash>/`, or trained there, by one process at a time.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tch::{Device, Kind};

use super::aside;
use super::attempt::{self, attempt};
use super::checkpoint::{Checkpoint, CheckpointStore};
use super::claim::held;
use super::event::{Event, EventSink};
use super::execute::{Request, create_inside};
use super::facts::data_record;
use super::lock::{Lock, Wait, Waited};
use super::machine::Machine;
use super::phase::{Course, Frozen, RunLog};
use super::resume::{Goal, discard, resume};
use super::transfer::transfer;
use super::unchanged::Unchanged;
use crate::blueprint::FrozenSet;
use crate::data::Normalisation;
use crate::error::{Exit, UserError};
use crate::files::{self, Lines};
use crate::network::{NamedTensors, Network, PublishedWeights, is_counter, read_safetensors, write_safetensors};
use crate::rundir::{Record, RunDirectory, Status};
use crate::spec::{
    Checkpoints, Correct, Evaluation, EvaluationSchedule, Experiment, FrozenNorm, Keep, Measures, Normalise, Source,
    Spec, Task,
};

/// A source is shared by runs that evaluate their targets as they like, so it has a schedule of its own.
const EVALUATION: Evaluation = Evaluation {
    test: EvaluationSchedule::Log,
    train: EvaluationSchedule::Log,
    measures: Measures { correct: Correct::Off, correct_train: false, averaging: None, norms: false },
};

/// A trained source.
pub(super) struct Trained {
    pub(super) weights: NamedTensors,
    /// By which its images became its input.
    pub(super) normalisation: Normalisation,
}

/// Trains the source of a spec, if nobody has yet, and returns its directory.
pub fn source(spec: &Spec, request: &Request<'_>, events: &mut dyn EventSink) -> Result<RunDirectory> {
    let (Some(Source::Task(task)), Some(hash)) = (&spec.experiment.source, spec.source_hash()) else {
        let message = "the spec has no source that is trained";
        return Err(UserError::usage(message).hint("`[source]` with a `dataset` has one").into());
    };
    let directory = RunDirectory::of_source(request.places.out, &hash);
    let machine = Machine::start(&spec.experiment, request)?;
    let mut run_log = RunLog { log: None, events };
    weights(spec, task, &hash, Some(request.wait), &machine, &mut run_log).map_err(attempt::advised)?;
    Ok(directory)
}

/// Whether a source is trained, whatever its budget.
pub fn is_trained(directory: &RunDirectory) -> Result<bool> {
    Ok(Record::read(directory)?.is_some_and(|record| record.is_finished()) && directory.weights().is_file())
}

/// The source network, trained here if nobody has yet.
pub(super) fn weights(
    spec: &Spec,
    task: &Task,
    hash: &str,
    most: Option<Duration>,
    machine: &Machine<'_>,
    run_log: &mut RunLog<'_>,
) -> Result<Trained> {
    let directory = RunDirectory::of_source(machine.places.out, hash);
    let place = directory.path().display();
    if let Some((trained, record)) = finished(&directory, task)? {
        return found(trained, &record, spec, task, &directory, machine, run_log);
    }
    create_inside(&directory, machine.places.out)?;
    let wait = Wait { folder: directory.path(), stop: machine.stop, most };
    let waited = wait.wait(
        || finished(&directory, task),
        |holder| run_log.note(&format!("{} trains the source {place}: waiting", holder.who())),
    )?;
    let lock = match waited {
        Waited::Ours(lock) => lock,
        Waited::Done((trained, record)) => return found(trained, &record, spec, task, &directory, machine, run_log),
        Waited::Held(holder) => return Err(held(&directory, &holder).into()),
    };
    files::remove_unfinished(directory.path())?;
    if let Some((trained, record)) = finished(&directory, task)? {
        return found(trained, &record, spec, task, &directory, machine, run_log);
    }
    let record = Record::read(&directory)?;
    // What says that it is finished and cannot be read was damaged since: nobody but the user throws it away.
    if !record.as_ref().is_some_and(|record| record.has_finished(task)) {
        let trained = pretrain(spec, task, hash, &directory, &lock, record, machine, run_log);
        trained.map_err(|error| match UserError::exit_of(&error) {
            Exit::Stopped => error,
            _ => error.context(format!("cannot train the source in `{place}`")),
        })?;
    }
    read(&directory)
}

/// What a finished source left.
fn read(directory: &RunDirectory) -> Result<Trained> {
    let again = |error: anyhow::Error| {
        UserError::new(format!("{error:#}"))
            .hint(format!("delete `{}` and the source is trained again", directory.path().display()))
    };
    let weights = read_safetensors(&directory.weights()).map_err(again)?;
    let data = Record::read(directory)?.and_then(|record| record.data);
    let normalisation = data.and_then(|data| data.normalisation).ok_or_else(|| {
        again(anyhow::anyhow!("`{}` does not say how its images were normalised", directory.record().display()))
    })?;
    Ok(Trained { weights, normalisation })
}

/// Finds out, as far as that can be known before any work, whether a target can start from its source: a trained one is
/// there and fits, or its data are there to train it.
pub(super) fn check(spec: &Spec, machine: &Machine<'_>, events: &mut dyn EventSink) -> Result<()> {
    let experiment = &spec.experiment;
    let weights = match (&experiment.source, spec.source_hash()) {
        (Some(Source::Task(task)), Some(hash)) => {
            let directory = RunDirectory::of_source(machine.places.out, &hash);
            match finished(&directory, task)? {
                Some((trained, _)) => trained.weights,
                None if Record::read(&directory)?.is_some_and(|record| record.has_finished(task)) => {
                    read(&directory)?.weights
                }
                None => return machine.load(experiment, task, events).map(drop),
            }
        }
        (Some(Source::Weights(path)), _) => published(path, experiment)?.tensors,
        _ => return Ok(()),
    };
    let target = &experiment.target;
    let network = Network::new(&experiment.blueprint(target), Device::Cpu, Kind::Float, target.seeds.initial);
    transfer(&network, Some(&weights), &experiment.transfer).map(drop)
}

/// A source that is finished, with its record, read without a lock: nothing is written, and no reader waits for another.
///
/// The record says `finished` after the weights are on the disk, and says `running` before anything is trained anew. So
/// weights that were read between two looks at one and the same record are the ones that it speaks of. Whatever is torn,
/// half there or changes meanwhile is `None`: the way with the lock tells what it is.
fn finished(directory: &RunDirectory, task: &Task) -> Result<Option<(Trained, Record)>> {
    let read = || std::fs::read(directory.record()).ok();
    let Some(before) = read() else { return Ok(None) };
    let Ok(record) = serde_json::from_slice::<Record>(&before) else { return Ok(None) };
    if record.status == Status::Diverged {
        return Err(diverged(directory, &record).into());
    }
    let normalisation = record.data.as_ref().and_then(|data| data.normalisation.clone());
    let Some(normalisation) = normalisation.filter(|_| record.has_finished(task)) else { return Ok(None) };
    let Ok(weights) = read_safetensors(&directory.weights()) else { return Ok(None) };
    if read().as_ref() != Some(&before) {
        return Ok(None);
    }
    Ok(Some((Trained { weights, normalisation }, record)))
}

/// A source that was found finished, if its data are what they were.
fn found(
    trained: Trained,
    record: &Record,
    spec: &Spec,
    task: &Task,
    directory: &RunDirectory,
    machine: &Machine<'_>,
    run_log: &mut RunLog<'_>,
) -> Result<Trained> {
    aside::sweep(directory, task, None);
    let place = directory.path().display();
    run_log.note(&format!("the source is in {place}"))?;
    Unchanged { experiment: &spec.experiment, places: machine.places, stop: machine.stop }.check(
        task,
        record,
        directory.path(),
        &format!("train on the new ones: move `{place}` away"),
        &mut |reading| run_log.events.on_event(&Event::Reading(reading)),
    )?;
    Ok(trained)
}

fn diverged(directory: &RunDirectory, record: &Record) -> UserError {
    let reason = record.reason.as_deref().unwrap_or("its numbers were not finite");
    UserError::new(format!("the source in `{}` diverged before: {reason}", directory.path().display()))
        .hint("change `source.train`; or move that folder away, and the same is tried again")
}

/// The weights of a file, without a head: the target has its own.
pub(super) fn from_file(path: &Path, experiment: &Experiment, run_log: &mut RunLog<'_>) -> Result<NamedTensors> {
    let weights = published(path, experiment)?;
    run_log.note(&format!("the source is the file {}", path.display()))?;
    if let Some(words) = weights.left_out_in_words() {
        run_log.note(&format!("of the source's file, {words}"))?;
    }
    if !matches!(experiment.target.normalise, Normalise::Given { .. }) {
        run_log.note(
            "the target's images are normalised by their own statistics, and the weights of a file may expect others: \
             `target.normalisation = \"given\"` takes those that they were trained with",
        )?;
    }
    Ok(weights.tensors)
}

fn published(path: &Path, experiment: &Experiment) -> Result<PublishedWeights> {
    let mut weights = PublishedWeights::read(path, &experiment.architecture)?;
    weights.leave_out_heads(&experiment.blueprint(&experiment.target), false);
    weights.tensors.retain(|name, _| !is_counter(name));
    Ok(weights)
}

#[allow(clippy::too_many_arguments)] // Each is another thing; a struct of them would be made here alone.
fn pretrain(
    spec: &Spec,
    task: &Task,
    hash: &str,
    directory: &RunDirectory,
    lock: &Lock,
    before: Option<Record>,
    machine: &Machine<'_>,
    run_log: &mut RunLog<'_>,
) -> Result<()> {
    let experiment = &spec.experiment;
    let mut data = machine.load(experiment, task, run_log.events)?;
    let facts = data_record(task, &data, machine.stop)?;
    let store = CheckpointStore::open(directory, lock, task)?;
    // A source's states serve to go on with it, and nothing else.
    let keep = Keep::Epochs(Vec::new());
    let checkpoints = Checkpoints { keep, keep_final: false, ..experiment.checkpoints.clone() };
    let goal = Goal { directory, phase: "source", hash, task, evaluation: EVALUATION };
    let start = resume(&store, &goal, &facts, run_log)?;
    let mut machine = machine.clone();
    machine.resume_settings(start.as_ref(), experiment, run_log)?;
    let keeping = machine.keeping(lock, &store, checkpoints, hash, &facts);
    files::write_atomically(&directory.spec(), spec.source_to_toml()?.as_bytes())?;
    let record = Record::new(task, hash.to_owned(), None, &keeping.made_with, facts);
    let mut record = record.following(before, start.as_ref().map(Checkpoint::position));
    let log = if start.is_some() { Lines::extend(&directory.log())? } else { Lines::create(&directory.log(), "")? };
    let mut own = RunLog { log: Some(log), events: &mut *run_log.events };
    attempt(directory, lock, &mut record, |_| {
        // In here, since the network may not fit into a device's memory.
        let device = machine.device.device;
        let mut network = Network::new(&experiment.blueprint(task), device, Kind::Float, task.seeds.initial);
        network.lay_out(machine.settings.layout)?;
        let nothing = FrozenSet::first(0, network.freezable());
        let mut course = Course {
            name: "source",
            task,
            data: &mut data,
            network: &network,
            frozen: Frozen { layers: &nothing, norm: FrozenNorm::Batch },
            evaluation: EVALUATION,
            settings: machine.settings,
            directory,
            keeping,
        };
        course.run(start, &mut own)?;
        lock.check()?;
        write_safetensors(&directory.weights(), &network.state(), "source")
    })?;
    discard(&store, None, run_log)
}
