//! Memory use does not grow from epoch to epoch, in any mode.

use super::arrays::npy;
use super::formats::write_arrays;
use super::program::{Place, TINY, json};

/// A checkpoint at every step, so that the first epochs also write some, however slow the machine is.
const CHECKPOINTS: [&str; 2] = ["checkpoint.every_seconds=0", "checkpoint.time_share=1.0"];

const AUGMENTED: &str = "target.train.augment=[\"crop\", \"flip\"]";

/// Modes of computing: precision, layout, optimizer, prefix cache.
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

/// Epochs until memory use settles: threads start, buffers grow, a second checkpoint is written.
const SETTLED: usize = 10;

fn flat(epochs: usize, mode: &[&str]) {
    let place = Place::with(TINY);
    let directory = place.run(&[&[&*format!("target.train.epochs={epochs}")], &CHECKPOINTS[..], mode].concat());
    let mut reader = csv::Reader::from_path(directory.join("timing.csv")).expect("timing.csv");
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("rows");
    let peak = |epoch: usize| rows[epoch]["peak_memory_bytes"].parse::<f64>().expect("bytes");
    let [early, late] = [peak(SETTLED), peak(epochs)];
    assert!(late <= 1.01 * early, "{mode:?}: {early} bytes after epoch {SETTLED}, {late} at the end");
}

/// More images take as much additional memory as their pixels, and not twice that.
#[test]
fn pixels_are_held_once() {
    const SIDE: usize = 32;
    const COUNTS: [usize; 2] = [500, 20_000];
    let size = 3 * SIDE * SIDE;
    let peak = |count: usize| {
        let place = Place::with(&format!(
            "image_size = {SIDE}\n[network]\nwidth = 1\n[target]\ndataset = \"npz\"\npath = \"own.npz\"\n\
             train_size = {count}\n[target.train]\nsteps = 1\nbatch_size = 8\nlearning_rate = 0.01\n"
        ));
        let pixels = |count: usize| (0..count * size).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect::<Vec<_>>();
        let images = |count: usize| npy("|u1", &format!("({count}, {SIDE}, {SIDE}, 3)"), &pixels(count));
        let labels = |count: usize| npy("|u1", &format!("({count},)"), &[0, 1].repeat(count / 2));
        write_arrays(&place, &[images(count), labels(count), images(100), labels(100)]);
        let directory = place.run(&["compute.evaluation_batch=50"]);
        let rows = std::fs::read_to_string(directory.join("timing.csv")).expect("timing.csv");
        let last = rows.lines().last().and_then(|row| row.rsplit(',').next()).expect("a row");
        assert_eq!(json(&directory.join("run.json"))["data"]["train_examples"], count);
        last.parse::<f64>().expect("bytes")
    };
    let [few, many] = COUNTS.map(peak);
    let pixels = ((COUNTS[1] - COUNTS[0]) * size) as f64;
    let ratio = (many - few) / pixels;
    assert!(ratio < 1.5, "{ratio:.2} bytes of memory for each of pixels");
}
