//! `freezewise status`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::error::Exit;
use crate::output::{self, Table};
use crate::run::Stop;
use crate::sweep::slurm::{self, SlurmJob};
use crate::sweep::{self, FolderStatus, RunState, RunStatus};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A run, the folder of a sweep, or the folder of all runs
    #[arg(value_name = "DIR", default_value = "runs")]
    folder: PathBuf,

    /// List finished runs too
    #[arg(long)]
    all: bool,

    /// Print again every 5 seconds until Ctrl-C
    #[arg(long, conflicts_with = "json")]
    watch: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Time between two prints of `--watch`.
const INTERVAL: Duration = Duration::from_secs(5);

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let stop = Stop::listen(None)?;
    loop {
        let status = sweep::status(&arguments.folder)?;
        if arguments.json {
            output::data(&serde_json::to_string_pretty(&status)?)?;
        } else {
            output::data(&shown(&status, arguments.all, &slurm::queue()))?;
        }
        if !arguments.watch {
            return Ok(Exit::Complete);
        }
        for _ in 0..INTERVAL.as_millis() / 100 {
            if stop.reason().is_some() {
                return Ok(Exit::Complete);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        output::data("")?;
    }
}

/// A line of counts, and a row per run: all of them, or those that are not done.
fn shown(status: &FolderStatus, all: bool, queue: &[SlurmJob]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for run in &status.runs {
        *counts.entry(run.state.name()).or_default() += 1;
    }
    let order = ["done", "running", "stopped", "stale", "waiting", "diverged", "failed"];
    let parts = order
        .iter()
        .filter_map(|name| counts.get(name).map(|count| format!("{} {name}", text::grouped(*count as u64))));
    let outside = status.runs.iter().filter(|run| run.outside).count();
    let outside = if outside > 0 { format!("; {outside} outside the grid") } else { String::new() };
    let line = format!(
        "{}: {}{outside}",
        text::counted(status.runs.len(), "run", "runs"),
        parts.collect::<Vec<_>>().join(", ")
    );
    let mut table = Table::new(&["run<", "state<", "epoch", "time", "detail<"]);
    let mut rows = 0;
    for run in status.runs.iter().filter(|run| all || run.state != RunState::Done) {
        rows += 1;
        table.row(row(run));
    }
    let table = if rows > 0 { format!("\n{table}") } else { String::new() };
    let jobs = queue.iter().map(|job| format!("\njob {} {}: {} {}", job.id, job.name, job.state, job.reason));
    format!("{line}{table}{}", jobs.collect::<String>())
}

fn row(run: &RunStatus) -> [String; 5] {
    let [done, of] = run.epochs.map_or([String::new(), String::new()], |epochs| epochs.map(|epoch| epoch.to_string()));
    let epoch = if of.is_empty() { String::new() } else { format!("{done}/{of}") };
    let time = run.seconds.map(text::duration).unwrap_or_default();
    let outside = if run.outside { " (outside the grid)" } else { "" };
    let detail = run.blocked.as_deref().unwrap_or_else(|| run.state.detail());
    [format!("{}{outside}", run.name), run.state.name().to_owned(), epoch, time, text::shortened(detail)]
}
