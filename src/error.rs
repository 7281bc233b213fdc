//! What a command says when it cannot do what was asked, and the exit code that goes with it.
//!
//! Errors travel as `anyhow::Error`; one of these types at the bottom of the chain adds advice or an exit code.

use std::fmt;

/// The exit codes that scripts and schedulers rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All that was asked is complete, also where it already was.
    Complete = 0,
    /// Something failed.
    Failed = 1,
    /// The arguments or the spec are wrong.
    Usage = 2,
    /// A sweep ended with failed cells.
    CellsFailed = 3,
    /// It is not finished, and the same command goes on: it was stopped early, or another process holds the run.
    Stopped = 75,
}

/// An error with advice: what happened, and on lines of their own what to do.
#[derive(Debug)]
pub struct UserError {
    message: String,
    hints: Vec<String>,
    exit: Exit,
}

impl UserError {
    /// A failure; `message` names the thing, the place and the cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new(), exit: Exit::Failed }
    }

    /// The same for arguments that cannot be right.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// The same for work that is not finished and that the same command goes on with.
    pub fn stopped(message: impl Into<String>) -> Self {
        Self { exit: Exit::Stopped, ..Self::new(message) }
    }

    /// The exit code that an error ends a command with.
    pub fn exit_of(error: &anyhow::Error) -> Exit {
        error.chain().find_map(|cause| cause.downcast_ref::<Self>()).map_or(Exit::Failed, Self::exit)
    }

    /// Adds a line of advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the advice of a cause.
    #[must_use]
    pub fn hints_of(mut self, hints: &[String]) -> Self {
        self.hints.extend_from_slice(hints);
        self
    }

    /// The exit code that the command ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The lines of advice.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UserError {}
