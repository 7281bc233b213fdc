//! Prints the table of `freezewise compare --capacity`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::to_string_pretty;

use super::form::{Form, markdown};
use crate::analysis::{Capacity, CapacityReading};
use crate::output::{self, Table};
use crate::report::{self, CapacityRow, CapacityTable, SeedCapacity};
use crate::text;

/// Prints the capacities of the runs in some folders.
pub(super) fn print(folders: &[&Path], epsilon: f64, form: Form) -> Result<()> {
    let table = report::capacities(folders, epsilon)?;
    let (header, rows) = (header(&table), table.rows.iter().map(row).collect::<Vec<_>>());
    output::data(&match form {
        Form::Json => to_string_pretty(&table)?,
        Form::Csv => csv(&table)?,
        Form::Markdown => markdown(&header, &rows),
        Form::Table => {
            let columns: Vec<String> = header.iter().map(|name| format!("{name}<")).collect();
            let mut shown = Table::new(&columns.iter().map(String::as_str).collect::<Vec<_>>());
            for row in &rows {
                shown.row(row);
            }
            shown.to_string()
        }
    })?;
    output::talk(&format!(
        "capacity is the largest n with a train error of at most {epsilon} at the end of training, under this procedure and budget"
    ));
    if !table.follow_n.is_empty() {
        output::talk(&format!("{} with n", vary(&table.follow_n)));
    }
    table.left_out.iter().for_each(|reason| output::talk(&format!("skipped {reason}")));
    Ok(())
}

fn vary(keys: &[String]) -> String {
    format!("{} {}", text::listed(keys), if keys.len() == 1 { "varies" } else { "vary" })
}

/// The columns of the table and of Markdown: a row for each number of frozen layers.
fn header(table: &CapacityTable) -> Vec<String> {
    let own = ["capacity", "interval", "by seed", "of the mean error", "converged", "seeds that vary"];
    let keys = table.keys.iter().cloned();
    std::iter::once("k".to_owned()).chain(keys).chain(own.map(str::to_owned)).collect()
}

fn row(row: &CapacityRow) -> Vec<String> {
    let over = &row.over_seeds;
    let mean = match over.mean {
        Some(mean) => number(mean.n),
        None => censored(row),
    };
    let ends = over.mean.and_then(|mean| mean.interval);
    let interval = ends.map(|[lower, upper]| format!("{} to {}", number(lower), number(upper)));
    let by_seed: Vec<String> = row.seeds.iter().map(of_seed).collect();
    let undecided: Vec<String> = row.undecided().into_iter().map(|n| text::grouped(n as u64)).collect();
    let converged = if row.is_converged() { "yes".to_owned() } else { format!("no: n = {}", undecided.join("; ")) };
    let of_mean = row.of_mean_error.as_ref().map(shown).unwrap_or_default();
    let moving = if row.seeds.len() > 1 { row.moving.join(" ") } else { String::new() };
    let last = [mean, interval.unwrap_or_default(), by_seed.join("; "), of_mean, converged, moving];
    std::iter::once(row.frozen_layers.to_string()).chain(row.values.iter().cloned()).chain(last).collect()
}

/// Seeds are censored: `above 8,192` if all are at the same n, else `1 of 3 above 8,192`. Seeds may have other largest n.
fn censored(row: &CapacityRow) -> String {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for seed in &row.seeds {
        if !matches!(seed.reading.capacity, Capacity::Between { .. }) {
            *ends.entry(place(&seed.reading.capacity)).or_default() += 1;
        }
    }
    let seeds = row.seeds.len();
    let part = |(end, count): (String, usize)| if count == seeds { end } else { format!("{count} of {seeds} {end}") };
    ends.into_iter().map(part).collect::<Vec<_>>().join("; ")
}

/// The reading of a seed, and the sizes that were not run.
fn of_seed(seed: &SeedCapacity) -> String {
    let missing: Vec<String> = seed.missing.iter().map(|n| text::grouped(*n as u64)).collect();
    let shown = shown(&seed.reading);
    if missing.is_empty() { shown } else { format!("{shown} (n = {} not run)", missing.join(", ")) }
}

/// `2,310`, `above 8,192` or `below 512`, with the number of crossings if the error does not grow with n.
fn shown(reading: &CapacityReading) -> String {
    let place = place(&reading.capacity);
    let crossings = || text::counted(reading.crossings, "crossing", "crossings");
    if reading.is_monotone() { place } else { format!("{place} ({})", crossings()) }
}

fn place(capacity: &Capacity) -> String {
    match *capacity {
        Capacity::Between { n, .. } => number(n),
        Capacity::Above { n } => format!("above {}", text::grouped(n as u64)),
        Capacity::Below { n } => format!("below {}", text::grouped(n as u64)),
    }
}

fn number(n: f64) -> String {
    text::grouped(n.round() as u64)
}

/// A row for each seed.
fn csv(table: &CapacityTable) -> Result<String> {
    const OWN: [&str; 16] = [
        "seed",
        "capacity",
        "reading",
        "largest_fitted",
        "next_size",
        "crossings",
        "sizes",
        "undecided",
        "missing",
        "gradient_norm",
        "epsilon",
        "seeds",
        "mean",
        "lower",
        "upper",
        "confidence",
    ];
    let mut out = csv::Writer::from_writer(Vec::new());
    let keys = table.keys.iter().map(String::as_str);
    out.write_record(std::iter::once("frozen_layers").chain(keys).chain(OWN))?;
    for row in &table.rows {
        for seed in &row.seeds {
            let own = std::iter::once(row.frozen_layers.to_string()).chain(row.values.iter().cloned());
            out.write_record(own.chain(fields(table, row, seed)))?;
        }
    }
    Ok(String::from_utf8(out.into_inner()?)?)
}

fn fields(table: &CapacityTable, row: &CapacityRow, seed: &SeedCapacity) -> [String; 16] {
    let [reading, n, fitted, next] = match seed.reading.capacity {
        Capacity::Between { n, fitted, missed } => {
            ["between", &n.to_string(), &fitted.to_string(), &missed.to_string()].map(str::to_owned)
        }
        Capacity::Above { n } => ["above", "", &n.to_string(), ""].map(str::to_owned),
        Capacity::Below { n } => ["below", "", "", &n.to_string()].map(str::to_owned),
    };
    let sizes = |sizes: &[usize]| sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
    let all: Vec<usize> = seed.errors.iter().map(|point| point.n).collect();
    let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mean = row.over_seeds.mean;
    let ends = mean.and_then(|mean| mean.interval);
    [
        seed.seed.clone(),
        n,
        reading,
        fitted,
        next,
        seed.reading.crossings.to_string(),
        sizes(&all),
        sizes(&seed.undecided),
        sizes(&seed.missing),
        optional(seed.gradient_norm),
        table.epsilon.to_string(),
        row.over_seeds.seeds.to_string(),
        optional(mean.map(|mean| mean.n)),
        optional(ends.map(|ends| ends[0])),
        optional(ends.map(|ends| ends[1])),
        optional(mean.map(|mean| mean.confidence)),
    ]
}
