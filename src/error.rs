//! Errors for the user, and the exit codes of commands.
//!
//! Errors travel as `anyhow::Error`; a `UserError` in the chain adds hints or an exit code.

use std::fmt;

/// Exit codes. Scripts and schedulers rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything requested is complete, or already was.
    Complete = 0,
    /// A failure.
    Failed = 1,
    /// Wrong arguments or a wrong spec.
    Usage = 2,
    /// A sweep finished, but some cells failed.
    CellsFailed = 3,
    /// Not finished; the same command resumes it. It was stopped early, or another process holds the run.
    Stopped = 75,
}

/// What the line of an error begins with on stderr. A sweep finds its cells' errors by it.
pub const ERROR: &str = "error: ";

/// An error with hints: a message, and one line each for what to do about it.
#[derive(Debug)]
pub struct UserError {
    message: String,
    hints: Vec<String>,
    exit: Exit,
}

impl UserError {
    /// A failure (exit code 1). `message` names the thing, the place and the cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new(), exit: Exit::Failed }
    }

    /// Wrong arguments or a wrong spec (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// Unfinished work that the same command resumes (exit code 75).
    pub fn stopped(message: impl Into<String>) -> Self {
        Self { exit: Exit::Stopped, ..Self::new(message) }
    }

    /// The exit code for an error: that of the first `UserError` in its chain, else `Failed`.
    pub fn exit_of(error: &anyhow::Error) -> Exit {
        error.chain().find_map(|cause| cause.downcast_ref::<Self>()).map_or(Exit::Failed, Self::exit)
    }

    /// Adds a hint, printed on a line of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the hints of a cause.
    #[must_use]
    pub fn hints_of(mut self, hints: &[String]) -> Self {
        self.hints.extend_from_slice(hints);
        self
    }

    /// The exit code of the command.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The hints, one per line of output.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl From<String> for UserError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UserError {}
