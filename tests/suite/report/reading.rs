//! Unusable runs are listed with the reason, and averages are only over comparable runs.

use std::path::{Path, PathBuf};

use freezewise::error::UserError;
use freezewise::report::write;

use super::study::{Errors, FakeRun, Study, change};

fn level(test: f64) -> impl Fn(u64) -> Errors {
    move |_| Errors { train: 0.1, test, averaged: None, validation: None }
}

/// Changes one of three runs of a cell, and checks the reason why it is left out.
#[track_caller]
fn left_out(spoil: impl Fn(&Path), reason: &str) {
    let study = Study::new();
    let runs: Vec<PathBuf> = (0..3).map(|seed| study.run("sweep", &FakeRun::new(0, seed), level(0.5))).collect();
    spoil(&runs[1]);
    let written = study.report();
    assert_eq!((written.runs, written.left_out.len()), (2, 1), "{:?}", written.left_out);
    assert!(written.left_out[0].contains(reason), "{}", written.left_out[0]);
    assert!(study.read("index.html").contains("Left out") && study.read("report.md").contains("## Left out"));
}

#[test]
fn invalid_runs_are_left_out_with_a_reason() {
    let row = "target,7,700,0.1,0.5,,\n";
    let last = "target,40,4000,0.1,0.5,,\n";
    left_out(|run| change(run, "run.json", "finished", "running"), "still running");
    left_out(|run| change(run, "run.json", "finished", "diverged"), "diverged: no reason was recorded");
    left_out(|run| std::fs::remove_file(run.join("metrics.csv")).expect("a file"), "cannot read `metrics.csv`");
    left_out(|run| std::fs::remove_file(run.join("spec.toml")).expect("a file"), "cannot read `spec.toml`");
    left_out(|run| std::fs::write(run.join("run.json"), "{").expect("a file"), "no `run.json`");
    left_out(|run| std::fs::write(run.join("spec.toml"), "=").expect("a file"), "cannot read `spec.toml`");
    left_out(|run| std::fs::write(run.join("spec.toml"), "target = 3").expect("a file"), "has no `target.dataset`");
    left_out(|run| std::fs::write(run.join("metrics.csv"), [0xff, 0, 7]).expect("a file"), "it is not from freezewise");
    let spoil = |from: &'static str, to: &'static str| move |run: &Path| change(run, "metrics.csv", from, to);
    left_out(spoil(row, "target,7,700,0.1,NaN,,\n"), "`test_error` at epoch 7 is not in [0, 1]");
    left_out(spoil(row, "target,7,700,0.1,inf,,\n"), "`test_error` at epoch 7 is not in [0, 1]");
    left_out(spoil(row, "target,7,700,50,0.5,,\n"), "`train_error` at epoch 7 is not in [0, 1]");
    left_out(spoil(row, "target,7,700,0.1,0.5,-0.1,\n"), "`test_error_averaged` at epoch 7 is not in [0, 1]");
    left_out(spoil(last, ""), "ends at epoch 39, but the budget is 40");
    left_out(spoil(last, "target,40,40"), "`metrics.csv` is torn");
    left_out(spoil("phase,epoch", "time,value"), "has no column `epoch`");
    left_out(spoil(row, ""), "evaluated at 40 epochs, other runs of its cell at 41");
    left_out(spoil(row, "target,6,600,0.1,0.5,,\n"), "has epoch 6 out of order");
    left_out(spoil(row, "target,99999999999999999999,1,0.1,0.5,,\n"), "has a row without an epoch");
    left_out(spoil(row, "target,18446744073709551615,1,0.1,0.5,,\n"), "has a row without an epoch");
    let summary =
        |text: &'static str| move |run: &Path| std::fs::write(run.join("summary.json"), text).expect("a file");
    left_out(
        summary("{\"frozen_layers\": 0, \"last_test_error\": 41.5}"),
        "`last_test_error` of `summary.json` is not in [0, 1]",
    );
}

