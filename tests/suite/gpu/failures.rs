//! A device that runs out of memory or is lost: the error says what to do, and the run can be resumed.

use super::{Outcome, Run, count};
use crate::program::{Place, json};

/// Without a source, so that only the target needs memory.
const ALONE: &str = r#"
image_size = 16
device = "cuda"
precision = "fp32"
[network]
width = 4
[target]
dataset = "synthetic"
train_size = 80
[target.train]
epochs = 2
learning_rate = 1e-2
batch_size = 10
[compute]
evaluation_batch = 40
graph = "off"
cache = "off"
[transfer]
frozen_layers = 2
frozen_norm = "target"
[checkpoint]
every_epochs = 1
time_share = 1.0
"#;

/// Bytes held between epochs, and peak.
fn memory(sets: &[&str]) -> [i64; 2] {
    let outcome = Run::new(&Place::with(ALONE), "runs", sets).done();
    ["held", "peak"].map(|name| count(&outcome.epochs(1)[0], 0, name))
}

fn limited(place: &Place, sets: &[&str], bytes: i64) -> Outcome {
    Run::new(place, "runs", sets).with(&format!("memory={bytes}")).start()
}

/// Checks the error and its hints, and that nothing is damaged.
fn assert_out_of_memory(place: &Place, outcome: &Outcome, advice: [&str; 3]) {
    let told = &outcome.answer.stderr;
    assert_eq!(outcome.answer.code, 1, "{told}");
    assert!(told.contains("CUDA out of memory") && !told.contains("panicked"), "{told}");
    for part in advice {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
    let run = only_run(place);
    assert_eq!(json(&run.join("run.json"))["status"], "failed");
    let error = std::fs::read_to_string(run.join("error.txt")).expect("error.txt");
    assert!(error.contains(advice[0]), "{error}");
    assert_eq!(count(outcome.end(), 0, "held"), 0, "memory that a failed run still holds");
}

fn only_run(place: &Place) -> std::path::PathBuf {
    let mut runs = std::fs::read_dir(place.path("runs/spec")).expect("runs");
    let run = runs.next().expect("a run").expect("a folder").path();
    assert!(runs.next().is_none(), "there are several runs");
    run
}

#[test]
fn too_little_memory_to_train_names_the_batch() {
    let sets = ["target.train.batch_size=80"];
    let [held, peak] = memory(&sets);
    let place = Place::with(ALONE);
    let outcome = limited(&place, &sets, i64::midpoint(held, peak));
    assert_out_of_memory(
        &place,
        &outcome,
        [
            "memory ran out while training",
            "a smaller `batch_size` (starts a new run)",
            "run the same command again to resume",
        ],
    );
    let smaller = limited(&place, &[], i64::midpoint(held, peak));
    assert_eq!(smaller.answer.code, 0, "{}", smaller.answer.stderr);
    assert_ne!(smaller.directory.file_name(), only_failed(&place).file_name(), "another batch size is another run");
}

/// The failed one of two runs.
fn only_failed(place: &Place) -> std::path::PathBuf {
    let runs = std::fs::read_dir(place.path("runs/spec")).expect("runs").map(|entry| entry.expect("a folder").path());
    let mut failed = runs.filter(|run| json(&run.join("run.json"))["status"] == "failed");
    failed.next().expect("one failed")
}

#[test]
fn too_little_memory_to_evaluate_names_the_evaluation_batch_and_the_run_resumes() {
    let many = ["compute.evaluation_batch=2000"];
    let [held, peak] = memory(&many);
    let unbroken = Run::new(&Place::with(ALONE), "runs", &[]).done();
    let place = Place::with(ALONE);
    let outcome = limited(&place, &many, i64::midpoint(held, peak));
    assert_out_of_memory(
        &place,
        &outcome,
        [
            "memory ran out while evaluating",
            "a smaller `compute.evaluation_batch` (continues this run)",
            "run the same command again to resume",
        ],
    );
    let again = limited(&place, &[], i64::midpoint(held, peak));
    assert_eq!(again.answer.code, 0, "{}", again.answer.stderr);
    assert_eq!(again.directory, only_run(&place));
    assert_eq!(again.metrics(), unbroken.metrics());
}

#[test]
fn frozen_layers_that_do_not_fit_are_computed_in_every_step() {
    // Without the cache an evaluation needs most memory; the cache needs about as much again.
    let uncached = ["compute.evaluation_batch=1000"];
    let cached = ["compute.evaluation_batch=1000", "compute.cache=auto"];
    let ([held, peak], [held_cached, _]) = (memory(&uncached), memory(&cached));
    let (activations, kept) = (peak - held, held_cached - held);
    let unbroken = Run::new(&Place::with(ALONE), "runs", &uncached).done();
    // A cache above half of the free memory is not tried; one slightly below is tried and does not fit.
    let tight = (held + 3 * kept / 2, "limit is half of the free");
    let tried = (held + (activations + kept) * 19 / 20, "memory ran out while");
    assert!(tried.0 - held > 2 * kept && tried.0 > peak, "{activations} bytes of activations, {kept} of cache");
    for (limit, said) in [tight, tried] {
        let place = Place::with(ALONE);
        let limit = limit.max(peak);
        let outcome = limited(&place, &cached, limit);
        assert_eq!(outcome.answer.code, 0, "{}", outcome.answer.stderr);
        let log = std::fs::read_to_string(outcome.directory.join("log.txt")).expect("log.txt");
        assert!(log.contains("prefix cache off: ") && log.contains(said), "{said}: {log}");
        assert_eq!(outcome.metrics(), unbroken.metrics());
        // Extended where there is enough memory, it computes as before.
        Run::new(&place, "runs", &[&cached[..], &["target.train.epochs=3"]].concat()).done();
        let log = std::fs::read_to_string(outcome.directory.join("log.txt")).expect("log.txt");
        assert!(log.contains("resuming after epoch 2") && !log.contains("prefix cache on"), "{log}");
    }
}

#[test]
fn a_graph_that_does_not_fit_falls_back_to_eager_steps() {
    let sets = ["target.train.epochs=5", "target.train.batch_size=80"];
    let captured = [&sets[..], &["compute.graph=auto"]].concat();
    let ([_, eager], [_, graph]) = (memory(&sets), memory(&captured));
    let place = Place::with(ALONE);
    // Close to the larger limit, because evaluations are captured too.
    let outcome = limited(&place, &captured, graph - (graph - eager) / 8);
    assert_eq!(outcome.answer.code, 0, "{}", outcome.answer.stderr);
    let log = std::fs::read_to_string(outcome.directory.join("log.txt")).expect("log.txt");
    assert!(log.contains("cannot be captured as a CUDA graph and runs operator by operator: memory ran out"), "{log}");
    assert_eq!(outcome.metrics(), Run::new(&Place::with(ALONE), "runs", &sets).done().metrics());
}

/// The device is lost after a number of operators: in a step, a graph or an evaluation.
#[test]
fn a_run_resumes_after_a_lost_device() {
    for (graph, shares) in [("compute.graph=auto", &[3, 7][..]), ("compute.graph=off", &[5])] {
        let sets = ["target.train.epochs=4", "compute.cache=auto", graph];
        let unbroken = Run::new(&Place::with(ALONE), "runs", &sets).done();
        let operators = unbroken.end()["operators"].as_i64().expect("a number");
        for share in shares {
            let place = Place::with(ALONE);
            let lost = format!("lose_after={}", operators * share / 10);
            let outcome = Run::new(&place, "runs", &sets).with(&lost).start();
            let told = &outcome.answer.stderr;
            assert_eq!(outcome.answer.code, 1, "{told}");
            assert!(told.contains("unspecified launch failure") && !told.contains("panicked"), "{told}");
            assert!(
                told.contains("the device failed") && told.contains("run the same command again to resume"),
                "{told}"
            );
            let again = Run::new(&place, "runs", &sets).done();
            assert_eq!(again.metrics(), unbroken.metrics(), "{graph}, {lost}");
        }
    }
}
