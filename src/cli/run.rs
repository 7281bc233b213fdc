//! `freezewise run`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::options::{DataRoot, Gone, Loaded, ProcessOptions, RunsRoot, SpecArguments};
use super::plot::{Against, curves_of_run, error_panel};
use crate::error::Exit;
use crate::output::{self, Progress, Table};
use crate::run::{self, Beginning, EventSink, Finished, Places, Request, RunEvent, Stop};
use crate::rundir::{self, Summary};
use crate::spec::Spec;

const EXAMPLES: &str = "\
Examples:
  freezewise run spec.toml
  freezewise run spec.toml --set transfer.frozen_layers=all --set seed=1
  freezewise run spec.toml --max-time 90m    Exits with 75 if unfinished; run again to resume";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
// Each is a flag of its own on the command line.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    runs: RunsRoot,

    #[command(flatten)]
    data: DataRoot,

    /// Start over; the existing run moves to `.old/` beside it
    #[arg(long)]
    fresh: bool,

    /// Stop after this long, such as `90m` or `7h 30m`: save a checkpoint and exit with 75; run again to resume
    /// [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_time: Option<Duration>,

    #[command(flatten)]
    process: ProcessOptions,

    /// Write TensorBoard event files to `tensorboard/` in the directory of the run, and of its source if it trains one
    #[arg(long)]
    tensorboard: bool,

    /// Print the summary as JSON instead of the run directory
    #[arg(long)]
    json: bool,

    /// Print no progress, only the result and errors
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    arguments.process.follow_sweep()?;
    let stop = Stop::listen(arguments.max_time)?;
    let request = Request {
        places: Places { out: &arguments.runs.out, data: &arguments.data.data },
        beginning: if arguments.fresh { Beginning::Fresh } else { Beginning::Resume },
        wait: arguments.process.wait(),
        fixed: arguments.process.fixed,
        tensorboard: arguments.tensorboard,
        stop: &stop,
    };
    let Loaded { value: spec, survey, gone } = arguments.spec.load_until(request.places, &stop, arguments.quiet)?;
    let mut progress = Progress::new(arguments.quiet);
    let finished = if let Some(gone) = gone {
        without_data(&spec, &request, gone, &mut progress)?
    } else {
        // A finished run may be in a read-only archive; it is still found as long as its data are there.
        let done = match request.beginning {
            Beginning::Resume => run::finished(&spec, &request, &mut progress)?.is_some(),
            Beginning::Fresh => false,
        };
        survey.inner().keep().map_err(run::advised).or_else(|error| if done { Ok(()) } else { Err(error) })?;
        run::run(&spec, &request, &mut progress)?
    };
    if !arguments.quiet {
        if finished.already {
            output::talk(&format!("already finished: {} epochs; nothing to do", finished.summary.epochs));
        }
        output::talk(&shown(&finished));
    }
    let data = if arguments.json {
        serde_json::to_string_pretty(&finished.summary)?
    } else {
        finished.directory.path().display().to_string()
    };
    output::data(&data)?;
    Ok(Exit::Complete)
}

/// The run whose data are gone, if it is finished.
fn without_data(spec: &Spec, request: &Request<'_>, gone: Gone, progress: &mut Progress) -> Result<Finished> {
    if request.beginning == Beginning::Fresh {
        return Err(gone.error);
    }
    let Some(finished) = run::finished(spec, request, progress)? else { return Err(gone.error) };
    progress.on_event(&RunEvent::Note(&gone.sentence()));
    Ok(finished)
}

/// The plot and the table at the end of a run.
fn shown(finished: &Finished) -> String {
    let branches = rundir::read(&finished.directory.branches()).unwrap_or_default();
    let curves = curves_of_run(&finished.rows, &branches, Against::Epochs);
    let curve = output::drawn(&error_panel("error", curves, Against::Epochs));
    format!("\n{curve}\n\n{}\n", table(&finished.summary))
}

fn table(summary: &Summary) -> Table {
    let percent =
        |error: Option<f64>| error.map_or_else(|| "not measured".to_owned(), |error| format!("{:.2}%", error * 100.0));
    let mut table = Table::new(&["measure<", "value", "at<"]);
    let epochs = format!("epoch {}", summary.epochs);
    table.row(["train error", &percent(summary.last_train_error), &epochs]);
    table.row(["test error", &percent(summary.last_test_error), "mean of the last five epochs"]);
    if let (Some(error), Some(epoch)) = (summary.validation_selected_test_error, summary.validation_selected_epoch) {
        let at = format!("epoch {epoch}, the lowest validation error");
        table.row(["test error, selected", &percent(Some(error)), &at]);
    }
    let least = match summary.oracle_min_epoch {
        Some(epoch) => format!("epoch {epoch} (oracle: selected on the test set)"),
        None => String::new(),
    };
    table.row(["lowest test error", &percent(summary.oracle_min_test_error), &least]);
    let interpolation = match summary.interpolation_epoch {
        Some(epoch) => format!("from epoch {epoch} on"),
        None => "not reached".to_owned(),
    };
    table.row(["train error at most 1%", "", &interpolation]);
    if let (Some(count), Some(ratio)) = (summary.trainable_parameters, summary.parameters_per_example_and_class) {
        table.row(["trainable parameters", &crate::text::grouped(count), &format!("{ratio:.2} per n·C")]);
    }
    table
}
