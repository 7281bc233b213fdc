//! Reads runs from directories, and lists what is left out and why.

mod curves;
mod frozen_layers;
mod measure;
mod planned;
mod recorded;
mod run;
mod similarity;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

pub(super) use frozen_layers::FrozenLayers;
pub(super) use measure::{Measure, RunMeasure, View};
pub(super) use recorded::SweepFolder;
pub(super) use run::{MadeOn, Run};
pub(super) use similarity::{LayerCka, SimilarityFacts};
pub(super) use values::{SeedValues, is_in_use, moving};

use super::parallel::in_parallel;
use crate::error::UserError;
use crate::rundir::{RunDirectory, directories};

/// The runs in some directories.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadRuns {
    pub(super) runs: Vec<Run>,
    pub(super) sweeps: Vec<SweepFolder>,
    pub(super) left_out: Vec<LeftOut>,
    /// Cells that were planned and not run, in sentences.
    pub(super) not_run: Vec<String>,
    /// The index of each run by directory name and steps of its budget, to find duplicates: a longer run of the same name is
    /// another one, a control.
    places: BTreeMap<(String, u64), usize>,
}

/// A run or a cell that the report does not use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LeftOut {
    pub(super) place: String,
    pub(super) reason: String,
}

/// Reads all runs in some folders. An error if there are no runs, or a path is not a folder.
pub(super) fn read(folders: &[&Path]) -> Result<ReadRuns> {
    let mut found: Vec<(RunDirectory, String)> = Vec::new();
    // In the given order: a claim of two sweeps belongs to the first.
    let (mut reading, mut parents) = (ReadRuns::default(), Vec::<PathBuf>::new());
    for &folder in folders {
        let within = directories(folder)?;
        let mut own: Vec<PathBuf> = within.iter().filter_map(|run| Some(run.path().parent()?.to_path_buf())).collect();
        own.push(folder.to_path_buf());
        own.sort();
        own.dedup();
        parents.extend(own);
        for directory in within {
            let place = place(folder, directory.path());
            found.push((directory, place));
        }
    }
    let (mut seen, mut runs_seen) = (BTreeSet::new(), BTreeSet::new());
    parents.retain(|parent| seen.insert(parent.clone()));
    found.retain(|(directory, _)| runs_seen.insert(directory.path().to_path_buf()));
    for parent in parents {
        match SweepFolder::read(&parent) {
            Ok(sweep) => reading.sweeps.extend(sweep),
            Err(reason) => reading.left_out.push(LeftOut { place: name(&parent), reason }),
        }
    }
    if found.is_empty() {
        let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let message = format!("there are no runs in {}", crate::text::listed(&names));
        return Err(UserError::new(message)
            .hint("give a run, the folder of a sweep, or the folder of all runs")
            .into());
    }
    reading.add_missing_cells(folders, &found);
    let read = in_parallel(&found, |(directory, place)| Run::read(directory.clone(), place.clone()));
    for ((_, place), read) in found.into_iter().zip(read) {
        match read {
            Ok(run) => reading.add(run),
            Err(reason) => reading.left_out.push(LeftOut { place, reason }),
        }
    }
    values::fill_missing(reading.runs.iter_mut().map(|run| &mut run.values));
    Ok(reading)
}

impl ReadRuns {
    /// Adds a run. Of duplicates, such as a pruned copy in an archive or a repetition with more measurements, the one
    /// with more measurements is kept.
    fn add(&mut self, run: Run) {
        let reason = || "duplicate of another run".to_owned();
        let identity = (run.directory.name(), run.length.steps);
        let known = self.places.get(&identity).copied();
        match known.map(|index| &mut self.runs[index]) {
            None => {
                self.places.insert(identity, self.runs.len());
                self.runs.push(run);
            }
            Some(known) if known.measured() >= run.measured() => {
                self.left_out.push(LeftOut { place: run.place, reason: reason() });
            }
            Some(known) => {
                let fewer = std::mem::replace(known, run);
                let reason = format!("{}, which has more measurements", reason());
                self.left_out.push(LeftOut { place: fewer.place, reason });
            }
        }
    }

    fn add_missing_cells(&mut self, folders: &[&Path], found: &[(RunDirectory, String)]) {
        let begun: BTreeSet<String> = found.iter().map(|(directory, _)| directory.name()).collect();
        // Report missing cells only for whole sweeps, not for single runs of one.
        let is_given = |sweep: &&SweepFolder| folders.iter().any(|folder| sweep.folder.starts_with(folder));
        for sweep in self.sweeps.iter().filter(is_given) {
            self.not_run.extend(planned::not_run(sweep, |directory| begun.contains(directory)));
        }
    }
}

/// The path of a run relative to the given folder.
fn place(folder: &Path, run: &Path) -> String {
    let within = run.strip_prefix(folder).unwrap_or(run);
    if within.as_os_str().is_empty() { name(run) } else { within.to_string_lossy().into_owned() }
}

fn name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}
