//! The state of the git working tree that a run was started in.

use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// In bytes. Of a longer diff only the length is recorded.
const LONGEST: usize = 1 << 20;

/// A commit, and the diff to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Git {
    commit: String,
    /// Diff of tracked files, in `git apply` format; empty if nothing differs.
    diff: String,
    /// Length of a diff that is too long to record.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    diff_bytes: Option<usize>,
}

/// The working tree of the current folder; `None` without git or outside of a working tree.
pub fn here() -> Option<Git> {
    let commit = git(&["rev-parse", "HEAD"])?.trim().to_owned();
    let diff = git(&["diff", "HEAD", "--no-ext-diff", "--no-textconv", "--no-color"])?;
    let too_long = diff.len() > LONGEST;
    let diff_bytes = too_long.then_some(diff.len());
    Some(Git { commit, diff: if too_long { String::new() } else { diff }, diff_bytes })
}

fn git(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.args(arguments).env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
