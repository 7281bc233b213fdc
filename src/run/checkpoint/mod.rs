//! The states of a training on disk: the last two, and those that a spec asks to keep.
//!
//! A checkpoint is written to a new file, which is synced before `latest.json` is made to name it, atomically; only then
//! is an older one removed. So there is a whole one at every moment, once there was one. A file that is damaged is
//! passed over for the one before it, with a word about it.

mod file;
mod header;

use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};

pub use file::read_checkpoint;
pub(super) use header::FORMAT;
pub use header::{Header, MadeWith};

use super::directory::RunDirectory;
use super::lock::Lock;
use crate::error::UserError;
use crate::files;
use crate::train::State;

const POINTER: &str = "latest.json";
const ENDING: &str = ".safetensors";
/// Those under this name make room for newer ones.
const PASSING: &str = "step-";

/// A state with what belongs to it.
#[derive(Debug)]
pub struct Checkpoint {
    /// What it is of.
    pub header: Header,
    /// The training at that moment.
    pub state: State,
    /// The rows of the epochs behind, as CSV, with every evaluation that was made.
    pub rows: Vec<u8>,
}

/// What `latest.json` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pointer {
    newest: String,
    before: Option<String>,
}

/// How a checkpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// It stays until two newer ones are there.
    Step(u64),
    /// It stays.
    Epoch(u64),
}

impl Name {
    fn file(self) -> String {
        match self {
            Self::Step(step) => format!("{PASSING}{step:012}{ENDING}"),
            Self::Epoch(epoch) => format!("epoch-{epoch:09}{ENDING}"),
        }
    }
}

/// The checkpoints of a directory.
#[derive(Debug)]
pub(super) struct Vault<'a> {
    folder: PathBuf,
    lock: &'a Lock,
}

/// What was found of a directory's checkpoints.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The newest that is whole.
    pub(super) checkpoint: Option<Checkpoint>,
    /// Newer ones that are not, and why.
    pub(super) damaged: Vec<String>,
}

impl<'a> Vault<'a> {
    /// The checkpoints of a directory whose lock is held.
    pub(super) fn open(directory: &RunDirectory, lock: &'a Lock) -> Result<Self> {
        let folder = directory.checkpoints();
        if files::exists(&folder)? {
            files::check_inside(&folder, directory.path())?;
            files::remove_unfinished(&folder)?;
        }
        Ok(Self { folder, lock })
    }

    /// The newest checkpoint that is whole and of this training. Damage alone is an error only where nothing else is
    /// there: then to start over would lose what a person may still save.
    pub(super) fn newest(&self, phase: &str, hash: &str) -> Result<Found> {
        let mut found = Found::default();
        if !files::exists(&self.folder)? {
            return Ok(found);
        }
        for name in self.candidates()? {
            let path = self.folder.join(&name);
            match file::read(&path).and_then(|checkpoint| checkpoint.check(phase, hash)) {
                Ok(checkpoint) => {
                    found.checkpoint = Some(checkpoint);
                    return Ok(found);
                }
                Err(error) => {
                    found.damaged.push(format!("the checkpoint {} cannot be used: {error:#}", path.display()));
                }
            }
        }
        match found.damaged.first() {
            None => Ok(found),
            Some(first) => {
                let more = if found.damaged.len() > 1 { ", nor those before it" } else { "" };
                let hint = "`--fresh` starts over, and keeps what is there aside";
                Err(UserError::new(format!("{first}{more}")).hint(hint).into())
            }
        }
    }

    /// The files to try: as the pointer says, then the others, newest first.
    fn candidates(&self) -> Result<Vec<String>> {
        let names = files::names(&self.folder)?;
        let mut others: Vec<String> = names.into_iter().filter(|name| name.ends_with(ENDING)).collect();
        // By number of steps; those that are kept come last, the latest of them first.
        others.sort_by_key(|name| (name.starts_with(PASSING), name.clone()));
        others.reverse();
        let pointer = self.pointer();
        let mut order: Vec<String> =
            pointer.into_iter().flat_map(|pointer| [Some(pointer.newest), pointer.before]).flatten().collect();
        order.retain(|name| others.contains(name));
        others.retain(|name| !order.contains(name));
        order.extend(others);
        Ok(order)
    }

    fn pointer(&self) -> Option<Pointer> {
        serde_json::from_slice(&std::fs::read(self.folder.join(POINTER)).ok()?).ok()
    }

    /// Puts a state on disk and makes it the newest.
    pub(super) fn commit(&self, name: Name, header: &Header, state: &State, rows: &[u8]) -> Result<()> {
        files::create_folder(&self.folder)?;
        let newest = name.file();
        self.lock.check()?;
        file::write(&self.folder.join(&newest), header, state, rows)?;
        let last = self.pointer();
        let before = last.and_then(|last| if last.newest == newest { last.before } else { Some(last.newest) });
        let pointer = Pointer { newest, before };
        self.lock.check()?;
        files::write_atomically(&self.folder.join(POINTER), &serde_json::to_vec_pretty(&pointer)?)?;
        let stays = |name: &String| *name == pointer.newest || pointer.before.as_ref() == Some(name);
        for name in files::names(&self.folder)?.iter().filter(|name| name.starts_with(PASSING) && !stays(name)) {
            files::remove(&self.folder.join(name))?;
        }
        Ok(())
    }

    /// Removes them all, once nothing can need them again.
    pub(super) fn empty(&self) -> Result<()> {
        if !files::exists(&self.folder)? {
            return Ok(());
        }
        for name in files::names(&self.folder)?.into_iter().filter(|name| name.ends_with(ENDING) || name == POINTER) {
            files::remove(&self.folder.join(name))?;
        }
        // Something of the user's may lie there too: then the folder stays.
        let _ = std::fs::remove_dir(&self.folder);
        Ok(())
    }
}

impl Checkpoint {
    fn check(self, phase: &str, hash: &str) -> Result<Self> {
        self.header.check(phase, hash)?;
        Ok(self)
    }
}
