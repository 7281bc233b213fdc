//! Probes: linear heads and nearest neighbours on the features of each layer, of the source and of the target at the
//! epochs whose checkpoint was kept.
//!
//! Features are the pooled outputs of the first k layers for the target's training and test images, in evaluation mode,
//! without augmentation, in float32; heads are fitted on the labels that training uses. A row is written as soon as it is
//! computed, and existing rows are not computed again. A probe explains the error at k and does not measure relatedness:
//! with all layers frozen it is nearly the outcome itself.

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

/// The result of a probe.
#[derive(Clone, Debug)]
pub struct Probed {
    /// The run that `probes.csv` was written to.
    pub directory: RunDirectory,
    /// The requested rows, by network and layer.
    pub probes: Probes,
}

/// The probes of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Probes {
    /// The run, `<name>/<folder>`.
    pub run: String,
    /// How many training images heads are fitted on.
    pub train_examples: usize,
    /// How many test images errors are measured on.
    pub test_examples: usize,
    /// C.
    pub classes: usize,
    /// How many nearest neighbours vote.
    pub neighbours: usize,
    /// One row per layer of each network.
    pub rows: Vec<ProbeRow>,
}

/// Probes the source of a spec, training it first if needed, and the target at some of the epochs kept in `directory`;
/// writes `probes.csv` there.
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
    let blueprint = spec.experiment.blueprint(&spec.experiment.target);
    let layers = blueprint.layers.len();
    let mut rows: Vec<ProbeRow> = whole_rows(&directory.probes())?;
    let written = rows.len();
    // With no layer frozen, specs of both granularities are the same run, and their layers share numbers.
    rows.retain(|row| {
        row.layer > 0 && blueprint.layers.get(row.layer - 1).is_some_and(|layer| layer.name == row.layer_name)
    });
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
    } else if rows.len() < written {
        CsvTable::create(&directory.probes(), &rows)?;
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
