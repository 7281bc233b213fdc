//! Downloads files of published data sets, completely or not at all.
//!
//! Data goes to `<file>.part`, which a later attempt resumes. The file gets its final name once its checksum matches
//! the published one. Only one process at a time downloads a file.

mod checksum;
mod request;
#[cfg(test)]
mod tests;
mod unpack;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

pub use checksum::{Verdict, compare};
pub use unpack::unpack;

use crate::catalogue::Checksum;
use crate::error::UserError;
use crate::files;
use crate::text;
use request::RequestFailure;

/// A file to download.
#[derive(Clone, Debug)]
pub struct FetchRequest<'a> {
    /// URLs, in order of preference.
    pub urls: Vec<String>,
    /// Size in bytes, if known.
    pub bytes: Option<u64>,
    /// Expected checksum.
    pub checksum: Checksum,
    /// Source of the checksum.
    pub origin: &'a str,
}

/// The result of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// The complete file was already there.
    Already,
    /// It was downloaded; its size in bytes.
    Fetched(u64),
}

/// Timeouts and retries.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Consecutive attempts without progress.
    pub attempts: u32,
    /// Pause before a retry; it grows with each one.
    pub pause: Duration,
    /// Timeout for a response, and for more data.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 4, pause: Duration::from_secs(1), silence: Duration::from_secs(60) }
    }
}

/// Called with the bytes present and the total, if known.
pub type FetchWatch<'a> = &'a mut dyn FnMut(u64, Option<u64>);

/// Downloads a file, or finds it already there.
pub fn fetch(
    wanted: &FetchRequest<'_>,
    target: &Path,
    patience: Patience,
    watch: FetchWatch<'_>,
) -> Result<FetchOutcome> {
    if is_there(wanted, target)? {
        return Ok(FetchOutcome::Already);
    }
    if let Some(folder) = target.parent() {
        files::create_folder(folder)?;
    }
    let part = part_of(target);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&part);
    let file = file.as_mut().map_err(|error| UserError::new(format!("cannot write `{}`: {error}", part.display())))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let message = format!("another process is fetching `{}`", target.display());
            return Err(UserError::new(message).hint("wait for it to finish; the file will then be there").into());
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock `{}`", part.display()));
        }
    }
    // Another process may have finished between the first look and the lock; its file is complete.
    if is_there(wanted, target)? {
        return Ok(FetchOutcome::Already);
    }
    let resumed = file.metadata()?.len() > 0;
    bring(wanted, file, target, patience, watch)?;
    let mut verdict = compare(&part, wanted.checksum)?;
    if resumed && verdict != Verdict::Same {
        // The part may be from another file.
        file.set_len(0)?;
        bring(wanted, file, target, patience, watch)?;
        verdict = compare(&part, wanted.checksum)?;
    }
    let bytes = file.metadata()?.len();
    if let Verdict::Other(found) = verdict {
        fs::remove_file(&part).with_context(|| format!("cannot remove `{}`", part.display()))?;
        let message = format!(
            "the download of `{}` is not the published file: {} is {found}, but {} has {}",
            target.display(),
            wanted.checksum.name(),
            wanted.origin,
            wanted.checksum.digits()
        );
        return Err(UserError::new(message)
            .hint("it was deleted; fetch it again, or download it from elsewhere and save it there")
            .into());
    }
    let keep = || {
        file.sync_all()?;
        fs::rename(&part, target)?;
        files::sync_folder(target)
    };
    keep().with_context(|| format!("cannot write `{}`", target.display()))?;
    Ok(FetchOutcome::Fetched(bytes))
}

/// Whether the complete file is there. Another file of that name is an error.
fn is_there(wanted: &FetchRequest<'_>, target: &Path) -> Result<bool> {
    if !target.exists() {
        return Ok(false);
    }
    match compare(target, wanted.checksum)? {
        Verdict::Same => Ok(true),
        Verdict::Other(found) => {
            let message = format!(
                "`{}` exists, but is not the published file: its {} is {found}, but {} has {}",
                target.display(),
                wanted.checksum.name(),
                wanted.origin,
                wanted.checksum.digits()
            );
            Err(UserError::new(message).hint("move it away, and fetch it again").into())
        }
    }
}

/// Downloads what is missing of the file, from the first URL that has it.
fn bring(
    wanted: &FetchRequest<'_>,
    file: &mut File,
    target: &Path,
    patience: Patience,
    watch: FetchWatch<'_>,
) -> Result<()> {
    let agent = request::agent(patience);
    let mut failures = Vec::new();
    for url in &wanted.urls {
        match from(&agent, url, wanted, file, patience, watch) {
            Ok(()) => return Ok(()),
            Err(RequestFailure::Ours(error)) => {
                return Err(error).with_context(|| format!("cannot write `{}`", part_of(target).display()));
            }
            Err(RequestFailure::Lasting(error) | RequestFailure::Passing(error)) => {
                failures.push(format!("`{url}`: {error}"));
            }
        }
    }
    let kept = file.metadata()?.len();
    let mut error = UserError::new(failures.join("; and "));
    if kept == 0 {
        let part = part_of(target);
        fs::remove_file(&part).with_context(|| format!("cannot remove `{}`", part.display()))?;
    } else {
        error = error.hint(format!("{} are saved; run the same command again to resume", text::bytes(kept)));
    }
    Err(error.hint(format!("or download it from elsewhere and save it as `{}`", target.display())).into())
}

/// Downloads from one URL, repeatedly as long as there is progress.
fn from(
    agent: &ureq::Agent,
    url: &str,
    wanted: &FetchRequest<'_>,
    file: &mut File,
    patience: Patience,
    watch: FetchWatch<'_>,
) -> Result<(), RequestFailure> {
    let mut most = file.metadata()?.len();
    let mut idle = 0;
    loop {
        let failure = match request::request(agent, url, wanted.bytes, file, watch) {
            Err(RequestFailure::Passing(failure)) => failure,
            result => return result,
        };
        let now = file.metadata()?.len();
        idle = if now > most { 0 } else { idle + 1 };
        most = most.max(now);
        if idle >= patience.attempts {
            return Err(RequestFailure::Passing(failure));
        }
        std::thread::sleep(patience.pause * idle);
    }
}

fn part_of(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}