/// Runs of an older version have fewer columns and a shorter summary: missing values are computed from the curves, or
/// absent.
#[test]
fn an_older_version_is_read() {
    let study = Study::new();
    for seed in 0..2 {
        let run = study.run("sweep", &FakeRun::new(1, seed), level(0.25));
        let rows = (1..=40).map(|epoch| format!("{epoch},{},0.25\n", epoch * 100)).collect::<Vec<_>>().concat();
        std::fs::write(run.join("metrics.csv"), format!("epoch,step,test_error\n{rows}")).expect("a file");
        std::fs::write(run.join("run.json"), "{\"status\": \"finished\", \"epochs\": 40, \"steps\": 4000}")
            .expect("a file");
        std::fs::remove_file(run.join("summary.json")).expect("a file");
    }
    let written = study.report();
    assert_eq!((written.runs, written.left_out.len()), (2, 0), "{:?}", written.left_out);
    let page = study.read("report.md");
    assert!(
        page.contains(
            "| 1 | 2 | 25.0% (25.0%, 25.0%) | undecided | 25.0% (25.0%, 25.0%) | not reached | not reached |"
        ),
        "{page}"
    );
}

#[test]
fn without_runs_nothing_is_written() {
    let empty = tempfile::tempdir().expect("a folder");
    let out = empty.path().join("report");
    let error = write(&[empty.path()], &out).expect_err("no runs");
    assert!(error.to_string().starts_with("there are no runs in"), "{error}");
    let missing = empty.path().join("nowhere");
    assert!(write(&[&missing], &out).expect_err("no folder").to_string().ends_with("is not a folder"));
    let study = Study::new();
    let run = study.run("sweep", &FakeRun::new(0, 0), level(0.5));
    change(&run, "run.json", "finished", "failed");
    let error = write(&[&study.path("sweep")], &out).expect_err("a failed run");
    let hints = error.downcast_ref::<UserError>().expect("advice").hints().concat();
    assert!(error.to_string().starts_with("no run is finished and readable"), "{error}");
    assert!(hints.contains("failed: no reason was recorded"), "{hints}");
    assert!(!out.exists());
}

/// Cells of a sweep without a directory are listed too.
#[test]
fn missing_cells_are_named() {
    let study = Study::new();
    study.run("sweep", &FakeRun::new(0, 0), level(0.5));
    let sheet = "{\"cells\": {\"k0-n400-s9-0000000009\": {\"name\": \"frozen_layers=0,seed=9\"}}}";
    std::fs::write(study.path("sweep/sweep.json"), sheet).expect("a file");
    assert_eq!(study.report().left_out, ["frozen_layers=0,seed=9 (1 seed) was planned and not run"]);
    std::fs::write(study.path("sweep/sweep.json"), "[").expect("a file");
    assert!(study.report().left_out[0].starts_with("sweep: `sweep.json` is damaged"));
}

#[test]
fn other_settings_are_never_averaged() {
    let study = Study::new();
    for seed in 0..2 {
        study.run("sweep", &FakeRun::new(0, seed).with("target.dataset", "\"b\""), level(0.2));
        study.run("sweep", &FakeRun::new(0, seed).with("target.dataset", "\"c\""), level(0.4));
    }
    study.report();
    let page = study.read("report.md");
    assert!(page.contains("| target dataset = b | 0 | 2 | 20.0% (20.0%, 20.0%)"), "{page}");
    assert!(page.contains("| target dataset = c | 0 | 2 | 40.0% (40.0%, 40.0%)"), "{page}");
}

/// Of two runs with the same seeds one is used; a seed that lacks a number of frozen layers is only missing there.
#[test]
fn each_seed_counts_once_and_only_where_it_ran() {
    let study = Study::new();
    for layers in [2, 1, 0] {
        for seed in 0..3 {
            if (layers, seed) != (1, 2) {
                study.run("sweep", &FakeRun::new(layers, seed), level(0.1 * layers as f64 + 0.1));
            }
        }
    }
    // Threads do not matter: this run has the same seeds as another one.
    study.run("sweep-again", &FakeRun::new(0, 0).with("threads", 2), level(0.9));
    let written = study.report();
    assert_eq!(written.left_out.len(), 1, "{:?}", written.left_out);
    assert!(written.left_out[0].contains("another run of its cell has the same seeds (seed 0)"));
    let page = study.read("report.md");
    assert!(page.contains("| all | 3 | 30.0% ± 0.0") && page.contains("| 1 | 2 | 20.0% (20.0%, 20.0%)"), "{page}");
    assert!(page.contains("seed 2 left out: it lacks a number of frozen layers"), "{page}");
}

