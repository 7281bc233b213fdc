//! Reads runs from directories, and lists what is left out and why.

mod curves;
mod frozen_layers;
mod measure;
mod recorded;
mod run;
mod values;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

pub(super) use frozen_layers::{FROZEN_LAYERS, FrozenLayers};
pub(super) use measure::{Measure, RunMeasure};
pub(super) use recorded::SweepFolder;
pub(super) use run::{MadeOn, Run};
pub(super) use values::moving;

use crate::error::UserError;
use crate::rundir::{RunDirectory, directories};

/// The runs in some directories.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadRuns {
    pub(super) runs: Vec<Run>,
    pub(super) sweeps: Vec<SweepFolder>,
    pub(super) left_out: Vec<LeftOut>,
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
    let (mut reading, mut parents) = (ReadRuns::default(), BTreeSet::<PathBuf>::new());
    for &folder in folders {
        parents.insert(folder.to_path_buf());
        for directory in directories(folder)? {
            parents.extend(directory.path().parent().map(Path::to_path_buf));
            let place = place(folder, directory.path());
            if found.iter().all(|(known, _)| known.path() != directory.path()) {
                found.push((directory, place));
            }
        }
    }
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
    let mut seen = BTreeSet::new();
    for (place, read) in in_parallel(&found) {
        match read {
            // For example a pruned copy of a run in an archive.
            Ok(run) if !seen.insert(run.directory.name()) => {
                let reason = "duplicate of another run".to_owned();
                reading.left_out.push(LeftOut { place, reason });
            }
            Ok(run) => reading.runs.push(run),
            Err(reason) => reading.left_out.push(LeftOut { place, reason }),
        }
    }
    Ok(reading)
}

impl ReadRuns {
    fn add_missing_cells(&mut self, folders: &[&Path], found: &[(RunDirectory, String)]) {
        let begun: BTreeSet<String> = found.iter().map(|(directory, _)| directory.name()).collect();
        // Report missing cells only for whole sweeps, not for single runs of one.
        let is_given = |sweep: &&SweepFolder| folders.iter().any(|folder| sweep.folder.starts_with(folder));
        for sweep in self.sweeps.iter().filter(is_given) {
            let missing = sweep.cells.iter().filter(|(directory, _)| !begun.contains(*directory));
            let reason = "a cell of the sweep that has not started".to_owned();
            self.left_out.extend(missing.map(|(_, name)| LeftOut { place: name.clone(), reason: reason.clone() }));
        }
    }
}

type ReadResult = (String, Result<Run, String>);

/// Reads runs on all cores; the results keep the order.
fn in_parallel(found: &[(RunDirectory, String)]) -> Vec<ReadResult> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = found.len().div_ceil(threads).max(1);
    let read = |part: &[(RunDirectory, String)]| -> Vec<ReadResult> {
        part.iter().map(|(directory, place)| (place.clone(), Run::read(directory.clone(), place.clone()))).collect()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = found.chunks(share).map(|part| scope.spawn(move || read(part))).collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// The path of a run relative to the given folder.
fn place(folder: &Path, run: &Path) -> String {
    let within = run.strip_prefix(folder).unwrap_or(run);
    if within.as_os_str().is_empty() { name(run) } else { within.to_string_lossy().into_owned() }
}

fn name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}
