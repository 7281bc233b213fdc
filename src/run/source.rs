//! The pretrained source: read from `<out>/sources/<hash>/`, or trained there by one process at a time.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tch::{Device, Kind};

use crate::blueprint::FrozenSet;
use crate::data::Normalisation;
use crate::error::{Exit, UserError};
use crate::files::{self, Lines};
use crate::network::{NamedTensors, Network, PublishedWeights, is_counter, read_safetensors};
use crate::run::compute::ComputeSetup;
use crate::run::facts::data_record;
use crate::run::phase::event::{EventSink, RunEvent};
use crate::run::phase::log::RunLog;
use crate::run::phase::session::Session;
use crate::run::phase::start::PhaseStart;
use crate::run::phase::work::PhaseWork;
use crate::run::recovery::archive;
use crate::run::recovery::attempt;
use crate::run::recovery::claim::{create_inside, held};
use crate::run::recovery::lock::{Lock, Wait, Waited};
use crate::run::recovery::unchanged::Unchanged;
use crate::run::request::Request;
use crate::run::transfer::transfer;
use crate::rundir::{Record, RunDirectory, Status};
use crate::spec::{
    Checkpoints, Evaluation, EvaluationSchedule, Experiment, ExtraMeasures, FrozenNorm, Keep, Normalise, Side, Source,
    Spec, Task,
};

/// When sources are evaluated. Fixed: a source is shared by runs with different evaluation schedules.
pub const SOURCE_EVALUATION: Evaluation =
    Evaluation { test: EvaluationSchedule::Log, train: EvaluationSchedule::Log, extra: ExtraMeasures::NONE };

/// A trained source.
pub(in crate::run) struct Trained {
    pub(in crate::run) weights: NamedTensors,
    /// Mean and deviation that its images were normalised with.
    pub(in crate::run) normalisation: Normalisation,
}

/// Trains the source of a spec unless it is trained already, and returns its directory.
pub fn source(spec: &Spec, request: &Request<'_>, events: &mut dyn EventSink) -> Result<RunDirectory> {
    let (Some(Source::Task(task)), Some(hash)) = (&spec.experiment.source, spec.source_hash()) else {
        let message = "the spec has no source to train";
        return Err(UserError::usage(message).hint("add a `[source]` table with a `dataset`").into());
    };
    let directory = RunDirectory::of_source(request.places.out, &hash);
    let compute = ComputeSetup::start(&spec.experiment, request.fixed)?;
    let mut run_log = RunLog { log: None, events };
    let most = Some(request.wait);
    weights(spec, task, &hash, most, &compute, request, &mut run_log).map_err(attempt::advised)?;
    Ok(directory)
}

/// Whether a source is trained, whatever its budget.
pub fn is_trained(directory: &RunDirectory) -> Result<bool> {
    Ok(Record::read(directory)?.is_some_and(|record| record.is_finished()) && directory.weights().is_file())
}

/// The source network, trained now unless it is trained already; `most` limits the wait for another process that trains
/// it.
pub(in crate::run) fn weights(
    spec: &Spec,
    task: &Task,
    hash: &str,
    most: Option<Duration>,
    compute: &ComputeSetup,
    request: &Request<'_>,
    run_log: &mut RunLog<'_>,
) -> Result<Trained> {
    let directory = RunDirectory::of_source(request.places.out, hash);
    let asked = SourceTask { spec, task, hash, directory: &directory, request };
    let place = directory.path().display();
    if let Some(finished) = finished(&directory, task)? {
        return asked.found(finished, run_log);
    }
    create_inside(&directory, request.places.out)?;
    let wait = Wait { folder: directory.path(), stop: request.stop, most };
    let waited = wait.wait(
        || finished(&directory, task),
        |holder| run_log.note(&format!("waiting: {} is training the source in {place}", holder.who())),
    )?;
    let lock = match waited {
        Waited::Ours(lock) => lock,
        Waited::Done(finished) => return asked.found(finished, run_log),
        Waited::Held(holder) => return Err(held(&directory, &holder).into()),
    };
    files::remove_unfinished(directory.path())?;
    if let Some(finished) = finished(&directory, task)? {
        return asked.found(finished, run_log);
    }
    let record = Record::read(&directory)?;
    // A finished source that cannot be read was damaged later: `read` reports it, and only the user may delete it.
    if !record.as_ref().is_some_and(|record| record.has_finished(task)) {
        asked.pretrain(&lock, record, compute.clone(), run_log).map_err(|error| {
            if UserError::exit_of(&error) == Exit::Stopped {
                return error;
            }
            // For `status`: without it, cells that wait for the source would look as if nothing had happened.
            let _ = files::write_atomically(&directory.error(), format!("{error:#}\n").as_bytes());
            error.context(format!("cannot train the source in `{place}`"))
        })?;
    }
    read(&directory)
}

/// The source to read or train, and its directory.
struct SourceTask<'a> {
    spec: &'a Spec,
    task: &'a Task,
    hash: &'a str,
    directory: &'a RunDirectory,
    request: &'a Request<'a>,
}

