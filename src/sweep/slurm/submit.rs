//! Submits arrays with `sbatch`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::script::Array;
use crate::error::UserError;

/// Submits a script for some arrays and returns their job ids. They start after the jobs `after` have ended, successfully
/// or not: a cell trains a missing source itself.
pub fn submit(
    script: &Path,
    what: &str,
    arrays: &[Array],
    throttle: Option<usize>,
    after: &[String],
) -> Result<Vec<String>> {
    arrays.iter().map(|array| sbatch(script, what, *array, throttle, after)).collect()
}

fn sbatch(script: &Path, what: &str, array: Array, throttle: Option<usize>, after: &[String]) -> Result<String> {
    let most = throttle.map(|most| format!("%{most}")).unwrap_or_default();
    let mut command = Command::new("sbatch");
    command.arg("--parsable").arg(format!("--array=0-{}{most}", array.tasks - 1));
    command.arg(format!("--export=ALL,FREEZEWISE_WHAT={what},FREEZEWISE_FIRST={}", array.first));
    if !after.is_empty() {
        command.arg(format!("--dependency=afterany:{}", after.join(":")));
    }
    let output = command.arg(script).output().context("cannot run `sbatch`: is Slurm installed here?")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(UserError::new(format!("`sbatch` refused the job: {}", reason.trim())).into());
    }
    // `--parsable` prints the job id, followed by `;cluster` on a federation.
    let number = text.trim().split(';').next().unwrap_or_default();
    if number.is_empty() || !number.chars().all(|letter| letter.is_ascii_digit()) {
        return Err(UserError::new(format!("expected a job id from `sbatch`, found `{}`", text.trim())).into());
    }
    Ok(number.to_owned())
}
