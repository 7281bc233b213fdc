//! `freezewise plot`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::options::path;
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

    /// Plot test error against train error, with a point for each evaluation; training goes from right to left
    #[arg(long, conflicts_with = "steps")]
    train_error: bool,

    /// Redraw every 3 seconds while the runs train
    #[arg(long, conflicts_with = "out")]
    follow: bool,

    /// Write the plot to a file, `.svg`, `.pdf` or `.png`, instead of the terminal
    #[arg(long, short, value_name = "FILE", value_parser = path())]
    out: Option<PathBuf>,
}

/// The quantity on the x axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    Epochs,
    Steps,
    TrainError,
}

/// Time between two drawings of `--follow`.
const AGAIN: Duration = Duration::from_secs(3);

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let against = match (arguments.steps, arguments.train_error) {
        (true, _) => Against::Steps,
        (_, true) => Against::TrainError,
        _ => Against::Epochs,
    };
    let panel = || panel(&arguments.runs, against);
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

fn panel(runs: &[PathBuf], against: Against) -> Result<Panel> {
    let read = |run: &PathBuf| -> Result<(RunDirectory, Vec<Metrics>)> {
        let directory = RunDirectory::at(run);
        if !directory.metrics().is_file() {
            let message = format!("there is no `metrics.csv` in `{}`", run.display());
            let error = UserError::usage(message).hint("`RUN` is the directory that `freezewise run` prints");
            return Err(error.hint("`freezewise report` draws a folder of runs").into());
        }
        let rows = rundir::read(&directory.metrics())?;
        Ok((directory, rows))
    };
    let runs = runs.iter().map(read).collect::<Result<Vec<_>>>()?;
    let curves = match runs.as_slice() {
        [(directory, rows)] => {
            let branches: Vec<BranchRow> = rundir::read(&directory.branches()).unwrap_or_default();
            curves_of_run(rows, &branches, against)
        }
        runs => {
            let test = |(place, (directory, rows)): (usize, &(RunDirectory, Vec<Metrics>))| {
                curve(place, &directory.name(), rows, against, |row| row.test_error)
            };
            runs.iter().enumerate().map(test).collect()
        }
    };
    let title = if runs.len() == 1 && against != Against::TrainError { "error" } else { "test error" };
    Ok(error_panel(title, curves, against))
}

/// The curves of one run: test and train error, the test error of averaged weights, and that of anneal branches.
pub(super) fn curves_of_run(rows: &[Metrics], branches: &[BranchRow], against: Against) -> Vec<Series> {
    let at = |row: &BranchRow| match against {
        Against::Epochs => Some(row.epoch as f64),
        Against::Steps => Some(row.step as f64),
        Against::TrainError => rows.iter().find(|own| own.epoch == row.epoch)?.train_error,
    };
    let annealed = branches.iter().filter_map(|row| Some((at(row)?, row.anneal_test_error?))).collect();
    let mut curves = vec![
        curve(0, "test error", rows, against, |row| row.test_error),
        curve(2, "test error, averaged weights", rows, against, |row| row.test_error_averaged),
        Series::line(3, "test error, annealed", rising(annealed)).styled(SeriesStyle::nth(3).scattered()),
    ];
    if against != Against::TrainError {
        curves.insert(1, curve(1, "train error", rows, against, |row| row.train_error));
    }
    curves.retain(|curve| !curve.points.is_empty());
    curves
}

fn curve(
    place: usize,
    name: &str,
    rows: &[Metrics],
    against: Against,
    error: impl Fn(&Metrics) -> Option<f64>,
) -> Series {
    let at = |row: &Metrics| match against {
        Against::Epochs => Some(row.epoch as f64),
        Against::Steps => Some(row.step as f64),
        Against::TrainError => row.train_error,
    };
    let points = rows.iter().filter_map(|row| Some((at(row)?, error(row)?))).collect();
    let series = Series::line(place, name, rising(points));
    // Train error is not monotone, so a line through sorted points would join distant epochs.
    if against == Against::TrainError { series.styled(SeriesStyle::nth(place).scattered()) } else { series }
}

fn rising(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

/// Errors against `against`; many epochs or steps are on a logarithmic axis.
pub(super) fn error_panel(title: &str, curves: Vec<Series>, against: Against) -> Panel {
    const LINEAR: f64 = 30.0;
    let (unit, format) = match against {
        Against::Epochs => ("epoch", ValueFormat::Count),
        Against::Steps => ("step", ValueFormat::Count),
        Against::TrainError => ("train error", ValueFormat::Percent),
    };
    let last = curves.iter().flat_map(|curve| &curve.points).map(|(x, _)| *x).fold(0.0, f64::max);
    let scale = if last > LINEAR { Scale::Log } else { Scale::Linear };
    let range = if against == Against::TrainError { AxisRange::Fit } else { AxisRange::FitFrom(settled(&curves)) };
    Panel::new(ChartAxis::new(unit, scale, format), ChartAxis::error(title).ranging(range), curves)
}
