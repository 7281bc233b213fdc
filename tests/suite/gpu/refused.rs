//! A step that cannot be captured runs operator by operator, as without graphs; graphs share their memory.

use super::{Outcome, Run, count};
use crate::program::Place;

/// With dropout, a smaller last batch and whole evaluation batches; without a source.
const SPEC: &str = r#"
image_size = 8
device = "cuda"
precision = "fp32"
[network]
architecture = "vit-cifar"
width = 8
depth = 1
heads = 2
mlp_width = 8
dropout = 0.5
[target]
dataset = "synthetic"
train_size = 80
[target.train]
epochs = 4
learning_rate = 1e-2
batch_size = 32
[compute]
evaluation_batch = 40
[evaluate]
every = 2
"#;

/// More memory than needed.
const PLENTY: &str = "memory=8000000000";

fn run(standin: &str, sets: &[&str]) -> Outcome {
    Run::new(&Place::with(SPEC), "runs", sets).with(standin).done()
}

/// The outcome of a run and its weights.
fn product(place: &Place, standin: &str, sets: &[&str]) -> (Outcome, Vec<u8>) {
    let outcome = Run::new(place, "runs", sets).with(standin).done();
    let weights = std::fs::read(outcome.directory.join("weights.safetensors")).expect("weights");
    (outcome, weights)
}

/// Refuses each operator during capture; the run must be the same as without graphs.
fn refuse(names: &[String]) {
    let (eager_place, sets) = (Place::with(SPEC), ["compute.graph=off"]);
    let (eager, weights) = product(&eager_place, PLENTY, &sets);
    for name in names {
        let place = Place::with(SPEC);
        let (outcome, refused) = product(&place, &format!("refuse={name}"), &[]);
        let log = std::fs::read_to_string(outcome.directory.join("log.txt")).expect("log.txt");
        let said = "cannot be captured as a CUDA graph and runs operator by operator: CUDA error: operation not permitted \
                    when stream is capturing: ";
        assert!(log.contains(&format!("{said}{name}")), "{name}: {log}");
        assert_eq!(outcome.metrics(), eager.metrics(), "{name}");
        assert!(weights == refused, "the weights, {name}");
        assert_eq!(count(outcome.end(), 0, "held"), 0, "memory held at the end, {name}");
    }
}

/// The operators of captured steps and evaluations.
fn operators() -> Vec<String> {
    let eager = run(PLENTY, &["compute.graph=off"]);
    let graphs = run(PLENTY, &[]);
    let operators = |outcome: &Outcome| outcome.end()["devices"][0]["operators"].as_object().expect("names").clone();
    let (eager, graphs) = (operators(&eager), operators(&graphs));
    // Operators that are called less often with graphs.
    let fewer = |name: &String| graphs.get(name).and_then(serde_json::Value::as_i64) < eager[name].as_i64();
    eager.keys().filter(|name| fewer(name)).cloned().collect()
}

/// Operators after dropout in the forward pass, the backward pass and the update, and one that only evaluations use.
#[test]
fn a_failed_capture_changes_nothing() {
    let names = operators();
    for part in ["aten::nll_loss_backward", "aten::native_layer_norm_backward", "aten::_fused_adam", "aten::ne.Tensor"]
    {
        let name = names.iter().find(|name| name.starts_with(part)).unwrap_or_else(|| panic!("{part} in {names:?}"));
        refuse(std::slice::from_ref(name));
    }
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn a_failed_capture_of_any_operator_changes_nothing() {
    let names = operators();
    assert!(names.len() > 20, "{names:?}");
    refuse(&names);
}

/// Graphs of two batch sizes and of the evaluations of two splits, in one memory pool.
#[test]
fn graphs_of_a_phase_share_their_memory() {
    let outcome = run(PLENTY, &[]);
    let captures = count(outcome.end(), 0, "captures");
    assert_eq!((captures, count(outcome.end(), 0, "pools")), (4, 1));
}

/// Memory that steps freed is released before a capture, so that the graph has as much memory as without them.
#[test]
fn freed_memory_is_released_before_a_capture() {
    let free = run(PLENTY, &[]);
    let limit = count(free.end(), 0, "peak");
    let tight = run(&format!("memory={limit}"), &[]);
    assert_eq!(count(tight.end(), 0, "captures"), count(free.end(), 0, "captures"));
    assert_eq!(tight.metrics(), free.metrics());
}
