//! Which device a run uses, settings of libtorch, and that a stand-in is never presented as a GPU.

use super::{Outcome, Run, count, variables};
use crate::program::{Place, TINY, json};

const FP32: [&str; 2] = ["precision=fp32", "compute.evaluation_batch=500"];

fn run(place: &Place, out: &str, sets: &[&str]) -> Outcome {
    Run::new(place, out, &[&FP32[..], sets].concat()).done()
}

#[test]
fn a_run_uses_only_its_own_device() {
    let place = Place::with(TINY);
    let first = run(&place, "first", &["device=cuda:0"]);
    let second = run(&place, "second", &["device=cuda:1"]);
    assert_eq!(first.metrics(), second.metrics());
    for (outcome, own) in [(&first, 0), (&second, 1)] {
        let other = &outcome.end()["devices"][1 - own];
        assert!(count(outcome.end(), own, "replays") > 0 && count(outcome.end(), own, "peak") > 0);
        assert!(other["operators"].as_object().expect("names").is_empty(), "{other}");
        for name in ["peak", "waits", "uploads", "captures", "replays"] {
            assert_eq!(other[name], 0, "{name}");
        }
    }
    let beyond = Run::new(&place, "beyond", &["device=cuda:2"]).start();
    assert_eq!(beyond.answer.code, 1);
    let told = &beyond.answer.stderr;
    assert!(told.contains("`device = \"cuda:2\"` cannot be used: CUDA has 2 devices"), "{told}");
}

/// Checks only the setting: the stand-in does not compute in TF32.
#[test]
fn tf32_is_allowed_only_on_request() {
    let place = Place::with(TINY);
    for (precision, expected) in [("tf32", true), ("fp32", false), ("bf16", false)] {
        let outcome = Run::new(&place, precision, &["device=cuda", &format!("precision={precision}")]).done();
        assert_eq!(outcome.end()["tf32"], expected, "{precision}");
    }
    let deterministic = Run::new(&place, "deterministic", &["device=cuda", "compute.deterministic=true"]).done();
    assert_eq!((&deterministic.end()["deterministic"], &deterministic.end()["tf32"]), (&true.into(), &false.into()));
}

#[test]
fn a_stand_in_is_reported_everywhere() {
    let place = Place::with(TINY);
    let outcome = run(&place, "runs", &["device=cuda"]);
    assert_eq!(json(&outcome.directory.join("run.json"))["device"], "stand-in");
    let log = std::fs::read_to_string(outcome.directory.join("log.txt")).expect("log.txt");
    assert!(log.contains("device stand-in, ") && log.contains("a stand-in simulates the GPU"), "{log}");
    let doctor = place.freezewise_with(&variables("devices=2"), &["doctor"]);
    let rows = doctor.stdout.lines().filter(|line| line.contains("stand-in: not a GPU, for tests only")).count();
    assert_eq!(rows, 2, "{}", doctor.stdout);
    let bench = place.freezewise_with(&variables("devices=1"), &["bench", "spec.toml", "--set", "device=cuda"]);
    assert_eq!(bench.code, 0, "{}", bench.stderr);
    assert!(bench.stdout.contains("on stand-in") && bench.stdout.contains("outside forward and backward"));
    let times = ["img/s", "outside libtorch", "arithmetic rate"];
    assert!(times.iter().all(|name| !bench.stdout.contains(name)), "times are printed: {}", bench.stdout);
}
