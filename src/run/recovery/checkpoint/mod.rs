//! The checkpoints of a training: the last two, and those that the spec asks to keep.
//!
//! A checkpoint's name holds its step. Each is written atomically before older ones are deleted, so an intact one exists
//! at every moment after the first. Checkpoints later than the one just written stay: they belong to a longer budget,
//! which may be requested again. A damaged file is skipped with a note, and the previous one is used.

mod file;
mod header;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use file::read_checkpoint;
pub use header::CheckpointHeader;
pub(in crate::run) use header::FORMAT;

use crate::error::UserError;
use crate::files;
use crate::run::recovery::lock::Lock;
use crate::rundir::RunDirectory;
use crate::spec::{Checkpoints, Position, Side, Task};
use crate::train::TrainingState;

const ENDING: &str = ".safetensors";
/// Prefix of checkpoints that newer ones replace.
const PASSING: &str = "step-";
const KEPT: &str = "epoch-";
/// Earlier versions of freezewise named the newest checkpoint in this file.
const POINTER: &str = "latest.json";

/// The state of a training with its metadata and rows.
#[derive(Debug)]
pub struct Checkpoint {
    /// Metadata.
    pub header: CheckpointHeader,
    /// Weights and optimizer state.
    pub state: TrainingState,
    /// Rows of the epochs so far, as CSV, with every evaluation that was made.
    pub rows: Vec<u8>,
}

/// The name of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run) enum Name {
    /// At this step; stays until there are two newer ones.
    Step(u64),
    /// After this epoch; stays.
    Epoch(u64),
}

impl Name {
    fn file(self) -> String {
        match self {
            Self::Step(step) => format!("{PASSING}{step:012}{ENDING}"),
            Self::Epoch(epoch) => format!("{KEPT}{epoch:09}{ENDING}"),
        }
    }

    fn parse(file: &str) -> Option<Self> {
        let stem = file.strip_suffix(ENDING)?;
        let number = |prefix| stem.strip_prefix(prefix)?.parse().ok();
        number(PASSING).map(Self::Step).or_else(|| number(KEPT).map(Self::Epoch))
    }
}

/// The checkpoints of a directory.
#[derive(Debug)]
pub(in crate::run) struct CheckpointStore<'a> {
    folder: PathBuf,
    lock: &'a Lock,
    task: &'a Task,
}

/// The result of a search for a checkpoint.
#[derive(Debug, Default)]
pub(in crate::run) struct CheckpointSearch {
    /// The latest that is intact and qualifies.
    pub(in crate::run) checkpoint: Option<Checkpoint>,
    /// Later ones that are damaged, and why.
    pub(in crate::run) damaged: Vec<String>,
}

impl<'a> CheckpointStore<'a> {
    /// The checkpoints of a locked directory.
    pub(in crate::run) fn open(directory: &RunDirectory, lock: &'a Lock, task: &'a Task) -> Result<Self> {
        let folder = directory.checkpoints();
        if files::exists(&folder)? {
            files::check_inside(&folder, directory.path())?;
            files::remove_unfinished(&folder)?;
        }
        Ok(Self { folder, lock, task })
    }

    fn steps_per_epoch(&self) -> u64 {
        self.task.training.steps_per_epoch(self.task.train_size)
    }

    /// The latest checkpoint that is intact, belongs to this training, and `serves`. Damage is an error only if no intact
    /// checkpoint is left: starting over would then destroy what the user may still recover.
    pub(in crate::run) fn furthest(
        &self,
        side: Side,
        hash: &str,
        mut serves: impl FnMut(&Checkpoint) -> Result<bool>,
    ) -> Result<CheckpointSearch> {
        let mut found = CheckpointSearch::default();
        let mut whole = 0;
        for (_, name) in names(&self.folder, self.steps_per_epoch())?.into_iter().rev() {
            let path = self.folder.join(name.file());
            match file::read(&path).and_then(|checkpoint| checkpoint.check(side, hash)) {
                Ok(checkpoint) => {
                    if serves(&checkpoint)? {
                        found.checkpoint = Some(checkpoint);
                        return Ok(found);
                    }
                    whole += 1;
                }
                Err(error) => {
                    found.damaged.push(format!("cannot use the checkpoint `{}`: {error:#}", path.display()));
                }
            }
        }
        match found.damaged.first() {
            Some(first) if whole == 0 => {
                let more = if found.damaged.len() > 1 { ", nor the earlier ones" } else { "" };
                let hint = "start over with `--fresh`, which moves the existing run aside";
                Err(UserError::new(format!("{first}{more}")).hint(hint).into())
            }
            _ => Ok(found),
        }
    }

    /// Writes a checkpoint, and deletes earlier ones except the last before it.
    pub(in crate::run) fn commit(
        &self,
        name: Name,
        header: &CheckpointHeader,
        state: &TrainingState,
        rows: &[u8],
    ) -> Result<()> {
        files::create_folder(&self.folder)?;
        self.lock.check()?;
        file::write(&self.folder.join(name.file()), header, state, rows)?;
        self.lock.check()?;
        let own = position(name, self.steps_per_epoch());
        let mut behind = names(&self.folder, self.steps_per_epoch())?;
        behind.retain(|(position, _)| *position < own);
        let last = behind.last().map_or(0, |(position, _)| *position);
        let replaced = |(position, name): &(u64, Name)| *position < last && matches!(name, Name::Step(_));
        self.remove(behind.into_iter().filter(replaced))
    }

