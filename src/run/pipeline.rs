//! A run from request to result: return it if it is finished; otherwise lock it and train source and target.
//!
//! The source is not on this page: it is trained when the target's session asks for its initial weights
//! (`target::source_of`). A target that resumes has its weights in the checkpoint and needs no source.

use anyhow::Result;

use crate::run::compute::ComputeSetup;
use crate::run::facts::data_record;
use crate::run::phase::event::{EventSink, RunEvent};
use crate::run::recovery::attempt::{self, record_failure};
use crate::run::recovery::lock::{Lock, Waited};
use crate::run::recovery::{archive, claim};
use crate::run::request::{Beginning, Finished, Request};
use crate::run::{source, target};
use crate::rundir::{self, EventFile, RunDirectory};
use crate::spec::Spec;

/// Runs a spec to its end, resuming from the last checkpoint; a finished run is returned as it is.
pub fn run(spec: &Spec, request: &Request<'_>, events: &mut dyn EventSink) -> Result<Finished> {
    let experiment = &spec.experiment;
    let directory = RunDirectory::of_run(request.places.out, &experiment.name, &spec.run_folder());
    run_in(&directory, spec, request, events).map_err(attempt::advised)
}

/// The run of a spec, if it is finished; nothing is trained, locked or written.
///
/// # Errors
///
/// Where it diverged, or is finished with a longer budget, or its data have changed since.
pub fn finished(spec: &Spec, request: &Request<'_>, events: &mut dyn EventSink) -> Result<Option<Finished>> {
    let directory = RunDirectory::of_run(request.places.out, &spec.experiment.name, &spec.run_folder());
    claim::finished(spec, request, &directory, events).map_err(attempt::advised)
}

fn run_in(
    directory: &RunDirectory,
    spec: &Spec,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<Finished> {
    // Before the lock, so that a finished run can be read from a read-only archive.
    if request.beginning == Beginning::Resume
        && let Some(finished) = claim::finished(spec, request, directory, events)?
    {
        archive::sweep(directory, &spec.experiment.target, &spec.experiment.checkpoints);
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

/// A run that was already finished; writes TensorBoard's event file from its tables if requested.
fn with_events(finished: Finished, request: &Request<'_>) -> Result<Finished> {
    if request.tensorboard {
        let timing = rundir::read(&finished.directory.timing()).unwrap_or_default();
        EventFile::create(&finished.directory, &finished.rows, &timing)?;
    }
    Ok(finished)
}

/// Trains from step 0 or from the last checkpoint, in a locked directory.
fn begin(
    spec: &Spec,
    request: &Request<'_>,
    directory: &RunDirectory,
    lock: Lock,
    events: &mut dyn EventSink,
) -> Result<Finished> {
    // Another process may have finished it in the meantime.
    if request.beginning == Beginning::Resume
        && let Some(finished) = claim::finished(spec, request, directory, events)?
    {
        return with_events(finished, request);
    }
    let experiment = &spec.experiment;
    // Device and data come first: a run that cannot start must not touch an existing one.
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

/// Moves an existing run aside, and locks a new, empty directory.
fn begin_anew(
    spec: &Spec,
    directory: &RunDirectory,
    own: Lock,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<Waited<Finished>> {
    let moved = archive::move_aside(directory, own)?;
    events.on_event(&RunEvent::Note(&format!("the existing run was moved to {}", moved.display())));
    // Another process may take the new lock first; what it finishes is as fresh.
    claim::lock(spec, directory, request, Beginning::Resume, events)
}