impl SourceTask<'_> {
    /// Returns a finished source after checking that its data have not changed.
    fn found(&self, (trained, record): (Trained, Record), run_log: &mut RunLog<'_>) -> Result<Trained> {
        archive::sweep(self.directory, self.task, &checkpoints(&self.spec.experiment));
        let place = self.directory.path().display();
        run_log.note(&format!("using the trained source in {place}"))?;
        let Request { places, stop, .. } = *self.request;
        Unchanged { experiment: &self.spec.experiment, places, stop }.check(
            self.task,
            &record,
            self.directory.path(),
            &format!("move `{place}` away to train on the new data"),
            &mut |reading| run_log.events.on_event(&RunEvent::Reading(reading)),
        )?;
        Ok(trained)
    }

    fn pretrain(
        &self,
        lock: &Lock,
        before: Option<Record>,
        compute: ComputeSetup,
        run_log: &mut RunLog<'_>,
    ) -> Result<()> {
        let Self { spec, task, hash, directory, request } = *self;
        let experiment = &spec.experiment;
        let data = compute.load(experiment, task, request, run_log.events)?;
        let facts = data_record(task, &data, request.stop)?;
        let work = PhaseWork {
            side: Side::Source,
            experiment,
            task,
            directory,
            lock,
            stop: request.stop,
            spec: spec.source_to_toml()?,
            hash: hash.to_owned(),
            source_hash: None,
            // A source freezes no layer, so its `frozen_norm` has no effect.
            frozen: &FrozenSet::first(0, experiment.blueprint(task).layers.len()),
            frozen_norm: FrozenNorm::Batch,
            evaluation: SOURCE_EVALUATION,
            tensorboard: self.request.tensorboard,
            checkpoints: checkpoints(experiment),
        };
        let own = RunLog { log: Some(Lines::extend(&directory.log())?), events: &mut *run_log.events };
        let session = Session::open(work, compute, (data, facts), before, own)?;
        session.train(|_, _, _, _| Ok(PhaseStart::default()), |_| Ok(()))
    }
}

/// A source's checkpoints serve only to resume it.
fn checkpoints(experiment: &Experiment) -> Checkpoints {
    let none = Keep::Epochs(Vec::new());
    Checkpoints { branches: none.clone(), keep: none, keep_final: false, ..experiment.checkpoints.clone() }
}

/// Reads a finished source.
fn read(directory: &RunDirectory) -> Result<Trained> {
    let again = |error: anyhow::Error| {
        UserError::new(format!("{error:#}"))
            .hint(format!("delete `{}` to train the source again", directory.path().display()))
    };
    let weights = read_safetensors(&directory.weights()).map_err(again)?;
    let data = Record::read(directory)?.and_then(|record| record.data);
    let normalisation = data.and_then(|data| data.normalisation).ok_or_else(|| {
        again(anyhow::anyhow!("`{}` does not record the normalisation of its images", directory.record().display()))
    })?;
    Ok(Trained { weights, normalisation })
}

/// Checks, before any work, that a target can start from its source: a trained source exists and fits, or the data to
/// train it can be loaded.
pub(in crate::run) fn check(
    spec: &Spec,
    compute: &ComputeSetup,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<()> {
    let experiment = &spec.experiment;
    let weights = match (&experiment.source, spec.source_hash()) {
        (Some(Source::Task(task)), Some(hash)) => {
            let directory = RunDirectory::of_source(request.places.out, &hash);
            match finished(&directory, task)? {
                Some((trained, _)) => trained.weights,
                None if Record::read(&directory)?.is_some_and(|record| record.has_finished(task)) => {
                    read(&directory)?.weights
                }
                None => return compute.load(experiment, task, request, events).map(drop),
            }
        }
        (Some(Source::Weights(path)), _) => published(path, experiment)?.tensors,
        _ => return Ok(()),
    };
    let target = &experiment.target;
    let network = Network::new(&experiment.blueprint(target), Device::Cpu, Kind::Float, target.seeds.initial);
    transfer(&network, Some(&weights), &experiment.transfer).map(drop)
}

/// Reads a finished source and its record without a lock, so readers do not wait for each other.
///
/// The record becomes `finished` only after the weights are on disk, and `running` before they are trained again. So
/// weights read between two identical reads of the record belong to it. Anything torn, incomplete or changed in between
/// gives `None`, and the caller takes the lock to find out.
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

fn diverged(directory: &RunDirectory, record: &Record) -> UserError {
    let reason = record.reason.as_deref().unwrap_or("its numbers were not finite");
    UserError::new(format!("the source in `{}` has already diverged: {reason}", directory.path().display()))
        .hint("change `source.train`, or move that folder away to train it again")
}

/// Weights from a file, without the head: the target has its own.
pub(in crate::run) fn from_file(
    path: &Path,
    experiment: &Experiment,
    run_log: &mut RunLog<'_>,
) -> Result<NamedTensors> {
    let weights = published(path, experiment)?;
    run_log.note(&format!("using source weights from {}", path.display()))?;
    if let Some(words) = weights.left_out_in_words() {
        run_log.note(&format!("{}: {words}", path.display()))?;
    }
    if !matches!(experiment.target.normalise, Normalise::Given { .. }) {
        run_log.note(
            "the target's images are normalised by their own mean and deviation, which may not be those that the weights \
             were trained with; set these with `target.normalisation = \"given\"`",
        )?;
    }
    Ok(weights.tensors)
}

fn published(path: &Path, experiment: &Experiment) -> Result<PublishedWeights> {
    let mut weights = PublishedWeights::read(path, &experiment.architecture, None)?;
    weights.leave_out_heads(&experiment.blueprint(&experiment.target), &experiment.architecture, false);
    weights.tensors.retain(|name, _| !is_counter(name));
    Ok(weights)
}
