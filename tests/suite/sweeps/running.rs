//! Each cell is trained once, whatever interrupts the sweep.

use std::process::{Child, Command, Stdio};

use super::super::program::{Place, json};
use super::super::reliability::{end, product, signal, wait_until};
use super::{place, products, runs, states, sweep};

#[test]
fn every_cell_and_every_source_is_trained_once() {
    let place = place();
    let before = states(&place);
    assert_eq!(before.len(), 6);
    assert!(before.values().all(|state| state == "waiting"), "{before:?}");
    let answer = sweep(&place, &["--jobs", "2"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_eq!(answer.stdout.trim(), "runs/spec");
    let ended = |line: &str| line.starts_with("done ");
    assert_eq!(answer.stderr.lines().filter(|line| ended(line)).count(), 8, "{}", answer.stderr);
    let first = answer.stderr.lines().position(|line| line.contains("frozen_layers")).expect("a cell");
    let sources: Vec<usize> = answer
        .stderr
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("source e") || line.contains("done     source"))
        .map(|(at, _)| at)
        .collect();
    assert!(sources.iter().any(|at| *at < first), "a source comes first:\n{}", answer.stderr);
    assert_eq!(std::fs::read_dir(place.path("runs/sources")).expect("sources").count(), 2);
    // A cell is byte-identical to a single run with the same values.
    let single = Place::with(super::super::reliability::SMALL);
    let alone = single.run(&["transfer.frozen_layers=2", "seed=1", "seeds.source=1", "threads=1"]);
    let name = alone.file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(products(&place)[&name], product(&alone));
    let again = sweep(&place, &["--jobs", "2"]);
    assert_eq!(again.code, 0);
    assert!(again.stderr.contains("6 cells, 2 sources, 6 already done"), "{}", again.stderr);
    assert!(!again.stderr.contains("done     "), "{}", again.stderr);
}

#[test]
fn shards_of_a_sweep_equal_the_whole() {
    let whole = place();
    assert_eq!(sweep(&whole, &["--jobs", "2"]).code, 0);
    let parts = place();
    assert_eq!(sweep(&parts, &["--only", "sources"]).code, 0);
    assert!(runs_of(&parts).is_empty());
    for arguments in [&["--index", "0", "--count", "2"][..], &["--index", "2", "--count", "2"], &["--shard", "2/3"]] {
        assert_eq!(sweep(&parts, arguments).code, 0, "{arguments:?}");
    }
    let counted = states(&parts).into_values().filter(|state| state == "done").count();
    assert_eq!(counted, 4, "cells 0, 1, 4 and 5 by index, 1 and 4 by shard");
    let variables = [("MY_TASK", "1")];
    let arguments = ["sweep", "spec.toml", "--index-env", "MY_TASK", "--count", "2"];
    assert_eq!(parts.freezewise_with(&variables, &arguments).code, 0);
    assert_eq!(products(&parts), products(&whole));
    assert_eq!(sweep(&parts, &["--index", "6"]).code, 2);
}

fn runs_of(place: &Place) -> Vec<std::path::PathBuf> {
    if place.path("runs/spec").is_dir() { runs(place) } else { Vec::new() }
}

#[test]
fn exported_lines_make_the_same_runs() {
    let place = place();
    let answer = sweep(&place, &["--export", "lines"]);
    assert_eq!(answer.stdout.lines().count(), 8, "{}", answer.stdout);
    assert_eq!(place.freezewise(&["status"]).stdout.lines().next(), Some("6 runs: 6 waiting"));
    let script = place.write("cells.sh", &answer.stdout);
    // Another start with another spec does not change what these lines run.
    let spec = place.read("spec.toml");
    let longer = spec.replace("epochs = 3", "epochs = 5");
    place.write("spec.toml", format!("{longer}target.train.label_smoothing = [0.0]\n"));
    assert_eq!(sweep(&place, &["--export", "lines"]).code, 0);
    place.write("spec.toml", spec);
    // In any order: a cell trains its source if necessary.
    let shell = "sort -r cells.sh | xargs -P 2 -I LINE sh -c LINE";
    let mut command = Command::new("sh");
    let status = command.args(["-c", shell]).current_dir(place.path("")).env("OMP_NUM_THREADS", "1").status();
    assert!(status.expect("a shell").success(), "{}", script.display());
    assert!(states(&place).values().all(|state| state == "done"), "{:?}", states(&place));
}

#[test]
fn a_diverged_cell_is_a_result_and_a_failed_one_shows_its_log() {
    let spec = super::super::reliability::SMALL;
    let axes = "[sweep.axes]\ntarget.train.learning_rate = [1e-2, 1e30]\ntarget.train.optimizer = [\"sgd\"]\n";
    let place = Place::with(&format!("{spec}{axes}"));
    let answer = sweep(&place, &["--jobs", "1"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("diverged learning_rate=1e30,optimizer=sgd: "), "{}", answer.stderr);
    let again = sweep(&place, &["--jobs", "1"]);
    assert!(again.code == 0 && !again.stderr.contains("diverged learning_rate"), "not tried again: {}", again.stderr);
    // A cell whose directory is a file fails; the others do not.
    let place = super::place();
    let list = sweep(&place, &["--list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).expect("JSON");
    let directory = place.path(list[1]["directory"].as_str().expect("a path"));
    std::fs::create_dir_all(directory.parent().expect("a folder")).expect("a folder");
    std::fs::write(&directory, "in the way").expect("a file");
    let answer = sweep(&place, &["--jobs", "2"]);
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert_eq!(answer.stderr.matches("failed   ").count(), 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("    | error: "), "the end of its log: {}", answer.stderr);
    assert_eq!(states(&place).into_values().filter(|state| state == "done").count(), 5);
    std::fs::remove_file(&directory).expect("it is a file");
    assert_eq!(sweep(&place, &["--retry-failed"]).code, 0);
    // With --fail-fast no cell starts after the first failure.
    let place = super::place();
    std::fs::create_dir_all(directory_of(&place, 0).parent().expect("a folder")).expect("a folder");
    std::fs::write(directory_of(&place, 0), "in the way").expect("a file");
    let answer = sweep(&place, &["--jobs", "1", "--fail-fast"]);
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert!(runs_of(&place).is_empty());
}

/// Cells whose source failed say so, and a second attempt does not repeat the first one's error.
#[test]
fn cells_without_data_say_what_is_missing() {
    let spec = "image_size = 8\n[network]\nwidth = 1\n[source]\ndataset = \"cifar10\"\n[target]\ndataset = \"cifar100\"\n\
                [sweep.axes]\nseed = [0, 1]\n";
    let place = Place::with(spec);
    let note = "note: cifar10, cifar100 are not in `data`: `freezewise data fetch cifar10 cifar100` downloads what is missing\n";
    for arguments in [&["check", "spec.toml"][..], &["sweep", "spec.toml", "--dry-run"]] {
        let answer = place.freezewise(arguments);
        assert_eq!((answer.code, answer.stderr.as_str()), (0, note));
    }
    for _ in 0..2 {
        let answer = sweep(&place, &[]);
        assert_eq!(answer.stderr.matches("    | error: cannot train the source").count(), 1, "{}", answer.stderr);
    }
    let status = place.freezewise(&["status", "runs/spec"]).stdout;
    let waiting = status.lines().filter(|line| line.contains("waiting") && line.contains("CIFAR-10 is not in `data`"));
    assert_eq!(waiting.count(), 2, "{status}");
}

pub fn directory_of(place: &Place, cell: usize) -> std::path::PathBuf {
    let list = sweep(place, &["--list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).expect("JSON");
    place.path(list[cell]["directory"].as_str().expect("a path"))
}

/// A sweep of one endless cell at a time.
pub fn endless() -> Place {
    let spec = super::super::reliability::endless();
    Place::with(&format!("{spec}[sweep.axes]\nseed = [0, 1]\n"))
}

pub fn start(place: &Place, arguments: &[&str]) -> Child {
    start_with(place, &[], arguments)
}

pub fn start_with(place: &Place, variables: &[(&str, &str)], arguments: &[&str]) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("freezewise"));
    command.current_dir(place.path("")).env("OMP_NUM_THREADS", "1").args(["sweep", "spec.toml"]).args(arguments);
    command.envs(variables.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

pub fn wait_for_rows(place: &Place, cells: usize) {
    wait_until("rows", || {
        let has_rows = |run: &std::path::PathBuf| {
            std::fs::read_to_string(run.join("metrics.csv")).is_ok_and(|table| table.lines().count() > 3)
        };
        runs_of(place).iter().filter(|run| has_rows(run)).count() >= cells
    });
}

#[test]
fn a_cell_over_its_time_limit_is_stopped_and_failed() {
    let place = endless();
    let answer = sweep(&place, &["--cell-time", "3s", "--jobs", "2"]);
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert_eq!(answer.stderr.matches("stopped: `--cell-time` reached").count(), 2, "{}", answer.stderr);
    assert!(states(&place).values().all(|state| state == "stopped"), "with checkpoints: {:?}", states(&place));
}

#[test]
fn a_stopped_sweep_leaves_every_cell_resumable() {
    let place = endless();
    let child = start(&place, &["--jobs", "2"]);
    wait_for_rows(&place, 2);
    // A scheduler may send both signals: they count as one stop.
    signal(&child, "INT");
    signal(&child, "TERM");
    let answer = end(child);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("stopped by SIG") && answer.stderr.contains("2 cells not finished"),
        "{}",
        answer.stderr
    );
    assert!(states(&place).values().all(|state| state == "stopped"), "{:?}", states(&place));
    for run in runs(&place) {
        assert!(run.join("checkpoint").is_dir());
    }
    let shorter = place.read("spec.toml");
    let epochs = runs(&place)
        .iter()
        .map(|run| std::fs::read_to_string(run.join("metrics.csv")).expect("rows").lines().count())
        .max();
    let budget = format!("epochs = {}", epochs.expect("a run") + 20);
    place.write("spec.toml", shorter.replace("epochs = 1000000", &budget));
    assert_eq!(sweep(&place, &["--jobs", "2"]).code, 0);
    let unbroken = Place::with(&place.read("spec.toml"));
    assert_eq!(sweep(&unbroken, &["--jobs", "1"]).code, 0);
    assert_eq!(products(&place), products(&unbroken));
}

#[test]
fn cells_stop_when_their_sweep_is_killed() {
    let place = endless();
    let mut child = start(&place, &["--jobs", "2"]);
    wait_for_rows(&place, 2);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    wait_until("cells stop", || states(&place).values().all(|state| state == "stopped"));
}

#[test]
fn a_cell_locked_by_another_process_is_skipped() {
    let place = endless();
    let other = start(&place, &["--index", "0"]);
    wait_for_rows(&place, 1);
    let second = start(&place, &["--jobs", "2"]);
    wait_for_rows(&place, 2);
    signal(&other, "TERM");
    end(other);
    signal(&second, "TERM");
    let answer = end(second);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("locked   seed=0"), "{}", answer.stderr);
    assert_eq!(json(&runs(&place)[0].join("run.json"))["restarts"].as_array().map_or(0, Vec::len), 0);
}
