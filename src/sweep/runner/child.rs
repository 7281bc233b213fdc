//! A child process that trains one source or one cell, in its own process group.

use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

use super::log::Log;

/// How long a child may take to write its checkpoint after a request to stop.
const GRACE: Duration = Duration::from_secs(60);

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    process: process::Child,
    log: Log,
    started: Instant,
    limit: Option<Duration>,
    /// When and why it was asked to stop.
    asked: Option<(Instant, Reason)>,
}

/// Why a child was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The sweep is stopping.
    Sweep,
    /// The cell's time limit was reached.
    TimeLimit,
}

/// How a child ended.
#[derive(Debug)]
pub(super) struct ChildExit {
    /// Its exit code, or the signal that killed it.
    pub(super) status: ExitCause,
    /// The last lines of its output.
    pub(super) tail: Vec<String>,
    pub(super) asked: Option<Reason>,
    pub(super) elapsed: Duration,
}

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExitCause {
    Code(i32),
    Signal(i32),
}

impl Child {
    /// Starts a command; its output goes to a file, and the end of its output is sent to `ended`.
    pub(super) fn start(command: &mut Command, log: &Path, limit: Option<Duration>, ended: Sender<()>) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        let (reader, writer) = std::io::pipe().context("cannot create a pipe")?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
        let process = command.spawn().context("cannot start a process for a cell")?;
        // Close the command's write ends of the pipe, so that the log ends when the child closes its own.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { process, log: Log::of(reader, log, ended)?, started: Instant::now(), limit, asked: None })
    }

    /// Asks it to stop with a checkpoint.
    pub(super) fn stop(&mut self, reason: Reason) {
        if self.asked.is_none() {
            self.asked = Some((Instant::now(), reason));
            self.signal(Signal::TERM);
        }
    }

    /// Kills it.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // The id stays valid until the child was waited for; an error means that the group is gone.
        if let Some(group) = Pid::from_raw(self.process.id() as i32) {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Its exit status, if it has ended. Stops a child that is over its time limit, and kills one that does not stop.
    pub(super) fn poll(&mut self) -> Result<Option<ExitCause>> {
        if let Some(status) = self.process.try_wait().context("cannot wait for a cell's process")? {
            use std::os::unix::process::ExitStatusExt;
            return Ok(Some(status.code().map_or(ExitCause::Signal(status.signal().unwrap_or(0)), ExitCause::Code)));
        }
        if self.limit.is_some_and(|limit| self.started.elapsed() > limit) {
            self.stop(Reason::TimeLimit);
        }
        if self.asked.is_some_and(|(when, _)| when.elapsed() > GRACE) {
            self.kill();
        }
        Ok(None)
    }

    /// Collects the result of a child that has ended, and kills whatever it left running in its group.
    pub(super) fn end(self, status: ExitCause) -> ChildExit {
        self.kill();
        let (asked, elapsed) = (self.asked.map(|(_, reason)| reason), self.started.elapsed());
        ChildExit { status, tail: self.log.end(), asked, elapsed }
    }
}
