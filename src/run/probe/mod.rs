//! Probes: what a linear head and nearest neighbours make of the features of each layer, of the source and of the target
//! at the epochs whose state was kept.
//!
//! Features are what the first k layers hand on for the target's training and test images, pooled, in evaluation mode,
//! without augmentation and in float32; heads are fitted on the labels that training uses. A row is written as soon as it
//! is computed, and one that is there is not computed again. It explains error at k and is no measure of relatedness: with
//! all layers frozen it is nearly the outcome itself.

mod epochs;
mod features;
mod networks;
mod probing;

use anyhow::Result;
use serde::Serialize;

pub use epochs::ProbedEpochs;

use crate::files::{self, Lines};
use crate::run::compute::ComputeSetup;
use crate::run::phase::event::EventSink;
use crate::run::phase::log::RunLog;
use crate::run::recovery::attempt::{self, without_panic};
use crate::run::recovery::claim::{create_inside, held};
use crate::run::recovery::lock::{Lock, LockOutcome};
use crate::run::request::Request;
use crate::rundir::{CsvTable, ProbeRow, RunDirectory, whole_rows};
use crate::spec::Spec;
use crate::train::NEIGHBOURS;
use networks::{NetworkVersion, ProbedRun};
use probing::{ProbeProgress, Probing};

/// Where a probe's rows go.
#[derive(Clone, Debug)]
pub struct Probed {
    /// The run that they stand beside.
    pub directory: RunDirectory,
    /// The rows that were asked for, in the order of the networks and of their layers.
    pub probes: Probes,
}

/// What probes tell of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Probes {
    /// The run, `<name>/<folder>`.
    pub run: String,
    /// How many images heads are fitted on.
    pub train_examples: usize,
    /// How many images errors are of.
    pub test_examples: usize,
    /// C.
    pub classes: usize,
    /// How many neighbours have a vote.
    pub neighbours: usize,
    /// A row for each layer of each network.
    pub rows: Vec<ProbeRow>,
}

/// Probes the source of a spec, which is trained first where nobody has yet, and the target at some of the epochs that are
/// kept in `directory`; writes `probes.csv` there.
pub fn probe(
    spec: &Spec,
    directory: &RunDirectory,
    epochs: &ProbedEpochs,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<Probed> {
    let work = || probe_in(spec, directory, epochs, request, events);
    without_panic(work).map_err(attempt::advised)
}

fn probe_in(
    spec: &Spec,
    directory: &RunDirectory,
    epochs: &ProbedEpochs,
    request: &Request<'_>,
    events: &mut dyn EventSink,
) -> Result<Probed> {
    let versions = networks::versions(spec, directory, epochs)?;
    create_inside(directory, request.places.out)?;
    let lock = match Lock::take(directory.path())? {
        LockOutcome::Ours(lock) => lock,
        LockOutcome::Held(holder) => return Err(held(directory, &holder).into()),
    };
    files::remove_unfinished(directory.path())?;
    let mut rows: Vec<ProbeRow> = whole_rows(&directory.probes())?;
    let layers = spec.experiment.blueprint(&spec.experiment.target).layers.len();
    let has =
        |rows: &[ProbeRow], version: NetworkVersion, layer: usize| rows.iter().any(|row| version.is_of(row, layer));
    let lacking = |version: NetworkVersion| (1..=layers).filter(|&layer| !has(&rows, version, layer)).count();
    let missing: Vec<NetworkVersion> = versions.iter().copied().filter(|&version| lacking(version) > 0).collect();
    let all = versions.len() * layers;
    let done = all - missing.iter().map(|&version| lacking(version)).sum::<usize>();
    if !missing.is_empty() {
        let mut run_log = RunLog { log: Some(Lines::extend(&directory.probe_log())?), events };
        let compute = ComputeSetup::start(&spec.experiment, request.fixed)?;
        for note in &compute.notes {
            run_log.note(note)?;
        }
        let data = compute.load(&spec.experiment, &spec.experiment.target, request, run_log.events)?;
        let table = CsvTable::create(&directory.probes(), &rows)?;
        let progress = ProbeProgress { done, all, stop: request.stop };
        let networks = ProbedRun { spec, directory, compute: &compute, request, data: &data };
        let mut probing = Probing { networks, lock: &lock, table, rows: &mut rows, progress };
        missing.into_iter().try_for_each(|version| probing.version(version, &mut run_log))?;
    }
    let wanted = versions.iter().flat_map(|version| (1..=layers).map(move |layer| (version, layer)));
    let row = |(version, layer): (&NetworkVersion, usize)| rows.iter().find(|row| version.is_of(row, layer)).cloned();
    let rows = wanted.filter_map(row).collect();
    Ok(Probed { directory: directory.clone(), probes: probes(spec, rows) })
}

fn probes(spec: &Spec, rows: Vec<ProbeRow>) -> Probes {
    let target = &spec.experiment.target;
    Probes {
        run: format!("{}/{}", spec.experiment.name, spec.run_folder()),
        train_examples: target.train_size,
        test_examples: target.test_size,
        classes: target.classes,
        neighbours: NEIGHBOURS,
        rows,
    }
}
