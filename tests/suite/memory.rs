//! Memory stays flat: what an epoch takes, it gives back, in every mode.

use super::program::{Place, TINY};

/// A checkpoint at every boundary, so that the first epochs have made some too, however slow the machine is.
const CHECKPOINTS: [&str; 2] = ["checkpoint.every_seconds=0", "checkpoint.time_share=1.0"];

const AUGMENTED: &str = "target.train.augment=[\"crop\", \"flip\"]";

/// How phases compute: precision, layout, optimizer, what is kept.
const MODES: [&[&str]; 5] = [
    &["precision=fp32", "compute.layout=channels_first", "compute.cache=off"],
    &["precision=fp32", "compute.layout=channels_last", "target.train.optimizer=sgd", "target.train.momentum=0.9"],
    &["precision=bf16", "compute.layout=channels_first", AUGMENTED],
    &["precision=bf16", "compute.layout=channels_last"],
    &["precision=bf16", "transfer.frozen_norm=batch"],
];

#[test]
fn memory_is_flat_over_50_epochs_in_every_mode() {
    for mode in MODES {
        flat(50, mode);
    }
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn memory_is_flat_over_500_epochs_in_every_mode() {
    for mode in MODES {
        flat(500, mode);
    }
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn memory_is_flat_over_2000_epochs() {
    flat(2000, &[AUGMENTED]);
}

fn flat(epochs: usize, mode: &[&str]) {
    let place = Place::with(TINY);
    let directory = place.run(&[&[&*format!("target.train.epochs={epochs}")], &CHECKPOINTS[..], mode].concat());
    let mut reader = csv::Reader::from_path(directory.join("timing.csv")).expect("timing.csv");
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("rows");
    let peak = |epoch: usize| rows[epoch]["peak_memory_bytes"].parse::<f64>().expect("bytes");
    let ends = [peak(2), peak(epochs)];
    assert!(ends[1] <= 1.01 * ends[0], "{mode:?}: {} bytes after epoch 2, {} at the end", ends[0], ends[1]);
}
