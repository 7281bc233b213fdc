//! `freezewise slurm`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::options::{DataRoot, RunsRoot, SpecArguments};
use super::planned::{Planned, check_text};
use crate::error::Exit;
use crate::files;
use crate::native::{self, ChosenDevice};
use crate::output;
use crate::run::{Places, Stop};
use crate::spec::DeviceChoice;
use crate::sweep::keep_spec;
use crate::sweep::slurm::{Script, arrays, submit};
use crate::text;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    runs: RunsRoot,

    #[command(flatten)]
    data: DataRoot,

    /// Cells per array task; aim at tasks of half an hour or more [default: estimated from finished cells, otherwise 1]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..))]
    per_task: Option<u32>,

    /// Array tasks that run at once [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    throttle: Option<u32>,

    /// Time limit of a task, in the format of `sbatch --time` [default: the cluster's]
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<String>,

    /// CPU threads per cell; the first start of the sweep fixes it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    threads: u32,

    /// Submit the script with `sbatch`: sources first, then cells
    #[arg(long)]
    submit: bool,
}

/// A value that fits on one line of `#SBATCH`; whether it is a time, `sbatch` decides.
fn time(typed: &str) -> Result<String, String> {
    let is_time = typed.starts_with(|letter: char| letter.is_ascii_digit())
        && typed.chars().all(|letter| letter.is_ascii_digit() || ":-".contains(letter));
    let error = "expected a time in the format of `sbatch --time`, such as 90 (minutes), 4:00:00 or 2-12";
    is_time.then(|| typed.to_owned()).ok_or_else(|| error.to_owned())
}

/// The device that cells will compute on. Jobs for GPUs are often submitted from a machine without one.
fn chosen(planned: &Planned<'_>) -> Result<ChosenDevice> {
    let (_, choice) = planned.asked_devices(&[])?.remove(0);
    let asks_slurm = planned.sweep.slurm.options.iter().any(|option| option.contains("gpu"));
    let for_gpu = matches!(choice, DeviceChoice::Cuda(_)) || choice == DeviceChoice::Auto && asks_slurm;
    if !for_gpu || native::is_gpu(DeviceChoice::Auto) {
        return Ok(planned.devices(&[])?.remove(0).chosen);
    }
    output::talk(
        "note: no GPU here: `precision = \"auto\"` is bf16 for those of the jobs; set `precision` if they are older than Ampere",
    );
    Ok(native::assumed_gpu())
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let (places, stop) = (Places { out: &arguments.runs.out, data: &arguments.data.data }, Stop::never());
    let mut planned = Planned::load(&arguments.spec, places, &stop, false)?;
    planned.gone.take().map_or(Ok(()), |gone| Err(gone.error))?;
    planned.note_obstacles(places.data);
    let plan = &planned.plan;
    let record = planned.settle(&chosen(&planned)?, arguments.threads as usize)?;
    let spec = keep_spec(&arguments.spec.spec, &plan.folder)?;
    let logs = plan.folder.join("logs");
    files::create_folder(&logs)?;
    let absolute = |path: &std::path::Path| std::path::absolute(path).context("cannot find the current folder");
    let each = arguments.per_task.map_or_else(|| planned.cells_per_task(), |each| Ok(each as usize))?;
    let name = plan.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut overrides = arguments.spec.overrides.set.clone();
    overrides.push(format!("name={name}"));
    let program = std::env::current_exe().context("cannot find this program's file")?;
    let (spec, out) = (absolute(&spec)?, absolute(&arguments.runs.out)?);
    let (data, logs) = (absolute(&arguments.data.data)?, absolute(&logs)?);
    check_text([&program, &spec, &out, &data, &logs].map(PathBuf::as_path))?;
    let script = Script {
        name: &name,
        program: &program,
        spec: &spec,
        out: &out,
        data: &data,
        logs: &logs,
        overrides: &overrides,
        each,
        threads: record.fixed.threads,
        time: arguments.time.as_deref(),
        extra: &planned.sweep.slurm,
    };
    let path = plan.folder.join("sweep.sbatch");
    files::write_atomically(&path, script.text().as_bytes())?;
    output::data(&path.display().to_string())?;
    let (sources, cells) = (arrays(plan.sources.len(), each), arrays(plan.cells.len(), each));
    if !arguments.submit {
        let count = sources.len() + cells.len();
        output::talk(&format!(
            "{} for {} and {}; submit with `--submit`",
            text::counted(count, "array", "arrays"),
            text::counted(plan.sources.len(), "source", "sources"),
            text::counted(plan.cells.len(), "cell", "cells"),
        ));
        return Ok(Exit::Complete);
    }
    let throttle = arguments.throttle.map(|most| most as usize);
    let first = submit(&path, "sources", &sources, throttle, &[])?;
    let second = submit(&path, "cells", &cells, throttle, &first)?;
    for (what, numbers) in [("sources", &first), ("cells", &second)] {
        if !numbers.is_empty() {
            output::talk(&format!("{what}: submitted as {}", numbers.join(", ")));
        }
    }
    Ok(Exit::Complete)
}
