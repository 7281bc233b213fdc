//! `freezewise probe`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::options::{DataRoot, Overrides, RunsRoot};
use crate::error::{Exit, UserError};
use crate::output::{self, Progress, Table};
use crate::run::{self, Beginning, Places, ProbedEpochs, Probes, Request, Stop};
use crate::rundir::{ProbeRow, Record, RunDirectory};
use crate::spec::Spec;
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A spec, or a run directory
    #[arg(value_name = "SPEC|RUN")]
    of: PathBuf,

    #[command(flatten)]
    overrides: Overrides,

    #[command(flatten)]
    runs: RunsRoot,

    #[command(flatten)]
    data: DataRoot,

    /// Epochs of the target to probe: `all` that `checkpoint.keep` kept and the last one, `none`, or a list such as
    /// `10,50`
    #[arg(long, value_name = "EPOCHS", default_value = "all")]
    epochs: ProbedEpochs,

    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,

    /// Print no progress, only the result and errors
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let (spec, directory, out) = found(arguments)?;
    let request = Request {
        places: Places { out: &out, data: &arguments.data.data },
        beginning: Beginning::Resume,
        wait: Duration::ZERO,
        fixed: None,
        tensorboard: false,
        stop: &Stop::listen(None)?,
    };
    let probed = run::probe(&spec, &directory, &arguments.epochs, &request, &mut Progress::new(arguments.quiet))?;
    let probes = &probed.probes;
    let data = if arguments.json { serde_json::to_string_pretty(probes)? } else { shown(probes) };
    output::data(&data)?;
    if !arguments.quiet {
        output::talk(&format!("written to {}", probed.directory.probes().display()));
    }
    Ok(Exit::Complete)
}

/// The spec, the directory of its run, and the folder of all runs.
fn found(arguments: &Arguments) -> Result<(Spec, RunDirectory, PathBuf)> {
    let (of, overrides, surveyor) = (&arguments.of, &arguments.overrides.set, arguments.data.surveyor());
    if !of.is_dir() {
        let spec = Spec::load(of, overrides, &surveyor)?;
        let out = arguments.runs.out.clone();
        let directory = RunDirectory::of_run(&out, &spec.experiment.name, &spec.run_folder());
        return Ok((spec, directory, out));
    }
    // Absolute first: the parent of a relative path with `..` would be the wrong folder.
    let whole = of.canonicalize().with_context(|| format!("cannot find `{}`", of.display()))?;
    let directory = RunDirectory::at(&whole);
    if !directory.spec().is_file() {
        let message = format!("`{}` is not a run directory: it has no `spec.toml`", of.display());
        return Err(UserError::usage(message)
            .hint("give a directory that `freezewise run` prints, or a .toml or .json spec")
            .into());
    }
    let spec = Spec::load(&directory.spec(), overrides, &surveyor)?;
    let recorded = Record::read(&directory)?.map(|record| record.hash);
    if recorded.as_ref().is_some_and(|hash| *hash != spec.run_hash()) {
        let message = format!("the spec in `{}` now describes another run", of.display());
        return Err(UserError::usage(message)
            .hint("with a run directory, `--set` may only change keys that do not change the run, such as `device`")
            .hint("relative paths in the spec are resolved from the current folder")
            .into());
    }
    let out = whole.parent().and_then(Path::parent).unwrap_or(Path::new("/")).to_path_buf();
    Ok((spec, directory, out))
}

fn shown(probes: &Probes) -> String {
    let neighbours = format!("{} nearest", probes.neighbours);
    let mut table = Table::new(&[
        "network<",
        "k",
        "layer<",
        "features",
        "linear",
        "(train)",
        "penalty",
        "no penalty",
        "(train)",
        &neighbours,
    ]);
    let percent = |error: f64| format!("{:.2}%", error * 100.0);
    for row in &probes.rows {
        table.row([
            network(row),
            row.layer.to_string(),
            row.layer_name.clone(),
            text::grouped(row.features as u64),
            percent(row.linear_error),
            percent(row.linear_train_error),
            format!("{:.1e}", row.penalty),
            percent(row.unpenalised_error),
            percent(row.unpenalised_train_error),
            percent(row.knn_error),
        ]);
    }
    let counts = [probes.test_examples, probes.train_examples].map(|count| text::grouped(count as u64));
    let [test, train] = counts;
    format!(
        "{table}\n\nerrors on {test} test images, `(train)` on the {train} training images that heads are fitted on"
    )
}

fn network(row: &ProbeRow) -> String {
    row.epoch.map_or_else(|| row.network.clone(), |epoch| format!("{} epoch {epoch}", row.network))
}