    /// Deletes what a finished training no longer needs.
    pub(in crate::run) fn finish(&self, checkpoints: &Checkpoints) -> Result<()> {
        if !files::exists(&self.folder)? {
            return Ok(());
        }
        self.remove(leftovers(&self.folder, self.task, checkpoints)?.into_iter())?;
        files::remove(&self.folder.join(POINTER))?;
        // Fails if it still holds kept checkpoints or files of the user's: then it stays.
        let _ = std::fs::remove_dir(&self.folder);
        Ok(())
    }

    /// Keeps the state after an epoch if it is there to resume from. Returns whether it is kept.
    pub(in crate::run) fn keep(&self, epoch: u64) -> Result<bool> {
        let kept = self.folder.join(Name::Epoch(epoch).file());
        let last = self.folder.join(Name::Step(epoch * self.steps_per_epoch()).file());
        if !kept.is_file() && last.is_file() {
            files::stream_atomically(&kept, |copy| io::copy(&mut File::open(&last)?, copy).map(drop))?;
        }
        Ok(kept.is_file())
    }

    fn remove(&self, mut names: impl Iterator<Item = (u64, Name)>) -> Result<()> {
        names.try_for_each(|(_, name)| files::remove(&self.folder.join(name.file())))
    }
}

/// The epochs whose checkpoints a directory keeps, ascending.
pub(in crate::run) fn kept_epochs(directory: &RunDirectory) -> Result<Vec<u64>> {
    let epoch = |(_, name)| if let Name::Epoch(epoch) = name { Some(epoch) } else { None };
    Ok(names(&directory.checkpoints(), 1)?.into_iter().filter_map(epoch).collect())
}

/// Whether a target has the state after a step, kept or to resume from.
pub(in crate::run) fn has_state(directory: &RunDirectory, task: &Task, step: u64) -> bool {
    let steps_per_epoch = task.training.steps_per_epoch(task.train_size);
    let after = |(position, _): &(u64, Name)| *position == step;
    names(&directory.checkpoints(), steps_per_epoch).is_ok_and(|names| names.iter().any(after))
}

/// Reads the kept checkpoint of a target after an epoch; an error if it has another hash.
pub(in crate::run) fn read_kept(directory: &RunDirectory, epoch: u64, hash: &str) -> Result<Checkpoint> {
    let path = directory.checkpoints().join(Name::Epoch(epoch).file());
    let read = || file::read(&path)?.check(Side::Target, hash);
    read().with_context(|| format!("cannot use the checkpoint `{}`", path.display()))
}

/// Whether a finished training has checkpoints that it no longer needs.
pub(in crate::run) fn has_leftovers(directory: &RunDirectory, task: &Task, checkpoints: &Checkpoints) -> bool {
    leftovers(&directory.checkpoints(), task, checkpoints).is_ok_and(|names| !names.is_empty())
}

/// What a finished training no longer needs: checkpoints that were kept only for branches, which are finished too, and the
/// replaceable ones, except those from the last step on if the last is to be kept.
fn leftovers(folder: &Path, task: &Task, checkpoints: &Checkpoints) -> Result<Vec<(u64, Name)>> {
    let steps = task.training.steps(task.train_size);
    let mut names = names(folder, task.training.steps_per_epoch(task.train_size))?;
    let is_last = |position: u64| checkpoints.keep_final && position >= steps;
    let has_last_step = names.iter().any(|(position, name)| is_last(*position) && matches!(name, Name::Step(_)));
    names.retain(|(position, name)| match *name {
        Name::Step(_) => !is_last(*position),
        // That of the last epoch is the only one of the last step if it was kept as such.
        Name::Epoch(epoch) => {
            let is_only_for_branches = checkpoints.branches.has(epoch) && !checkpoints.keep.has(epoch);
            is_only_for_branches && (has_last_step || !is_last(*position))
        }
    });
    Ok(names)
}

/// The checkpoints of a folder with their steps, in ascending order.
fn names(folder: &Path, steps_per_epoch: u64) -> Result<Vec<(u64, Name)>> {
    if !files::exists(folder)? {
        return Ok(Vec::new());
    }
    let names = files::names(folder)?;
    let mut names: Vec<(u64, Name)> = names
        .iter()
        .filter_map(|file| Name::parse(file).filter(|name| name.file() == *file))
        .map(|name| (position(name, steps_per_epoch), name))
        .collect();
    names.sort_by_key(|(position, _)| *position);
    Ok(names)
}

fn position(name: Name, steps_per_epoch: u64) -> u64 {
    match name {
        Name::Step(step) => step,
        Name::Epoch(epoch) => epoch.saturating_mul(steps_per_epoch),
    }
}

impl Checkpoint {
    /// How far the training was.
    pub(in crate::run) fn position(&self) -> Position {
        Position { epochs: self.header.epochs, steps: self.header.steps }
    }

    fn check(self, side: Side, hash: &str) -> Result<Self> {
        self.header.check(side, hash)?;
        Ok(self)
    }
}
