//! Resuming on another device, and fp16, which needs CUDA.

use super::{Gpu, Outcome, Run, variables};
use crate::program::{Place, TINY, json, metrics};

const FP32: [&str; 2] = ["precision=fp32", "compute.evaluation_batch=500"];

fn run(place: &Place, out: &str, sets: &[&str]) -> Outcome {
    Run::new(place, out, &[&FP32[..], sets].concat()).done()
}

/// Interrupts a run on one device in the middle of an epoch and finishes it on another.
fn moved(place: &Place, from: &str, to: &str) -> Outcome {
    let out = format!("{from}-{to}").replace(':', "");
    let sets = |device: &'static str| {
        [&FP32[..], &["checkpoint.every_seconds=0", "checkpoint.time_share=1.0", device]].concat()
    };
    let device = |name: &str| match name {
        "cpu" => "device=cpu",
        "cuda:0" => "device=cuda:0",
        _ => "device=cuda:1",
    };
    // The source takes six steps.
    let mut arguments = vec!["run", "spec.toml", "--quiet", "--out", &out];
    arguments.extend(sets(device(from)).into_iter().flat_map(|set| ["--set", set]));
    let mut broken = variables("devices=2");
    broken.push(("FREEZEWISE_FAULT", "device@11"));
    let answer = place.freezewise_with(&broken, &arguments);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let outcome = Run::new(place, &out, &sets(device(to))).done();
    let record = json(&outcome.directory.join("run.json"));
    assert_eq!(record["restarts"].as_array().map(Vec::len), Some(1), "{record}");
    outcome
}

#[test]
fn a_run_resumes_on_another_device() {
    let place = Place::with(TINY);
    let unbroken = run(&place, "unbroken", &["device=cpu"]);
    for (from, to) in [("cpu", "cuda:1"), ("cuda:0", "cuda:1"), ("cuda:1", "cpu")] {
        if Gpu::here() == Gpu::Real && (from, to) != ("cpu", "cuda:1") {
            continue;
        }
        let to = if Gpu::here() == Gpu::Real { "cuda:0" } else { to };
        let outcome = moved(&place, from, to);
        if Gpu::here() == Gpu::StandIn {
            assert_eq!(outcome.metrics(), unbroken.metrics(), "{from} to {to}");
        }
        let log = std::fs::read_to_string(outcome.directory.join("log.txt")).expect("log.txt");
        assert!(log.contains("resuming after epoch"), "{log}");
    }
}

#[test]
fn half_precision_scales_its_loss_and_keeps_the_scale() {
    let place = Place::with(TINY);
    let fp32 = run(&place, "fp32", &["device=cuda"]);
    let half = |out, sets: &[&str]| {
        let device = ["device=cuda", "precision=fp16", "compute.evaluation_batch=500"];
        Run::new(&place, out, &[&device[..], sets].concat()).done()
    };
    let captured = half("captured", &[]);
    let eager = half("eager", &["compute.graph=off"]);
    if Gpu::here() == Gpu::StandIn {
        assert_eq!(captured.metrics(), eager.metrics());
    }
    assert_eq!(json(&captured.directory.join("run.json"))["compute"]["precision"], "fp16");
    let loss = |outcome: &Outcome, epoch: usize| -> f64 {
        metrics(&outcome.directory)[epoch]["train_loss"].parse().expect("a loss")
    };
    for epoch in 0..=3 {
        let (half, full) = (loss(&captured, epoch), loss(&fp32, epoch));
        assert!((half - full).abs() < 0.05 * full, "epoch {epoch}: {half} and {full}");
    }
    // At this learning rate fp16 gradients overflow without loss scaling.
    let checkpoints = captured.directory.join("checkpoint");
    let newest = std::fs::read_dir(&checkpoints).expect("checkpoints").map(|entry| entry.expect("an entry").path());
    let newest =
        newest.filter(|path| path.extension().is_some_and(|ending| ending == "safetensors")).max().expect("one");
    let bytes = std::fs::read(newest).expect("a checkpoint");
    let kept = freezewise::run::read_checkpoint(&mut bytes.as_slice(), bytes.len() as u64).expect("it is whole");
    assert!(kept.state.tensors.contains_key("scaler.scale"), "the checkpoint contains the loss scale");
}
