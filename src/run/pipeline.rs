//! A run from request to result: finished already? else the lock, then source and target.

use anyhow::Result;

use crate::run::compute::ComputeSetup;
use crate::run::facts::data_record;
use crate::run::phase::event::{Event, EventSink};
use crate::run::recovery::attempt::{self, record_failure};
use crate::run::recovery::lock::{Lock, Waited};
use crate::run::recovery::{archive, claim};
use crate::run::request::{Beginning, Finished, Request};
use crate::run::{source, target};
use crate::rundir::{self, EventFile, RunDirectory};
use crate::spec::Spec;

/// Runs a spec to its end, from its last checkpoint, or finds that it was run.
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
        archive::sweep(directory, &spec.experiment.target, target::last_state(spec));
        return with_events(finished, request);
    }
    match claim::lock(spec, directory, request, request.beginning, events)? {
        Waited::Ours(lock) => {
            begin(spec, request, directory, lock, events).map_err(|error| record_failure(directory, error))
        }
        Waited::Done(finished) => with_events(finished, request),
        Waited::Held(holder) => Err(claim::held(directory, &holder).into()),
    }
}

/// A run that was finished before, with TensorBoard's event file where that is asked for: from its tables.
fn with_events(finished: Finished, request: &Request<'_>) -> Result<Finished> {
    if request.tensorboard {
        let timing = rundir::read(&finished.directory.timing()).unwrap_or_default();
        EventFile::create(&finished.directory, &finished.rows, &timing)?;
    }
    Ok(finished)
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
        return with_events(finished, request);
    }
    let experiment = &spec.experiment;
    // Device and data come first: a run that cannot start leaves what an earlier one left.
    let compute = ComputeSetup::start(experiment, request.fixed)?;
    let data = compute.load(experiment, &experiment.target, request, events)?;
    let facts = data_record(&experiment.target, &data, request.stop)?;
    let lock = if request.beginning == Beginning::Fresh && archive::is_begun(directory)? {
        source::check(spec, &compute, request, events)?;
        match begin_anew(spec, directory, lock, request, events)? {
            Waited::Ours(lock) => lock,
            Waited::Done(finished) => return with_events(finished, request),
            Waited::Held(holder) => return Err(claim::held(directory, &holder).into()),
        }
    } else {
        lock
    };
    target::train(spec, request, directory, &lock, (compute, data, facts), events)
}

/// Moves what is in a run's directory aside, and takes the lock of an empty one.
fn begin_anew(
    spec: &Spec,
    directory: &RunDirectory,
    own: Lock,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<Waited<Finished>> {
    let moved = archive::move_aside(directory, own)?;
    events.on_event(&Event::Note(&format!("the existing run was moved to {}", moved.display())));
    // Another process may come first here: what it finishes is as fresh.
    claim::lock(spec, directory, request, Beginning::Resume, events)
}