/// Cells that were not run are summarised by their values, not listed one by one.
#[test]
fn cells_that_were_not_run_are_summarised() {
    let study = Study::new();
    let begun = FakeRun::new(0, 0);
    study.run("sweep", &begun, level(0.5));
    let mut cells = vec![(begun.name(), "0", 0)];
    cells
        .extend(["14", "7", "11"].into_iter().flat_map(|k| (0..8).map(move |seed| (format!("k{k}-s{seed}"), k, seed))));
    cells.extend((1..4).map(|seed| (format!("k0-s{seed}"), "0", seed)));
    let cells: serde_json::Map<String, serde_json::Value> = cells
        .into_iter()
        .map(|(name, k, seed)| (name, serde_json::json!({ "name": "n", "values": [k, seed.to_string()] })))
        .collect();
    let sheet = serde_json::json!({ "axes": ["transfer.frozen_layers", "seed"], "cells": cells });
    std::fs::write(study.path("sweep/sweep.json"), sheet.to_string()).expect("a file");
    let sentences =
        ["k = 14, 11 and 7 (8 seeds each) were planned and not run", "k = 0 (3 of 4 seeds) were planned and not run"];
    assert_eq!(study.report().left_out, sentences);
    let page = study.read("report.md");
    assert!(page.matches("planned and not run").count() == 4, "{page}");
}

/// Train error is the mean of the last five epochs where each was measured. Where not, the median of the last one: a spike
/// of one seed moves a mean, and intervals do not go below 0.
#[test]
fn a_spike_of_one_seed_does_not_make_a_negative_train_error() {
    let study = Study::new();
    for seed in 0..8 {
        let spikes = seed == 1;
        let run = study.run("sweep", &FakeRun::new(0, seed), |epoch| Errors {
            train: if epoch < 10 {
                0.5
            } else if spikes && epoch > 38 {
                0.08
            } else {
                0.0
            },
            test: 0.4,
            ..Errors::default()
        });
        if seed == 0 {
            let table = std::fs::read_to_string(run.join("metrics.csv")).expect("a table");
            std::fs::write(run.join("metrics.csv"), table.replace("target,38,3800,0,", "target,38,3800,,"))
                .expect("a file");
        }
    }
    study.report();
    let page = study.read("report.md");
    assert!(page.contains("| 0.0% (7 of 8 at most 1%) | 10 (8 of 8 seeds) |"), "{page}");
    // Augmentation and dropout are off, and no label is corrupted: their seeds vary nothing.
    assert!(
        page.contains("seeds that vary within a cell: source, init, subset and order. All runs share one test set."),
        "{page}"
    );
    let legends = [
        "Interpolates: the first epoch with a train error of at most 1%",
        "Regime, under this procedure and budget",
        "the median over seeds",
    ];
    assert!(legends.into_iter().all(|legend| page.contains(legend)), "{page}");
    let exact = Study::new();
    for seed in 0..8 {
        let spikes = seed == 1;
        exact.run("sweep", &FakeRun::new(0, seed), |epoch| Errors {
            train: if spikes && epoch > 38 { 0.08 } else { 0.0 },
            test: 0.4,
            ..Errors::default()
        });
    }
    exact.report();
    // Two of the last five epochs of one of eight seeds: 0.08 · 2 / 5 / 8 = 0.4%; the interval would start below 0.
    assert!(exact.read("report.md").contains("| 0.4% (0.0%, 3.2%) |"), "{}", exact.read("report.md"));
}
