//! `freezewise run`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::options::{DataRoot, Process, RunsRoot, SpecArguments};
use super::plot::{Against, curves_of_run, error_panel};
use crate::error::Exit;
use crate::output::{self, Progress, Table};
use crate::run::{self, Beginning, Finished, Places, Request, Stop};
use crate::rundir::{self, Summary};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    runs: RunsRoot,

    #[command(flatten)]
    data: DataRoot,

    /// Start over; what is there already is moved aside, not deleted
    #[arg(long)]
    fresh: bool,

    /// Stop after so long, such as `90m` or `7h 30m`, with a checkpoint and exit code 75; run again to go on
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_time: Option<Duration>,

    #[command(flatten)]
    process: Process,

    /// Write event files for TensorBoard into `tensorboard/` of the run and of a source that it trains
    #[arg(long)]
    tensorboard: bool,

    /// Print the summary as JSON instead of the run's directory
    #[arg(long)]
    json: bool,

    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    arguments.process.follow_parent()?;
    let spec = arguments.spec.load(&arguments.data)?;
    let request = Request {
        places: Places { out: &arguments.runs.out, data: &arguments.data.data },
        beginning: if arguments.fresh { Beginning::Fresh } else { Beginning::Resume },
        wait: arguments.process.wait(),
        fixed: arguments.process.fixed,
        tensorboard: arguments.tensorboard,
        stop: &Stop::listen(arguments.max_time)?,
    };
    let finished = run::run(&spec, &request, &mut Progress::new(arguments.quiet))?;
    if !arguments.quiet {
        if finished.already {
            output::talk(&format!("finished already, after {} epochs; nothing to do", finished.summary.epochs));
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

/// The curve and the table at the end of a run.
fn shown(finished: &Finished) -> String {
    let branches = rundir::read(&finished.directory.branches()).unwrap_or_default();
    let curves = curves_of_run(&finished.rows, &branches, Against::Epochs);
    let curve = output::drawn(&error_panel("error", curves, Against::Epochs));
    format!("\n{curve}\n\n{}\n", table(&finished.summary))
}

fn table(summary: &Summary) -> Table {
    let percent =
        |error: Option<f64>| error.map_or_else(|| "unknown".to_owned(), |error| format!("{:.2}%", error * 100.0));
    let mut table = Table::new(&["measure<", "value", "at<"]);
    let epochs = format!("epoch {}", summary.epochs);
    table.row(["train error", &percent(summary.last_train_error), &epochs]);
    table.row(["test error", &percent(summary.last_test_error), "mean of the last five epochs"]);
    if let (Some(error), Some(epoch)) = (summary.validation_selected_test_error, summary.validation_selected_epoch) {
        let at = format!("epoch {epoch}, where the validation error is least");
        table.row(["test error, chosen", &percent(Some(error)), &at]);
    }
    let least = match summary.oracle_min_epoch {
        Some(epoch) => format!("epoch {epoch} (an oracle: only the test set tells)"),
        None => String::new(),
    };
    table.row(["least test error", &percent(summary.oracle_min_test_error), &least]);
    let interpolation = match summary.interpolation_epoch {
        Some(epoch) => format!("from epoch {epoch} on"),
        None => "not reached".to_owned(),
    };
    table.row(["train error within 1%", "", &interpolation]);
    if let (Some(count), Some(ratio)) = (summary.trainable_parameters, summary.parameters_per_example_and_class) {
        table.row(["trainable parameters", &crate::text::grouped(count), &format!("{ratio:.2} of n·C")]);
    }
    table
}
