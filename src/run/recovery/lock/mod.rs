//! A lock on a directory, for one process at a time, on one machine or on several that share a disk.
//!
//! A lock is a file `.lock-N`, created exclusively; the largest N belongs to the holder and grows with every holder. The
//! file names the holder and its last heartbeat. A dead holder is detected at once on its own machine, also after a
//! reboot, and on others once its heartbeat is older than `STALE`; then the next number is free to take, and exactly one
//! process gets it. A holder that was only suspended finds the larger number before it commits anything, and stops.

mod heartbeat;
mod holder;
mod wait;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::error::UserError;
use crate::files;
use heartbeat::Heartbeat;
pub(in crate::run) use holder::Holder;
pub(in crate::run) use wait::{Wait, Waited};

const PREFIX: &str = ".lock-";

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(in crate::run) struct Lock {
    folder: PathBuf,
    generation: u64,
    /// Stopped before the lock is released.
    heartbeat: Option<Heartbeat>,
}

/// The result of trying to take a lock.
pub(in crate::run) enum LockOutcome {
    /// This process has it.
    Ours(Lock),
    /// Another process has it.
    Held(Holder),
}

impl Lock {
    /// Takes the lock of a directory, or returns its holder.
    pub(in crate::run) fn take(folder: &Path) -> Result<LockOutcome> {
        loop {
            let top = top(folder)?;
            if let Some((_, holder)) = &top
                && holder.is_alive()
            {
                return Ok(LockOutcome::Held(holder.clone()));
            }
            let generation = top.map_or(1, |(generation, _)| generation + 1);
            // Several processes may find it free at once: exactly one creates the file.
            match files::create_new(&path(folder, generation), &Holder::own().to_bytes()?) {
                Ok(true) => {}
                Ok(false) => continue,
                // The winner deletes half-written files, and this one was among them.
                Err(error) if is_not_found(&error) && files::exists(folder)? => continue,
                Err(error) => return Err(error),
            }
            // A process that was suspended since it looked may have created a number that is outdated by now.
            if top_generation(folder)? != Some(generation) {
                files::remove(&path(folder, generation))?;
                continue;
            }
            for older in generations(folder)?.into_iter().filter(|older| *older < generation) {
                files::remove(&path(folder, older))?;
            }
            let heartbeat = Some(Heartbeat::start(folder.to_path_buf(), generation));
            return Ok(LockOutcome::Ours(Self { folder: folder.to_path_buf(), generation, heartbeat }));
        }
    }

    /// An error if another process has taken over the lock: then this one must not write anything.
    pub(in crate::run) fn check(&self) -> Result<()> {
        match top(&self.folder)? {
            Some((generation, _)) if generation == self.generation => Ok(()),
            Some((_, holder)) => Err(TakenOver(holder.who()).into()),
            None => Err(TakenOver("a process that deleted its lock".into()).into()),
        }
    }

    /// Releases the lock of a directory that was moved to `folder`.
    pub(in crate::run) fn leave_in(mut self, folder: &Path) -> Result<()> {
        self.heartbeat = None;
        self.folder = folder.to_path_buf();
        files::remove(&path(folder, self.generation))
    }
}

impl Drop for Lock {
    /// The file stays, because the next holder counts on from its number. If it cannot be written, the end of this
    /// process releases the lock.
    fn drop(&mut self) {
        self.heartbeat = None;
        if self.check().is_ok()
            && let Ok(bytes) = Holder::own().released().to_bytes()
        {
            let _ = files::write_atomically(&path(&self.folder, self.generation), &bytes);
        }
    }
}

/// The current holder of a directory's lock, in words.
pub fn holder(folder: &Path) -> Result<Option<String>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    Ok(top(folder)?.map(|(_, holder)| holder).filter(Holder::is_alive).map(|holder| holder.who()))
}

/// Keeps other processes from writing into a directory while it lives.
#[derive(Debug)]
pub struct Hold(#[allow(dead_code)] Lock); // Only its drop matters.

/// Takes the lock of a directory; `None` if another process has it.
pub fn hold(folder: &Path) -> Result<Option<Hold>> {
    Ok(match Lock::take(folder)? {
        LockOutcome::Ours(lock) => Some(Hold(lock)),
        LockOutcome::Held(_) => None,
    })
}

/// Another process has taken over the lock; holds its name.
#[derive(Debug)]
pub(in crate::run) struct TakenOver(String);

impl std::fmt::Display for TakenOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stopping: the run was taken over by {}", self.0)
    }
}

impl std::error::Error for TakenOver {}

