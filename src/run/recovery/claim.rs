//! Claiming a run: it is finished already, or this process gets its lock, possibly after waiting for another.

use std::cell::RefCell;
use std::path::Path;

use anyhow::Result;

use crate::error::UserError;
use crate::files;
use crate::run::phase::event::{EventSink, RunEvent};
use crate::run::recovery::finished;
use crate::run::recovery::lock::{Holder, Wait, Waited};
use crate::run::recovery::unchanged::Unchanged;
use crate::run::request::{Beginning, Finished, Request};
use crate::rundir::{Record, RunDirectory};
use crate::spec::Spec;
use crate::text;

/// The run on disk, if it is finished and its data have not changed.
pub(in crate::run) fn finished(
    spec: &Spec,
    request: &Request<'_>,
    directory: &RunDirectory,
    events: &mut dyn EventSink,
) -> Result<Option<Finished>> {
    let Some(finished) = finished::finished(spec, directory)? else { return Ok(None) };
    if let Some(record) = Record::read(directory)? {
        let experiment = &spec.experiment;
        Unchanged { experiment, places: request.places, stop: request.stop }.check(
            &experiment.target,
            &record,
            directory.path(),
            "train on the new data with `--fresh`, which moves the finished run aside",
            &mut |reading| events.on_event(&RunEvent::Reading(reading)),
        )?;
    }
    Ok(Some(finished))
}

/// Creates the directory of a run and locks it, waiting as long as the request allows; the process that holds the lock
/// may finish the run in the meantime.
pub(in crate::run) fn lock(
    spec: &Spec,
    directory: &RunDirectory,
    request: &Request<'_>,
    beginning: Beginning,
    events: &mut dyn EventSink,
) -> Result<Waited<Finished>> {
    create_inside(directory, request.places.out)?;
    let events = RefCell::new(events);
    Wait { folder: directory.path(), stop: request.stop, most: Some(request.wait) }.wait(
        || match beginning {
            Beginning::Resume => finished(spec, request, directory, *events.borrow_mut()),
            Beginning::Fresh => Ok(None),
        },
        |holder| {
            let most = text::duration(request.wait.as_secs_f64());
            let place = directory.path().display();
            let sentence = format!("`{place}` is locked by {}: waiting up to {most}", holder.who());
            events.borrow_mut().on_event(&RunEvent::Note(&sentence));
            Ok(())
        },
    )
}

/// The error if another process still holds the lock after the wait.
pub(in crate::run) fn held(directory: &RunDirectory, holder: &Holder) -> UserError {
    UserError::stopped(format!("`{}` is locked by {}", directory.path().display(), holder.who()))
        .hint("run the same command again when it has ended, or wait for it with `--wait 2h`")
}

/// Creates the directory of a run, which must not be reached through a link to outside `out`.
pub(in crate::run) fn create_inside(directory: &RunDirectory, out: &Path) -> Result<()> {
    files::create_folder(out)?;
    // Links are checked before anything is created behind them.
    for folder in [directory.path().parent(), Some(directory.path())].into_iter().flatten() {
        if std::fs::symlink_metadata(folder).is_ok() {
            files::check_inside(folder, out)?;
        }
        files::create_folder(folder)?;
    }
    Ok(())
}
