//! Tests that need a GPU: every precision trains, deterministic runs repeat with and without graphs and interruptions,
//! and the name of the device is recorded.

use super::{Outcome, Run};
use crate::program::{Place, TINY, json, metrics};

fn loss(outcome: &Outcome, epoch: usize) -> f64 {
    metrics(&outcome.directory)[epoch]["train_loss"].parse().expect("a loss")
}

const NEEDS_A_GPU: &str = "set by scripts/check --gpu";

fn run(place: &Place, out: &str, sets: &[&str]) -> Outcome {
    assert!(super::Gpu::here() == super::Gpu::Real, "{NEEDS_A_GPU}");
    Run::new(place, out, &[&["device=cuda", "compute.deterministic=true"], sets].concat()).done()
}

const FAMILIES: [&[&str]; 3] = [
    &["network.width=8"],
    &["network.width=16", "network.architecture=resnet18"],
    &["network.architecture=vit-cifar", "network.width=16", "network.heads=2", "network.dropout=0.1"],
];
const PRECISIONS: [&str; 4] = ["precision=fp32", "precision=tf32", "precision=bf16", "precision=fp16"];

#[test]
#[ignore = "needs a GPU: scripts/check --gpu"]
fn every_precision_learns_and_starts_from_the_loss_of_the_cpu() {
    let place = Place::with(TINY);
    let cpu = Run::new(&place, "cpu", &["device=cpu", "precision=fp32"]).done();
    for (precision, tolerance) in PRECISIONS.into_iter().zip([1e-4, 1e-2, 2e-2, 1e-2]) {
        // Weights already differ slightly after the source's steps.
        let outcome = run(&place, &precision.replace('=', "-"), &[precision, "target.train.epochs=30"]);
        let (start, expected) = (loss(&outcome, 0), loss(&cpu, 0));
        assert!((start - expected).abs() < 10.0 * tolerance * expected, "{precision}: {start} and {expected}");
        assert!(loss(&outcome, 30) < 0.9 * start, "{precision} learns");
    }
}

#[test]
#[ignore = "needs a GPU: scripts/check --gpu"]
fn graphs_change_no_bit() {
    for family in FAMILIES {
        for precision in PRECISIONS {
            let place = Place::with(TINY);
            let sets = [family, &[precision, "target.train.augment=[\"crop\", \"flip\"]"]].concat();
            let captured = run(&place, "captured", &sets);
            let eager = run(&place, "eager", &[&sets[..], &["compute.graph=off"]].concat());
            assert_eq!(captured.metrics(), eager.metrics(), "{sets:?}");
            let log = std::fs::read_to_string(captured.directory.join("log.txt")).expect("log.txt");
            assert!(!log.contains("cannot be captured"), "{log}");
        }
    }
}

/// Without `compute.deterministic`, cuDNN times its kernels: what users run.
#[test]
#[ignore = "needs a GPU: scripts/check --gpu"]
fn kernels_chosen_by_time_are_captured_and_learn_as_well() {
    for family in FAMILIES {
        for precision in PRECISIONS {
            let place = Place::with(TINY);
            let sets = [family, &[precision, "target.train.epochs=20"]].concat();
            let expected = loss(&run(&place, "deterministic", &sets), 20);
            let timed = Run::new(&place, "timed", &[&["device=cuda"], &sets[..]].concat()).done();
            let log = std::fs::read_to_string(timed.directory.join("log.txt")).expect("log.txt");
            assert!(!log.contains("cannot be captured"), "{log}");
            assert!((loss(&timed, 20) - expected).abs() < 0.2 * expected + 0.05, "{sets:?}");
        }
    }
}

#[test]
#[ignore = "needs a GPU: scripts/check --gpu"]
fn a_repeated_run_is_bit_identical_and_memory_is_flat() {
    let place = Place::with(TINY);
    let long = ["target.train.epochs=50", "precision=bf16"];
    let (one, other) = (run(&place, "one", &long), run(&place, "other", &long));
    assert_eq!(one.metrics(), other.metrics());
    let timing = std::fs::read_to_string(one.directory.join("timing.csv")).expect("timing.csv");
    let column =
        timing.lines().next().and_then(|header| header.split(',').position(|name| name == "peak_memory_bytes"));
    let column = column.expect("the column");
    let peaks: Vec<&str> = timing.lines().skip(1).filter_map(|line| line.split(',').nth(column)).collect();
    assert_eq!(peaks[6], peaks[50], "the most that tensors held, after epochs 6 and 50");
}

#[test]
#[ignore = "needs a GPU: scripts/check --gpu"]
fn the_gpu_and_cudnn_are_named() {
    let place = Place::with(TINY);
    let outcome = run(&place, "runs", &[]);
    let device = json(&outcome.directory.join("run.json"))["device"].as_str().expect("a name").to_owned();
    let doctor = place.freezewise(&["doctor"]);
    assert!(!device.contains("stand-in") && doctor.stdout.contains(&device), "{device}\n{}", doctor.stdout);
    assert!(doctor.stdout.lines().any(|line| line.starts_with("cuDNN") && line.contains('.')), "{}", doctor.stdout);
}
