//! Waiting for a lock that another process holds.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Holder, Lock, LockOutcome};
use crate::files;
use crate::run::recovery::stop::Stop;

/// How often a waiting process checks; the holder's work takes minutes or more.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What to wait for, and how long.
pub(in crate::run) struct Wait<'a> {
    pub(in crate::run) folder: &'a Path,
    /// Ends the wait early, with an error.
    pub(in crate::run) stop: &'a Stop,
    /// The longest wait; `None` is no limit.
    pub(in crate::run) most: Option<Duration>,
}

/// How a wait ended.
pub(in crate::run) enum Waited<T> {
    /// This process has the lock.
    Ours(Lock),
    /// Another process did the work.
    Done(T),
    /// Another process still holds the lock.
    Held(Holder),
}

impl Wait<'_> {
    /// Waits for the lock, or until `done` returns the result: many processes that wait for one result must not take the
    /// lock in turn to read it. `say` is called once per holder.
    pub(in crate::run) fn wait<T>(
        &self,
        mut done: impl FnMut() -> Result<Option<T>>,
        mut say: impl FnMut(&Holder) -> Result<()>,
    ) -> Result<Waited<T>> {
        let began = Instant::now();
        let mut announced = None;
        loop {
            let holder = match Lock::take(self.folder) {
                Ok(LockOutcome::Ours(lock)) => return Ok(Waited::Ours(lock)),
                Ok(LockOutcome::Held(holder)) => holder,
                // The holder moved the folder aside: any process may create it again.
                Err(_) if !files::exists(self.folder)? => {
                    files::create_folder(self.folder)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let Some(done) = done()? {
                return Ok(Waited::Done(done));
            }
            let left = self.most.map_or(LOOK_AGAIN, |most| most.saturating_sub(began.elapsed()));
            if left.is_zero() {
                return Ok(Waited::Held(holder));
            }
            if announced.as_ref() != Some(&holder.who()) {
                say(&holder)?;
                announced = Some(holder.who());
            }
            self.stop.check()?;
            std::thread::sleep(LOOK_AGAIN.min(left));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(folder: &Path, most: Duration) -> Wait<'_> {
        static NEVER: std::sync::LazyLock<Stop> = std::sync::LazyLock::new(Stop::never);
        Wait { folder, stop: &NEVER, most: Some(most) }
    }

    #[test]
    fn a_wait_ends_with_the_lock_its_time_limit_or_its_result() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let LockOutcome::Ours(lock) = Lock::take(folder.path())? else { panic!("it is free") };
        let mut said = 0;
        let most = Duration::from_millis(1);
        let held = wait(folder.path(), most).wait(
            || Ok(None::<()>),
            |_| {
                said += 1;
                Ok(())
            },
        )?;
        assert!(matches!(held, Waited::Held(_)) && said <= 1);
        assert!(matches!(wait(folder.path(), most).wait(|| Ok(Some(7)), |_| Ok(()))?, Waited::Done(7)));
        let free = std::cell::Cell::new(Some(lock));
        let ours = wait(folder.path(), Duration::from_secs(600)).wait(
            || Ok(None::<()>),
            |_| {
                drop(free.take());
                Ok(())
            },
        )?;
        assert!(matches!(ours, Waited::Ours(_)));
        Ok(())
    }

    #[test]
    fn a_folder_that_was_moved_is_created_again() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let gone = folder.path().join("run");
        let waited = wait(&gone, Duration::ZERO).wait(|| Ok(None::<()>), |_| Ok(()))?;
        assert!(matches!(waited, Waited::Ours(_)) && gone.is_dir());
        Ok(())
    }
}
