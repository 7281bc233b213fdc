//! The output of `freezewise bench --count`.

use anyhow::Result;

use crate::native::Operators;
use crate::output::{self, Table};
use crate::run::{Bound, CountReport, PartWork, WorkCount};
use crate::text;

pub(super) fn print(report: &CountReport, json: bool) -> Result<()> {
    if json {
        return Ok(output::data(&serde_json::to_string_pretty(report)?)?);
    }
    for note in &report.notes {
        output::talk(note);
    }
    let step = format!(
        "a training step on {} on {}, {}, k = {}",
        text::counted(report.images_per_step, "image", "images"),
        report.device,
        report.compute.sentence(),
        report.frozen_layers,
    );
    let epoch = "an epoch, including an evaluation of every split".to_owned();
    let sections = [
        (step, parts(&report.step)),
        (epoch, parts(&report.epoch)),
        ("operators of a step that launch kernels, by name".to_owned(), operators(&report.step)),
        ("lower bound, not measured".to_owned(), bounds(&report.bound_not_measured)),
    ];
    let sections: Vec<String> = sections.iter().map(|(title, table)| format!("{title}\n{table}")).collect();
    Ok(output::data(&sections.join("\n\n"))?)
}

fn parts(asked: &WorkCount) -> Table {
    let mut table =
        Table::new(&["part<", "launches", "views", "allocations", "waits", "uploads", "allocated", "moved", "GFLOP"]);
    let flops = |flops: u64| format!("{:.3}", flops as f64 / 1e9);
    let times = |operators: &Operators| operators.values().sum::<i64>().to_string();
    let mut sums = [0; 4];
    for (part, PartWork { amounts, flops: own }) in &asked.parts {
        let counts = [amounts.waits, amounts.uploads, amounts.views.values().sum(), amounts.allocations.values().sum()];
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        table.row([
            part.name().to_owned(),
            amounts.launches().to_string(),
            times(&amounts.views),
            times(&amounts.allocations),
            amounts.waits.to_string(),
            amounts.uploads.to_string(),
            size(amounts.allocated_bytes),
            size(amounts.moved_bytes),
            flops(*own),
        ]);
    }
    let [waits, uploads, views, allocations] = sums.map(|sum: i64| sum.to_string());
    let peak = format!("{} at peak", text::bytes(asked.peak_bytes));
    let launches = asked.launches.to_string();
    table.row([
        "all".to_owned(),
        launches,
        views,
        allocations,
        waits,
        uploads,
        peak,
        size(asked.moved_bytes),
        flops(asked.flops),
    ]);
    table.row(["outside forward and backward".to_owned(), asked.launches_outside.to_string()]);
    table
}

fn operators(asked: &WorkCount) -> Table {
    let mut table = Table::new(&["part<", "operator<", "count"]);
    for (part, asked) in &asked.parts {
        for (name, times) in &asked.amounts.operators {
            table.row([part.name(), name, &times.to_string()]);
        }
    }
    table
}

fn bounds(bounds: &[Bound]) -> Table {
    let mut table = Table::new(&["data sheet<", "step", "its arithmetic", "its memory", "epoch"]);
    let milliseconds = |seconds: f64| format!("{:.3} ms", seconds * 1e3);
    for bound in bounds {
        let [step, epoch] = bound.seconds();
        let [arithmetic, memory] = [bound.step_arithmetic_seconds, bound.step_memory_seconds];
        table.row([
            bound.gpu.to_owned(),
            milliseconds(step),
            milliseconds(arithmetic),
            milliseconds(memory),
            milliseconds(epoch),
        ]);
    }
    table
}

/// A byte count, for display; a negative one, which cannot occur, shows as 0.
fn size(bytes: i64) -> String {
    text::bytes(u64::try_from(bytes).unwrap_or_default())
}
