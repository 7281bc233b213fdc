//! A sweep as shell lines, one per cell, for GNU parallel, xargs, `HyperQueue`, disBatch or a shell loop.

use std::path::Path;

use super::plan::SweepPlan;
use crate::run::Fixed;
use crate::text;

/// What every line needs besides its cell.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The freezewise executable.
    pub program: &'a Path,
    /// The spec file.
    pub spec: &'a Path,
    /// Folder of all runs.
    pub out: &'a Path,
    /// Folder of the data sets.
    pub data: &'a Path,
    /// `--set` arguments of the whole sweep.
    pub overrides: &'a [String],
    /// Settings of every cell.
    pub fixed: Fixed,
    /// Whether to write event files for TensorBoard.
    pub tensorboard: bool,
}

/// One line per source, then one per chosen cell. A cell whose source is missing trains it or waits for it, so the lines
/// may run in any order.
pub fn lines(plan: &SweepPlan, chosen: &[usize], call: &Call<'_>) -> Vec<String> {
    let needed = |index: &usize| chosen.iter().any(|cell| plan.cells[*cell].source == Some(*index));
    let sources = (0..plan.sources.len()).filter(needed);
    let sources = sources.map(|index| line("source", &plan.cells[plan.sources[index].cell].overrides, plan, call));
    let cells = chosen.iter().map(|&cell| line("run", &plan.cells[cell].overrides, plan, call));
    sources.chain(cells).collect()
}

fn line(verb: &str, own: &[String], plan: &SweepPlan, call: &Call<'_>) -> String {
    let path = |path: &Path| path.display().to_string();
    let name = plan.folder.file_name().unwrap_or_default().to_string_lossy();
    let mut words = vec![path(call.program), verb.to_owned(), path(call.spec)];
    words.extend(["--out".to_owned(), path(call.out), "--data".to_owned(), path(call.data), "--quiet".to_owned()]);
    words.extend(call.tensorboard.then(|| "--tensorboard".to_owned()));
    words.extend(["--fixed".to_owned(), call.fixed.argument()]);
    let last = [format!("name={name}"), format!("threads={}", call.fixed.threads)];
    for set in call.overrides.iter().chain(own).chain(&last) {
        words.extend(["--set".to_owned(), set.clone()]);
    }
    words.iter().map(|word| text::quoted(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_survive_a_shell() -> std::io::Result<()> {
        for word in ["plain", "a b", "", "it's", "$HOME", "`id`", "a\\b", "x\"y", "new\nline", "[0, 1]", "é", "*", "~"]
        {
            let command = format!("printf %s {}", text::quoted(word));
            let output = std::process::Command::new("sh").arg("-c").arg(command).output()?;
            assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
        Ok(())
    }
}
