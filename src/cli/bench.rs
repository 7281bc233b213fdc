//! `freezewise bench`.

use anyhow::Result;
use clap::Args;

use super::count;
use super::options::{DataRoot, SpecArguments};
use crate::error::Exit;
use crate::output::{self, Progress, Table};
use crate::run::{self, Asking, Bench, BenchReport, Places, Spread};
use crate::text;
use crate::train::Effort;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,

    #[command(flatten)]
    data: DataRoot,

    /// Training steps per round, at most one epoch
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,

    /// Rounds to measure; the median is reported
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Count operators, transfers, bytes and arithmetic of a step and an epoch instead of timing them
    #[arg(long, conflicts_with_all = ["steps", "rounds"])]
    count: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(arguments: &Arguments) -> Result<Exit> {
    let spec = arguments.spec.load(&arguments.data)?;
    let data = &arguments.data.data;
    // Nothing is written, so the folder of runs does not matter.
    let places = Places { out: data, data };
    let mut progress = Progress::new(arguments.json);
    let effort = Effort { steps: arguments.steps, rounds: arguments.rounds as usize };
    let asking = if arguments.count { Asking::Counts } else { Asking::Times(effort) };
    match run::bench(&spec, places, asking, &mut progress)? {
        Bench::Counts(report) => count::print(&report, arguments.json)?,
        Bench::Times(report) => print(&report, arguments.json)?,
    }
    Ok(Exit::Complete)
}

fn print(report: &BenchReport, json: bool) -> Result<()> {
    if json {
        return Ok(output::data(&serde_json::to_string_pretty(report)?)?);
    }
    for note in &report.notes {
        output::talk(note);
    }
    Ok(output::data(&table(report).to_string())?)
}

fn table(report: &BenchReport) -> Table {
    let device = format!("{}, {}", report.device, text::counted(report.threads, "CPU thread", "CPU threads"));
    let examples = report.train_examples + report.test_examples;
    let mut table = Table::new(&["measure<", "median", "min to max", "of<"]);
    let mut row = |name: &str, spread: Spread, unit: &dyn Fn(f64) -> String, of: &str| {
        let range = format!("{} to {}", unit(spread.min), unit(spread.max));
        table.row([name, &unit(spread.median), &range, of]);
    };
    let milliseconds = |seconds: f64| format!("{:.2} ms", seconds * 1e3);
    let images = |rate: f64| format!("{rate:.0} img/s");
    let seconds = |seconds: f64| format!("{seconds:.2} s");
    row("training step", report.step_seconds, &milliseconds, &format!("{}, {device}", report.compute.sentence()));
    row("training rate", report.images_per_second, &images, &format!("k = {}", report.frozen_layers));
    row("evaluation", report.evaluation_seconds, &seconds, &format!("{} images", text::grouped(examples as u64)));
    let mut single = |name: &str, value: String, of: &str| table.row([name, &value, "", of]);
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    single("evaluation share", percent(report.evaluation_share), "an epoch that ends with an evaluation");
    if let Some(fill) = report.cache_fill_seconds {
        single("prefix cache fill", seconds(fill), "all splits, once per run");
    }
    single("outside libtorch", percent(report.host_share), "a step, profiled by operator");
    single("operators", format!("{:.0}", report.operators_per_step), "a step");
    single("multiply-adds", format!("{:.2} G", report.multiply_adds_per_step / 1e9), "a step");
    single("arithmetic rate", percent(report.share_of_product_rate), "a large matrix product's rate here");
    if let Some(peak) = report.peak_memory_bytes {
        single("peak memory", text::bytes(peak), "");
    }
    table
}
