//! Results of sweeps: states of cells, tables, lean runs and archives.

use std::collections::{BTreeSet, HashMap};

use super::super::program::{Place, json};
use super::{place, runs, states, sweep};

fn finished() -> Place {
    let place = place();
    let answer = sweep(&place, &["--jobs", "2"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    place
}

#[test]
fn a_finished_sweep_is_listed_compared_collected_and_pruned() {
    let place = finished();
    let status = place.freezewise(&["status", "runs/spec"]);
    assert_eq!(status.stdout.trim(), "6 runs: 6 done");
    let status: serde_json::Value =
        serde_json::from_str(&place.freezewise(&["status", "--json"]).stdout).expect("JSON");
    assert_eq!(status["runs"].as_array().map(Vec::len), Some(6));
    assert_eq!(status["runs"][0]["state"], "done");
    compared(&place);
    collected(&place);
    // Lean runs count as finished for runs, sweeps and tables.
    let table = place.freezewise(&["collect", "runs/spec"]).stdout;
    let dry = place.freezewise(&["prune", "runs/spec", "--dry-run"]);
    assert!(dry.stdout.starts_with("6 runs, ") && runs(&place)[0].join("weights.safetensors").is_file());
    let pruned = place.freezewise(&["prune", "runs/spec"]);
    assert!(pruned.stdout.starts_with("6 runs, ") && pruned.stdout.contains("freed"), "{}", pruned.stdout);
    for run in runs(&place) {
        assert!(!run.join("weights.safetensors").exists() && !run.join("checkpoint").exists());
        assert!(run.join("metrics.csv").is_file() && run.join("spec.toml").is_file());
    }
    assert!(states(&place).values().all(|state| state == "done"));
    assert_eq!(place.freezewise(&["collect", "runs/spec"]).stdout, table);
    let spec = runs(&place)[0].join("spec.toml").display().to_string();
    let again = place.freezewise(&["run", &spec]);
    assert!(again.code == 0 && again.stderr.contains("already finished"), "{}", again.stderr);
    archived(&place);
}

fn compared(place: &Place) {
    let answer = place.freezewise(&["compare", "runs/spec", "--format", "csv", "--sort", "seed"]);
    let mut reader = csv::Reader::from_reader(answer.stdout.as_bytes());
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(&header[..3], ["seed", "seeds.source", "transfer.frozen_layers"], "only what differs");
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    assert_eq!(rows.iter().map(|row| &row[0]).collect::<Vec<_>>(), ["0", "0", "0", "1", "1", "1"]);
    let at = header.iter().position(|name| name == "last_test_error").expect("the column");
    let directory = place.path(&rows[0][header.len() - 1]);
    let expected = json(&directory.join("summary.json"))["last_test_error"].as_f64().expect("a number");
    assert_eq!(rows[0][at].parse(), Ok(expected));
    let markdown = place.freezewise(&["compare", "runs/spec", "--format", "markdown"]).stdout;
    assert_eq!(markdown.lines().count(), 8, "{markdown}");
    let wrong = place.freezewise(&["compare", "runs/spec", "--sort", "last_test_eror"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean `last_test_error`?"), "{}", wrong.stderr);
}

fn collected(place: &Place) {
    let answer = place.freezewise(&["collect", "runs/spec"]);
    let mut reader = csv::Reader::from_reader(answer.stdout.as_bytes());
    let rows: Vec<HashMap<String, String>> = reader.deserialize().collect::<Result<_, _>>().expect("rows");
    assert_eq!(rows.len(), 6 * 4, "four epochs of six runs");
    let last = rows.iter().find(|row| row["seed"] == "1" && row["frozen_layers"] == "2" && row["epoch"] == "3");
    let last = last.expect("the row");
    assert_eq!((last["seeds.source"].as_str(), last["status"].as_str()), ("1", "finished"));
    let own = super::super::program::metrics(&place.path(&last["directory"]));
    assert_eq!(last["test_error"], own[3]["test_error"]);
}

/// A copy of lean runs works in another folder.
fn archived(place: &Place) {
    let other = super::place();
    let archive = place.path("runs/spec").display().to_string();
    let answer = sweep(&other, &["--archive", &archive]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("6 cells copied from"), "{}", answer.stderr);
    assert!(!other.path("runs/sources").exists(), "no source is needed");
    assert!(states(&other).values().all(|state| state == "done"));
}

#[test]
fn a_damaged_table_in_an_archive_is_named() {
    let place = finished();
    let table = runs(&place)[2].join("metrics.csv");
    let whole = std::fs::read_to_string(&table).expect("a table");
    for end in [whole.len() - 2, whole.len() - 20, whole.rfind("target,2,").expect("a row")] {
        std::fs::write(&table, &whole[..end]).expect("a table");
        let answer = sweep(&super::place(), &["--archive", &place.path("runs/spec").display().to_string()]);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains("metrics.csv` is damaged"), "{}", answer.stderr);
    }
}

#[test]
fn cells_in_another_precision_are_not_mixed_into_a_sweep() {
    let place = finished();
    for run in runs(&place) {
        let path = run.join("run.json");
        let text = std::fs::read_to_string(&path).expect("a record");
        let own = json(&path)["compute"]["precision"].as_str().expect("a precision").to_owned();
        let other = if own == "fp32" { "bf16" } else { "fp32" };
        let (from, to) = (format!("\"precision\": \"{own}\""), format!("\"precision\": \"{other}\""));
        std::fs::write(&path, text.replace(&from, &to)).expect("a record");
    }
    let answer = sweep(&super::place(), &["--archive", &place.path("runs/spec").display().to_string()]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("was computed in"), "{}", answer.stderr);
    let answer = sweep(&place, &[]);
    let note = "note: 6 finished cells were computed in another precision than this sweep's";
    assert!(answer.code == 0 && answer.stderr.contains(note), "{}", answer.stderr);
}

#[test]
fn more_values_keep_finished_cells_and_fewer_exclude_them() {
    let place = finished();
    let spec = place.read("spec.toml");
    let fewer = spec.replace("[0, 2, \"all\"]", "[0, 1]");
    place.write("spec.toml", fewer.replace("[sweep.axes]", "[sweep.axes]\ntarget.train.label_smoothing = [0.0]"));
    let mut by_state = states(&place);
    by_state.retain(|_, state| state == "done");
    assert_eq!(by_state.len(), 2, "frozen_layers=0 of two seeds");
    assert_eq!(sweep(&place, &["--jobs", "2"]).code, 0);
    let status = place.freezewise(&["status", "runs/spec", "--all"]).stdout;
    assert!(status.starts_with("8 runs: 8 done; 4 outside the grid"), "{status}");
    // A cell outside the grid has its own values and none on the new axis.
    let table = place.freezewise(&["collect", "runs/spec"]).stdout;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<HashMap<String, String>> = reader.deserialize().collect::<Result<_, _>>().expect("rows");
    let values = |layers: &str| -> BTreeSet<[&str; 2]> {
        let of = rows.iter().filter(|row| row["frozen_layers"] == layers);
        of.map(|row| ["seeds.source", "target.train.label_smoothing"].map(|key| row[key].as_str())).collect()
    };
    assert_eq!(values("2"), [["0", ""], ["1", ""]].into());
    assert_eq!(values("1"), [["0", "0.0"], ["1", "0.0"]].into());
    place.write("spec.toml", &fewer);
    place.write("spec.toml", spec.replace("epochs = 3", "epochs = 5"));
    assert!(states(&place).values().all(|state| state == "waiting"), "a longer budget is the same run");
    assert_eq!(sweep(&place, &["--jobs", "2"]).code, 0);
    let unbroken = Place::with(&place.read("spec.toml"));
    assert_eq!(sweep(&unbroken, &["--jobs", "2"]).code, 0);
    for (name, product) in super::products(&unbroken) {
        assert!(super::products(&place)[&name] == product, "{name}");
    }
}

/// Other `evaluate` and `branches` keys name the same runs. Finished cells get branches without training; those with another
/// schedule, and pruned ones, stay as they are and are counted.
#[test]
fn finished_cells_get_branches_and_keep_their_schedule() {
    let place = finished();
    let branches = ["--jobs", "2", "--set", "branches.at=[3]"];
    let row = |place: &Place, what: &str| -> String {
        let answer = sweep(place, &["--dry-run", "--set", "branches.at=[3]"]);
        let line = answer.stdout.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
        line.trim().to_owned()
    };
    assert_eq!(row(&place, "cells done, but without branches"), "6");
    assert_eq!(row(&place, "shared sources"), "2, 0 to train");
    assert_eq!(row(&super::place(), "shared sources"), "2, 2 to train");
    let again = sweep(&place, &branches);
    assert!(again.code == 0 && again.stderr.starts_with("6 cells, 2 sources\n"), "{}", again.stderr);
    assert_eq!(again.stderr.matches("done     ").count(), 6, "{}", again.stderr);
    for run in runs(&place) {
        let log = std::fs::read_to_string(run.join("log.txt")).expect("a log");
        assert!(run.join("branches.csv").is_file() && log.contains("target: resuming after epoch 3"), "{log}");
    }
    let third = sweep(&place, &branches);
    assert!(third.stderr.starts_with("6 cells, 2 sources, 6 already done\n"), "{}", third.stderr);
    let note = "6 already done\nnote: 6 finished cells were measured with other";
    let schedule = sweep(&place, &["--set", "evaluate.every=3"]);
    assert!(schedule.code == 0 && schedule.stderr.contains(note), "{}", schedule.stderr);
    assert_eq!(place.freezewise(&["prune", "runs/spec"]).code, 0);
    let pruned = sweep(&place, &["--set", "branches.at=[2]"]);
    assert!(pruned.code == 0 && pruned.stderr.contains(note), "{}", pruned.stderr);
}