fn is_not_found(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Whether a file name is that of a lock.
pub(in crate::run) fn is_lock(name: &str) -> bool {
    number(name).is_some()
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

fn path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{generation}"))
}

fn generations(folder: &Path) -> Result<Vec<u64>> {
    let names = files::names(folder)?;
    Ok(names.iter().filter_map(|name| number(name)).collect())
}

fn top_generation(folder: &Path) -> Result<Option<u64>> {
    Ok(generations(folder)?.into_iter().max())
}

/// The largest number and who holds it.
fn top(folder: &Path) -> Result<Option<(u64, Holder)>> {
    loop {
        let Some(generation) = top_generation(folder)? else { return Ok(None) };
        match Holder::read(&path(folder, generation)) {
            Ok(Some(holder)) => return Ok(Some((generation, holder))),
            // A newer holder deleted it since it was listed: list again.
            Ok(None) => {}
            Err(error) => {
                return Err(UserError::new(format!("{error:#}")))
                    .context(format!("cannot read the lock of `{}`", folder.display()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn held(asked: LockOutcome) -> Holder {
        match asked {
            LockOutcome::Ours(_) => panic!("two processes hold one lock"),
            LockOutcome::Held(holder) => holder,
        }
    }

    fn ours(asked: LockOutcome) -> Lock {
        match asked {
            LockOutcome::Ours(lock) => lock,
            LockOutcome::Held(holder) => panic!("{} holds it", holder.who()),
        }
    }

    #[test]
    fn a_second_process_sees_the_holder() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let lock = ours(Lock::take(folder.path())?);
        let who = held(Lock::take(folder.path())?).who();
        assert!(who.starts_with(&format!("process {} on ", std::process::id())) && who.contains(" since 2"), "{who}");
        lock.check()?;
        drop(lock);
        let lock = ours(Lock::take(folder.path())?);
        assert_eq!(lock.generation, 2);
        assert_eq!(generations(folder.path())?, [2]);
        Ok(())
    }

    #[test]
    fn stale_locks_are_taken_over() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let write =
            |holder: &Holder| std::fs::write(path(folder.path(), 7), holder.to_bytes()?).map_err(anyhow::Error::from);
        let mut child = std::process::Command::new("true").spawn()?;
        child.wait()?;
        for (holder, free) in [
            (Holder::own().of_process(child.id()), true),
            (Holder::own(), false),
            (Holder::own().of_host("elsewhere"), false),
            (Holder::own().of_host("elsewhere").seen_before(Duration::from_secs(299)), false),
            (Holder::own().of_host("elsewhere").seen_before(Duration::from_secs(301)), true),
            // Of another boot, but seen since this machine booted, or of another machine, and of an unknown boot.
            (Holder::own().of_boot("earlier"), false),
            (Holder::own().of_boot("earlier").of_host("elsewhere"), false),
            (Holder::own().of_boot("earlier").of_installation("another"), false),
            (Holder::own().of_boot(""), false),
            // A clock ahead of ours.
            (Holder::own().of_host("elsewhere").seen_ahead(Duration::from_secs(3600)), false),
        ] {
            write(&holder)?;
            assert_eq!(matches!(Lock::take(folder.path())?, LockOutcome::Ours(_)), free, "{holder:?}");
            for generation in generations(folder.path())? {
                files::remove(&path(folder.path(), generation))?;
            }
        }
        Ok(())
    }

    #[test]
    fn a_holder_detects_a_takeover() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let lock = ours(Lock::take(folder.path())?);
        std::fs::write(path(folder.path(), 2), Holder::own().of_host("elsewhere").to_bytes()?)?;
        let error = lock.check().expect_err("another has it");
        assert!(error.to_string().contains(" on elsewhere since"), "{error}");
        assert!(error.downcast_ref::<TakenOver>().is_some());
        drop(lock);
        assert_eq!(
            held(Lock::take(folder.path())?).who().split(" on ").nth(1).map(|rest| &rest[..9]),
            Some("elsewhere")
        );
        Ok(())
    }

    #[test]
    fn one_of_many_threads_gets_the_lock() -> Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::write(path(folder.path(), 1), Holder::own().released().to_bytes()?)?;
        let locks: Vec<LockOutcome> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Lock::take(folder.path()))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Result<_>>()
        })?;
        assert_eq!(locks.iter().filter(|asked| matches!(asked, LockOutcome::Ours(_))).count(), 1);
        Ok(())
    }

    #[test]
    fn the_holder_can_clean_up_while_others_ask() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for _ in 0..50 {
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| match Lock::take(folder.path())? {
                            LockOutcome::Ours(_lock) => files::remove_unfinished(folder.path()),
                            LockOutcome::Held(_) => Ok(()),
                        })
                    })
                    .collect();
                threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
            })?;
        }
        Ok(())
    }

    #[test]
    fn an_invalid_lock_file_is_an_error() -> Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(path(folder.path(), 1))?;
        assert!(Lock::take(folder.path()).is_err());
        Ok(())
    }
}
