//! `freezewise plot`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::error::{Exit, UserError};
use crate::figure::{AxisRange, ChartAxis, Extent, Figure, Panel, Scale, Series, SeriesStyle, ValueFormat};
use crate::figure::{lay_out, pdf, png, settled, svg};
use crate::files;
use crate::output;
use crate::rundir::{self, BranchRow, Metrics, Record, RunDirectory, Status};

const EXAMPLES: &str = "\
Examples:
  freezewise plot runs/cifar/k4-n4000-s0-9c7c6cb5f6 --follow
  freezewise plot runs/cifar/k*-s0-* --out frozen.pdf";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Run directories. One run: all of its curves; several runs: the test error of each
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,

    /// Plot against steps instead of epochs
    #[arg(long)]
    steps: bool,

    /// Redraw every 3 seconds while the runs train
    #[arg(long, conflicts_with = "out")]
    follow: bool,

    /// Write the plot to a file, `.svg`, `.pdf` or `.png`, instead of the terminal
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Time between two drawings of `--follow`.
const AGAIN: Duration = Duration::from_secs(3);

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let panel = || panel(&arguments.runs, arguments.steps);
    if let Some(path) = &arguments.out {
        write(path, panel()?)?;
        output::data(&path.display().to_string())?;
        return Ok(Exit::Complete);
    }
    if !arguments.follow {
        output::drawing(&panel()?)?;
        return Ok(Exit::Complete);
    }
    output::check_redraws()?;
    loop {
        output::redraw(&panel()?)?;
        if !arguments.runs.iter().any(|run| is_training(run)) {
            return Ok(Exit::Complete);
        }
        std::thread::sleep(AGAIN);
    }
}

fn is_training(run: &Path) -> bool {
    let record = Record::read(&RunDirectory::at(run));
    record.is_ok_and(|record| record.is_some_and(|record| record.status == Status::Running))
}

/// Writes the plot to a file; the extension decides the format.
fn write(path: &Path, panel: Panel) -> Result<()> {
    let drawing = lay_out(&Figure::new("", Extent::two_columns(), vec![panel]));
    let bytes = match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => svg::write(&drawing.scene, "plot", svg::Placement::File).into_bytes(),
        Some("pdf") => pdf::write(&drawing.scene)?,
        Some("png") => png::write(&drawing.scene, png::DPI)?,
        _ => {
            let message = format!("expected a file that ends in `.svg`, `.pdf` or `.png`, found `{}`", path.display());
            return Err(UserError::usage(message).into());
        }
    };
    files::write_atomically(path, &bytes)
}

fn panel(runs: &[PathBuf], steps: bool) -> Result<Panel> {
    let read = |run: &PathBuf| -> Result<(RunDirectory, Vec<Metrics>)> {
        let directory = RunDirectory::at(run);
        if !directory.metrics().is_file() {
            let message = format!("there is no `metrics.csv` in `{}`", run.display());
            return Err(UserError::usage(message).hint("`RUN` is the directory that `freezewise run` prints").into());
        }
        let rows = rundir::read(&directory.metrics())?;
        Ok((directory, rows))
    };
    let runs = runs.iter().map(read).collect::<Result<Vec<_>>>()?;
    let curves = match runs.as_slice() {
        [(directory, rows)] => {
            let branches: Vec<BranchRow> = rundir::read(&directory.branches()).unwrap_or_default();
            curves_of_run(rows, &branches, steps)
        }
        runs => {
            let test = |(place, (directory, rows)): (usize, &(RunDirectory, Vec<Metrics>))| {
                Series::line(place, directory.name(), points(rows, steps, |row| row.test_error))
            };
            runs.iter().enumerate().map(test).collect()
        }
    };
    let title = if runs.len() == 1 { "error" } else { "test error" };
    Ok(error_panel(title, curves, steps))
}

/// The curves of one run: test and train error, the test error of averaged weights, and that of anneal branches.
pub(super) fn curves_of_run(rows: &[Metrics], branches: &[BranchRow], steps: bool) -> Vec<Series> {
    let at = |row: &BranchRow| if steps { row.step } else { row.epoch } as f64;
    let annealed = branches.iter().filter_map(|row| Some((at(row), row.anneal_test_error?))).collect();
    let curves = [
        Series::line(0, "test error", points(rows, steps, |row| row.test_error)),
        Series::line(1, "train error", points(rows, steps, |row| row.train_error)),
        Series::line(2, "test error, averaged weights", points(rows, steps, |row| row.test_error_averaged)),
        Series::line(3, "test error, annealed", annealed).styled(SeriesStyle::nth(3).scattered()),
    ];
    curves.into_iter().filter(|curve| !curve.points.is_empty()).collect()
}

fn points(rows: &[Metrics], steps: bool, error: impl Fn(&Metrics) -> Option<f64>) -> Vec<(f64, f64)> {
    let at = |row: &Metrics| if steps { row.step } else { row.epoch } as f64;
    rows.iter().filter_map(|row| Some((at(row), error(row)?))).collect()
}

/// Errors against epochs or steps; the axis is logarithmic beyond `LINEAR`.
pub(super) fn error_panel(title: &str, curves: Vec<Series>, steps: bool) -> Panel {
    const LINEAR: f64 = 30.0;
    let unit = if steps { "step" } else { "epoch" };
    let last = curves.iter().flat_map(|curve| &curve.points).map(|(x, _)| *x).fold(0.0, f64::max);
    let scale = if last > LINEAR { Scale::Log } else { Scale::Linear };
    let range = AxisRange::FitFrom(settled(&curves));
    Panel::new(ChartAxis::new(unit, scale, ValueFormat::Count), ChartAxis::error(title).ranging(range), curves)
}
