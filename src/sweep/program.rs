//! The program that cells run: this executable, as it was when the sweep started.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;

use anyhow::{Context, Result};

/// This executable, held open: replacing its file with a new build does not affect a running sweep.
#[derive(Debug)]
pub struct Program(File);

impl Program {
    /// Opens the executable of this process.
    pub fn own() -> Result<Self> {
        File::open("/proc/self/exe").map(Self).context("cannot open this program's file")
    }

    /// A command that runs it.
    pub fn command(&self) -> Command {
        // The child resolves the path before close-on-exec descriptors are closed.
        Command::new(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_still_runs_after_its_file_is_replaced() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("echo");
        // Copied by another process: a test that forks meanwhile would inherit the file open for writing, and it could not run.
        assert!(Command::new("cp").arg("/bin/echo").arg(&path).status()?.success());
        let program = Program(File::open(&path)?);
        std::fs::remove_file(&path)?;
        std::fs::write(&path, "not a program")?;
        let output = program.command().arg("one").output()?;
        assert_eq!(output.stdout, b"one\n");
        Ok(())
    }
}
