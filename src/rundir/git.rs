//! The state of the working tree that a run was started in, where there is one.

use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// A longer difference is told by its length alone.
const LONGEST: usize = 1 << 20;

/// A commit and what differs from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Git {
    commit: String,
    /// Of tracked files, as `git apply` takes it; empty where nothing differs.
    diff: String,
    /// Where it was too long to be kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    diff_bytes: Option<usize>,
}

/// The working tree of the current folder. Without git, or outside of a working tree, there is none.
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
