//! The states of a training on disk: the last two, and those that a spec asks to keep.
//!
//! A checkpoint's name says how many steps are behind it. It is written whole or not at all, and only then are older
//! ones removed, so there is a whole one at every moment, once there was one. States beyond the one just written stay:
//! they are of a longer budget, which may be asked for again. A damaged file is passed over for the one before it, with
//! a note.

mod file;
mod header;

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
/// Those under this name make room for newer ones.
const PASSING: &str = "step-";
const KEPT: &str = "epoch-";
/// Earlier versions of the program named the newest checkpoint in this file.
const POINTER: &str = "latest.json";

/// A state with what belongs to it.
#[derive(Debug)]
pub struct Checkpoint {
    /// What it is of.
    pub header: CheckpointHeader,
    /// The training at that moment.
    pub state: TrainingState,
    /// The rows of the epochs behind, as CSV, with every evaluation that was made.
    pub rows: Vec<u8>,
}

/// The name of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::run) enum Name {
    /// After so many steps; it stays until two newer ones are there.
    Step(u64),
    /// After so many epochs; it stays.
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
    steps_per_epoch: u64,
}

/// What was found of a directory's checkpoints.
#[derive(Debug, Default)]
pub(in crate::run) struct CheckpointSearch {
    /// The furthest that is whole and serves.
    pub(in crate::run) checkpoint: Option<Checkpoint>,
    /// Further ones that are not whole, and why.
    pub(in crate::run) damaged: Vec<String>,
}

impl<'a> CheckpointStore<'a> {
    /// The checkpoints of a directory whose lock is held.
    pub(in crate::run) fn open(directory: &RunDirectory, lock: &'a Lock, task: &Task) -> Result<Self> {
        let folder = directory.checkpoints();
        if files::exists(&folder)? {
            files::check_inside(&folder, directory.path())?;
            files::remove_unfinished(&folder)?;
        }
        Ok(Self { folder, lock, steps_per_epoch: task.training.steps_per_epoch(task.train_size) })
    }

    /// The furthest checkpoint that is whole, of this training, and `serves`. Damage alone is an error only where
    /// nothing else is there: then to start over would lose what a person may still save.
    pub(in crate::run) fn furthest(
        &self,
        side: Side,
        hash: &str,
        mut serves: impl FnMut(&Checkpoint) -> Result<bool>,
    ) -> Result<CheckpointSearch> {
        let mut found = CheckpointSearch::default();
        let mut whole = 0;
        for (_, name) in names(&self.folder, self.steps_per_epoch)?.into_iter().rev() {
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
                    found.damaged.push(format!("the checkpoint {} cannot be used: {error:#}", path.display()));
                }
            }
        }
        match found.damaged.first() {
            Some(first) if whole == 0 => {
                let more = if found.damaged.len() > 1 { ", nor those before it" } else { "" };
                let hint = "`--fresh` starts over, and keeps what is there aside";
                Err(UserError::new(format!("{first}{more}")).hint(hint).into())
            }
            _ => Ok(found),
        }
    }

    /// Puts a state on disk. Of those behind it the last one stays.
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
        let own = position(name, self.steps_per_epoch);
        let mut behind = names(&self.folder, self.steps_per_epoch)?;
        behind.retain(|(position, _)| *position < own);
        let last = behind.last().map_or(0, |(position, _)| *position);
        self.remove(behind.into_iter().filter(|(position, _)| *position < last))
    }

    /// Removes what a finished training has no use for: the states that make room, but for the one after `last` steps,
    /// if it is to stay, and those beyond.
    pub(in crate::run) fn finish(&self, last: Option<u64>) -> Result<()> {
        if !files::exists(&self.folder)? {
            return Ok(());
        }
        self.remove(leftovers(&self.folder, self.steps_per_epoch, last)?.into_iter())?;
        files::remove(&self.folder.join(POINTER))?;
        // It goes where nothing is left in it: kept states may be, or something of the user's.
        let _ = std::fs::remove_dir(&self.folder);
        Ok(())
    }

    /// Whether the state after an epoch is kept.
    pub(in crate::run) fn keeps(&self, epoch: u64) -> bool {
        self.folder.join(Name::Epoch(epoch).file()).is_file()
    }

    /// Removes the states of epochs from which branches have left, but for those that are to stay.
    pub(in crate::run) fn drop_branch_states(&self, checkpoints: &Checkpoints) -> Result<()> {
        let names = names(&self.folder, self.steps_per_epoch)?.into_iter();
        let done = names.filter_map(|(_, name)| match name {
            Name::Epoch(epoch) if checkpoints.branches.has(epoch) && !checkpoints.keep.has(epoch) => Some(name),
            _ => None,
        });
        done.into_iter().try_for_each(|name| files::remove(&self.folder.join(name.file())))
    }

    fn remove(&self, names: impl Iterator<Item = (u64, Name)>) -> Result<()> {
        let mut passing = names.filter(|(_, name)| matches!(name, Name::Step(_)));
        passing.try_for_each(|(_, name)| files::remove(&self.folder.join(name.file())))
    }
}

/// The epochs whose states a directory keeps, rising.
pub(in crate::run) fn kept_epochs(directory: &RunDirectory) -> Result<Vec<u64>> {
    let epoch = |(_, name)| if let Name::Epoch(epoch) = name { Some(epoch) } else { None };
    Ok(names(&directory.checkpoints(), 1)?.into_iter().filter_map(epoch).collect())
}

/// The state of a target of this hash after an epoch that is kept.
pub(in crate::run) fn read_kept(directory: &RunDirectory, epoch: u64, hash: &str) -> Result<Checkpoint> {
    let path = directory.checkpoints().join(Name::Epoch(epoch).file());
    let read = || file::read(&path)?.check(Side::Target, hash);
    read().with_context(|| format!("the checkpoint {} cannot be used", path.display()))
}

/// Whether a finished training has states that it has no use for.
pub(in crate::run) fn has_leftovers(directory: &RunDirectory, task: &Task, last: Option<u64>) -> bool {
    let steps_per_epoch = task.training.steps_per_epoch(task.train_size);
    leftovers(&directory.checkpoints(), steps_per_epoch, last).is_ok_and(|names| !names.is_empty())
}

fn leftovers(folder: &Path, steps_per_epoch: u64, last: Option<u64>) -> Result<Vec<(u64, Name)>> {
    let mut names = names(folder, steps_per_epoch)?;
    names.retain(|(position, name)| matches!(name, Name::Step(_)) && last.is_none_or(|last| *position < last));
    Ok(names)
}

/// The checkpoints of a folder with the steps behind each, in the order of those.
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
    /// How far it is.
    pub(in crate::run) fn position(&self) -> Position {
        Position { epochs: self.header.epochs, steps: self.header.steps }
    }

    fn check(self, side: Side, hash: &str) -> Result<Self> {
        self.header.check(side, hash)?;
        Ok(self)
    }
}
