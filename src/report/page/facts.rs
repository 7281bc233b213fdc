//! Where the numbers come from, for both pages: seeds, devices, commands.

use std::collections::BTreeMap;

use crate::report::contents::ReportContents;
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::list;
use crate::text;

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
        let fixed: Vec<&str> = fixed.into_iter().filter(|purpose| !moving.contains(purpose)).collect();
        let fixed = if fixed.is_empty() { String::new() } else { format!(", fixed: {}", list(&fixed)) };
        format!("seeds that vary within a cell: {}{fixed}", list(&moving))
    };
    let left_out = match contents.left_out.len() {
        0 => String::new(),
        count => format!("; {count} left out"),
    };
    format!("{} in {}{left_out}; {seeds}.", text::counted(runs, "run", "runs"), text::counted(cells, "cell", "cells"))
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
