//! The cells of a sweep that were planned and not run, summarised by their values.

use std::collections::BTreeMap;

use super::recorded::{RecordedCell, SweepFolder};
use crate::report::words::{list, short};
use crate::spec::FROZEN_LAYERS;
use crate::text;

/// A sentence for each combination of the other axes, such as `k = 14, 11 and 7 (8 seeds each) were planned and not run`.
pub(super) fn not_run(sweep: &SweepFolder, is_begun: impl Fn(&str) -> bool) -> Vec<String> {
    let mut groups: BTreeMap<String, BTreeMap<String, Counted>> = BTreeMap::new();
    for (directory, cell) in &sweep.cells {
        let (others, layers) = place(sweep, cell);
        let counted = groups.entry(others).or_default().entry(layers).or_default();
        counted.planned += 1;
        counted.missing += usize::from(!is_begun(directory));
    }
    groups.into_iter().flat_map(|(others, layers)| sentences(&others, layers)).collect()
}

/// The number of cells at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Counted {
    missing: usize,
    planned: usize,
}

/// The values of a cell without those of seeds: all but k in words, and k. A record without values has the cell's name.
fn place(sweep: &SweepFolder, cell: &RecordedCell) -> (String, String) {
    if cell.values.len() != sweep.axes.len() || sweep.axes.is_empty() {
        return (cell.name.clone(), String::new());
    }
    let values = || sweep.axes.iter().zip(&cell.values).map(|(key, value)| (key.as_str(), value.trim_matches('"')));
    let is_seed = |key: &str| key == "seed" || key.starts_with("seeds.");
    let others: Vec<String> = values()
        .filter(|(key, _)| !is_seed(key) && *key != FROZEN_LAYERS)
        .map(|(key, value)| format!("{} = {value}", short(key)))
        .collect();
    let layers = values().find(|(key, _)| *key == FROZEN_LAYERS).map(|(_, value)| value.to_owned());
    (list(&others), layers.unwrap_or_default())
}

fn sentences(others: &str, layers: BTreeMap<String, Counted>) -> Vec<String> {
    let mut alike: BTreeMap<Counted, Vec<String>> = BTreeMap::new();
    for (layers, counted) in layers.into_iter().filter(|(_, counted)| counted.missing > 0) {
        alike.entry(counted).or_default().push(layers);
    }
    let sentence = |(counted, mut layers): (Counted, Vec<String>)| {
        layers.sort_by(|one, other| text::natural(other, one));
        let Counted { missing, planned } = counted;
        let is_alone = layers.len() == 1;
        let each = if is_alone { "" } else { " each" };
        let seeds = if missing == planned {
            format!("({}{each})", text::counted(missing, "seed", "seeds"))
        } else {
            format!("({missing} of {}{each})", text::counted(planned, "seed", "seeds"))
        };
        let layers = if layers.iter().all(String::is_empty) { String::new() } else { format!("k = {}", list(&layers)) };
        let parts: Vec<&str> = [others, &layers, &seeds].into_iter().filter(|part| !part.is_empty()).collect();
        let is_one = missing == 1 && is_alone;
        format!("{} {} planned and not run", parts.join(", ").replace(", (", " ("), if is_one { "was" } else { "were" })
    };
    alike.into_iter().rev().map(sentence).collect()
}
