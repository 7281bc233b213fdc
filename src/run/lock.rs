//! One process at a time in a directory. The lock is the system's own, so it goes with the process that held it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// What came of asking for a lock.
pub(super) enum Asked {
    /// It is ours.
    Ours(Lock),
    /// Another has it: who, in words.
    Held(String),
}

impl Lock {
    /// Takes the lock of a directory, or tells who has it.
    pub(super) fn take(folder: &Path) -> Result<Asked> {
        let path = folder.join(".lock");
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {
                sign(&mut file, &path)?;
                Ok(Asked::Ours(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The holder may be writing its name just now; an empty one is still an answer.
                let _ = file.read_to_string(&mut text);
                let text = text.trim();
                Ok(Asked::Held(if text.is_empty() { "process".to_owned() } else { text.to_owned() }))
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock `{}`", path.display())),
        }
    }

    /// Takes the lock of a directory, however long that takes.
    pub(super) fn wait(folder: &Path) -> Result<Self> {
        let path: PathBuf = folder.join(".lock");
        let mut file = open(&path)?;
        file.lock().with_context(|| format!("cannot lock `{}`", path.display()))?;
        sign(&mut file, &path)?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    file.with_context(|| format!("cannot open the lock `{}`", path.display()))
}

fn sign(file: &mut File, path: &Path) -> Result<()> {
    let write = |file: &mut File| {
        file.set_len(0)?;
        writeln!(file, "process {}", std::process::id())
    };
    write(file).with_context(|| format!("cannot write the lock `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_told_who_has_it() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let held = Lock::take(folder.path())?;
        match Lock::take(folder.path())? {
            Asked::Ours(_) => panic!("two hold one lock"),
            Asked::Held(holder) => assert_eq!(holder, format!("process {}", std::process::id())),
        }
        drop(held);
        assert!(matches!(Lock::take(folder.path())?, Asked::Ours(_)));
        Ok(())
    }
}
