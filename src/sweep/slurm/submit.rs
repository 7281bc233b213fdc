//! Submitting: one `sbatch` an array, sources before cells.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::script::Array;
use crate::error::UserError;

/// Submits a script for some arrays and returns their job numbers. They start when the jobs `after` have ended, however
/// they did: a cell trains a source that is missing itself.
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
    let output = command.arg(script).output().context("cannot start `sbatch`: is this a Slurm machine?")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(UserError::new(format!("sbatch refused the job: {}", reason.trim())).into());
    }
    // `--parsable` prints the number, and on a federation `;cluster` behind it.
    let number = text.trim().split(';').next().unwrap_or_default();
    if number.is_empty() || !number.chars().all(|letter| letter.is_ascii_digit()) {
        return Err(UserError::new(format!("sbatch answered `{}`, expected a job number", text.trim())).into());
    }
    Ok(number.to_owned())
}
