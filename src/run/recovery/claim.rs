//! The claim to a run: found finished, or its lock, for which another process may have to be waited for.

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

/// The run as it stands on disk, if it is finished and its data are what they were.
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
            "train on the new ones with `--fresh`, which moves the finished run aside",
            &mut |reading| events.on_event(&RunEvent::Reading(reading)),
        )?;
    }
    Ok(Some(finished))
}

/// Makes the directory of a run and takes its lock, within the time that the request gives; where another process has
/// it, that one may finish the run meanwhile.
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

/// What is said where another process holds the run after the wait.
pub(in crate::run) fn held(directory: &RunDirectory, holder: &Holder) -> UserError {
    UserError::stopped(format!("`{}` is locked by {}", directory.path().display(), holder.who()))
        .hint("run the same command again when that has ended; `--wait 2h` waits up to two hours for it")
}

/// Creates the directory of a run, which must not lead elsewhere.
pub(in crate::run) fn create_inside(directory: &RunDirectory, out: &Path) -> Result<()> {
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
