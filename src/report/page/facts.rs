//! Where the numbers come from, for both pages: seeds, devices, commands.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::contents::ReportContents;
use crate::report::read::is_in_use;
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::{list, percent, short};
use crate::text;

/// More sentences about cells that were not run are only in the list of what was left out.
const MOST_SENTENCES: usize = 3;

/// The number of runs and cells, and which seeds vary.
pub(super) fn scope(contents: &ReportContents) -> String {
    let settings = &contents.settings.all;
    let runs = settings.iter().flat_map(Setting::runs).count();
    let cells = settings.iter().map(|setting| setting.cells.len()).sum::<usize>();
    let mut moving: Vec<&str> = Vec::new();
    for purpose in settings.iter().flat_map(|setting| setting.cells.iter().flat_map(SeedGroup::moving)) {
        if !moving.contains(&purpose) {
            moving.push(purpose);
        }
    }
    let seeds = if moving.is_empty() {
        "each cell has one seed".to_owned()
    } else {
        let fixed = ["source", "subset", "noise", "order", "init"];
        let in_use = |purpose: &str| settings.iter().any(|setting| is_in_use(purpose, &setting.values));
        let fixed: Vec<&str> =
            fixed.into_iter().filter(|purpose| !moving.contains(purpose) && in_use(purpose)).collect();
        let fixed = if fixed.is_empty() { String::new() } else { format!(", fixed: {}", list(&fixed)) };
        format!("seeds that vary within a cell: {}{fixed}", list(&moving))
    };
    let left_out = match contents.left_out.len() {
        0 => String::new(),
        count => format!("; {count} left out"),
    };
    let (runs, cells) = (text::counted(runs, "run", "runs"), text::counted(cells, "cell", "cells"));
    let not_run: String = contents
        .not_run
        .iter()
        .take(MOST_SENTENCES)
        .map(|sentence| format!("; {sentence}"))
        .collect::<Vec<_>>()
        .concat();
    format!("{runs} in {cells}{not_run}{left_out}; {seeds}. {}", test_set(contents))
}

/// Whether runs share a test set, which no seed draws.
fn test_set(contents: &ReportContents) -> &'static str {
    let of_target = |axis: &String| {
        ["target.dataset", "target.path", "target.classes", "target.labels", "target.split"].contains(&axis.as_str())
    };
    if contents.settings.axes.iter().any(of_target) {
        "All runs of one target share one test set."
    } else {
        "All runs share one test set."
    }
}

/// The tasks, network and procedure that the runs share, and the keys in which settings differ.
pub(super) fn experiment(contents: &ReportContents) -> String {
    let Some(first) = contents.settings.all.first() else { return String::new() };
    let axes = &contents.settings.axes;
    let shared = |key: &str| first.values.get(key).filter(|_| !axes.iter().any(|axis| axis == key)).map(String::as_str);
    let mut parts: Vec<String> = Vec::new();
    let has_source = contents.settings.all.iter().any(|setting| setting.values.contains_key("source.dataset"));
    match (shared("source.dataset"), shared("target.dataset")) {
        (Some(source), Some(target)) => parts.push(format!("{source} to {target}")),
        (None, Some(target)) if has_source => parts.push(format!("to {target}")),
        (None, Some(target)) => parts.push(format!("{target} without a source")),
        _ => {}
    }
    let number = |key: &str| shared(key).and_then(|value| value.parse::<f64>().ok());
    let source = number("source.train_size").map(|size| format!("source of {} examples", text::grouped(size as u64)));
    parts.extend(source);
    parts.extend(number("target.train_size").map(|size| format!("n = {}", text::grouped(size as u64))));
    let noise = number("target.label_noise").filter(|noise| *noise > 0.0);
    parts.extend(noise.map(|noise| format!("{} label noise", percent(noise))));
    parts.extend(shared("network.architecture").map(str::to_owned));
    parts.extend(shared("network.width").map(|width| format!("width {width}")));
    parts.extend(number("image_size").map(|size| format!("{size}×{size} images")));
    parts.extend(shared("target.train.epochs").map(|epochs| format!("{epochs} epochs")));
    parts.extend(shared("target.train.steps").map(|steps| format!("{steps} steps")));
    parts.extend(shared("target.train.optimizer").map(str::to_owned));
    parts.extend(shared("target.train.learning_rate").map(|rate| format!("learning rate {rate}")));
    let varying: Vec<String> = contents.settings.names.iter().map(|axis| short(axis)).collect();
    let varying = if varying.is_empty() { String::new() } else { format!(" Settings differ in {}.", list(&varying)) };
    format!("{}.{varying} {}", parts.join(", "), layers(contents))
}

/// What k means.
fn layers(contents: &ReportContents) -> String {
    let cells = contents.settings.all.iter().flat_map(|setting| &setting.cells);
    let all: BTreeSet<usize> = cells.filter_map(|cell| cell.frozen.all).collect();
    match all.into_iter().collect::<Vec<_>>().as_slice() {
        [all] => format!("k is the number of frozen layers of {all}; with all of them only the head trains."),
        _ => "k is the number of frozen layers; with all of them only the head trains.".to_owned(),
    }
}

/// Devices and versions, with their number of runs.
pub(super) fn environment(contents: &ReportContents) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for run in contents.settings.all.iter().flat_map(Setting::runs) {
        *counts.entry(&run.environment).or_default() += 1;
    }
    let words = |made: &crate::report::read::MadeOn| {
        // A record of an older version does not say everything.
        let known = |said: &str| if said.is_empty() { "of an unknown version".to_owned() } else { said.to_owned() };
        let threads = if made.threads == 0 { String::new() } else { text::counted(made.threads, "thread", "threads") };
        let versions = format!("freezewise {}, libtorch {}", known(&made.freezewise), known(&made.libtorch));
        let parts = [&made.device, &threads, &made.arithmetic, &versions];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("; ")
    };
    counts.into_iter().map(|(made, count)| (words(made), count)).collect()
}

/// The values that all runs share.
pub(super) fn shared(contents: &ReportContents) -> Vec<(&str, &str)> {
    let Some(first) = contents.settings.all.first() else { return Vec::new() };
    let own = first.values.iter().filter(|(key, _)| !contents.settings.axes.contains(key));
    own.map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
