//! `freezewise probe`.

use std::path::{Path, PathBuf};

use freezewise::run::hold;
use freezewise::rundir::{PROBE_COLUMNS, ProbeRow};
use serde_json::Value;

use super::program::{Answer, Place, TINY};

const LAYERS: usize = 9;
const KEEP: &str = "checkpoint.keep=[1]";

fn probe(place: &Place, arguments: &[&str]) -> Answer {
    let answer = place.freezewise(&[&["probe"], arguments].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    answer
}

/// The only `probes.csv` in the folder of runs.
fn file(place: &Place) -> PathBuf {
    let runs = std::fs::read_dir(place.path("runs/spec")).expect("runs");
    let mut files = runs.map(|run| run.expect("a folder").path().join("probes.csv")).filter(|path| path.exists());
    let file = files.next().expect("a file");
    assert!(files.next().is_none(), "there are two");
    file
}

fn rows(path: &Path) -> Vec<ProbeRow> {
    freezewise::rundir::read(path).expect("whole rows")
}

/// How many rows have been computed so far, according to the log.
fn computed(path: &Path) -> usize {
    let log = std::fs::read_to_string(path.with_file_name("probe-log.txt")).expect("a log");
    log.lines().filter(|line| line.contains("nearest neighbours")).count()
}

#[test]
fn every_layer_of_the_source_and_of_kept_epochs_is_probed() {
    let place = Place::with(TINY);
    let directory = place.run(&[KEEP]);
    let metrics = std::fs::read(directory.join("metrics.csv")).expect("metrics.csv");
    let answer = probe(&place, &["spec.toml", "--set", KEEP]);
    for part in ["layer4.1", "target epoch 3", "20 nearest", "errors on 2,000 test images", "80 training images"] {
        assert!(answer.stdout.contains(part), "{part}\n{}", answer.stdout);
    }
    assert!(
        answer.stderr.contains("source · stem · linear") && answer.stderr.contains("probes.csv"),
        "{}",
        answer.stderr
    );
    let path = directory.join("probes.csv");
    let header = std::fs::read_to_string(&path).expect("a table");
    let names: Vec<&str> = PROBE_COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(header.lines().next(), Some(names.join(",").as_str()));
    let rows = rows(&path);
    let of = |network: &str, epoch: Option<u64>| -> Vec<&ProbeRow> {
        let found: Vec<&ProbeRow> = rows.iter().filter(|row| row.network == network && row.epoch == epoch).collect();
        assert_eq!(found.iter().map(|row| row.layer).collect::<Vec<_>>(), (1..=LAYERS).collect::<Vec<_>>());
        found
    };
    let [source, first, last] = [of("source", None), of("target", Some(1)), of("target", Some(3))];
    assert_eq!(rows.len(), 3 * LAYERS);
    assert_eq!(source.iter().map(|row| row.features).collect::<Vec<_>>(), [2, 2, 2, 4, 4, 8, 8, 16, 16]);
    let measured = |row: &ProbeRow| ProbeRow { network: String::new(), epoch: None, ..row.clone() };
    for ((source, first), last) in source.iter().zip(&first).zip(&last) {
        // Frozen layers are still the source's, and images are normalised as the source's.
        let same = measured(source) == measured(first) && measured(first) == measured(last);
        assert_eq!(same, source.layer <= 4, "{source:?}\n{last:?}");
    }
    for row in &rows {
        let errors = [row.linear_error, row.unpenalised_error, row.knn_error];
        // 2,000 images of ten classes.
        assert!(
            errors.iter().all(|error| (0.3..1.0).contains(error) && (error * 2000.0).fract().abs() < 1e-6),
            "{row:?}"
        );
        assert!(row.penalty > 0.0 && row.linear_fit == "converged", "{row:?}");
        assert!(row.unpenalised_train_error <= row.linear_train_error + 0.1, "{row:?}");
    }
    // The training itself is unchanged.
    assert_eq!(std::fs::read(directory.join("metrics.csv")).expect("metrics.csv"), metrics);
}

#[test]
fn a_finished_row_is_not_computed_again() {
    let place = Place::with(TINY);
    // Without a run, only the source is trained.
    let first = probe(&place, &["spec.toml", "--json"]);
    let path = file(&place);
    let whole = std::fs::read_to_string(&path).expect("a table");
    assert_eq!((rows(&path).len(), computed(&path)), (LAYERS, LAYERS));
    assert_eq!(probe(&place, &["spec.toml", "--json", "--quiet"]).stdout, first.stdout);
    assert_eq!(computed(&path), LAYERS);
    // Two rows are lost and one is torn.
    let cut: usize = whole.lines().take(LAYERS - 1).map(|line| line.len() + 1).sum();
    std::fs::write(&path, &whole[..cut + 9]).expect("written");
    assert_eq!(probe(&place, &["spec.toml", "--json"]).stdout, first.stdout);
    assert_eq!((computed(&path), std::fs::read_to_string(&path).expect("a table")), (LAYERS + 2, whole.clone()));
    // Once there is a run, the requested epochs of it are added.
    place.run(&[]);
    assert_eq!(probe(&place, &["spec.toml", "--json", "--epochs", "none"]).stdout, first.stdout);
    probe(&place, &["spec.toml", "--epochs", "3"]);
    assert_eq!((computed(&path), rows(&path).len()), (2 * LAYERS + 2, 2 * LAYERS));
    assert!(std::fs::read_to_string(&path).expect("a table").starts_with(&whole));
}

#[test]
fn rows_of_another_granularity_are_replaced() {
    let place = Place::with(&TINY.replace("frozen_layers = 4", "frozen_layers = 0"));
    let directory = place.run(&[]);
    let path = directory.join("probes.csv");
    let run = directory.to_str().expect("text");
    probe(&place, &[run]);
    let blocks = std::fs::read(&path).expect("a table");
    probe(&place, &[run, "--set", "transfer.granularity=sublayer"]);
    let names: Vec<String> = rows(&path).into_iter().map(|row| row.layer_name).collect();
    assert_eq!(names.len(), 2 * 17);
    assert_eq!(names.iter().filter(|name| *name == "layer1.0").count(), 0, "{names:?}");
    probe(&place, &[run]);
    let again = rows(&path);
    assert_eq!(again.len(), 2 * LAYERS);
    place.write("blocks.csv", blocks);
    for row in rows(&place.path("blocks.csv")) {
        assert!(again.contains(&row), "{row:?}");
    }
}

#[test]
fn a_run_is_named_by_its_directory_too() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    let by_spec: Value = serde_json::from_str(&probe(&place, &["spec.toml", "--json"]).stdout).expect("JSON");
    let run = directory.to_str().expect("text");
    let by_run: Value = serde_json::from_str(&probe(&place, &[run, "--json"]).stdout).expect("JSON");
    assert_eq!(by_run, by_spec);
    assert_eq!((&by_run["classes"], &by_run["neighbours"]), (&10.into(), &20.into()));
    assert_eq!(by_run["rows"].as_array().map(Vec::len), Some(2 * LAYERS));
    assert_eq!(place.path("runs").join(by_run["run"].as_str().expect("a run")), directory);
    let other = place.freezewise(&["probe", run, "--set", "target.train_size=90"]);
    assert!(other.code == 2 && other.stderr.contains("now describes another run"), "{}", other.stderr);
    let none = place.freezewise(&["probe", "runs"]);
    assert!(none.code == 2 && none.stderr.contains("is not a run directory"), "{}", none.stderr);
}

#[test]
fn missing_states_are_errors_with_the_key_that_keeps_them() {
    let place = Place::with(
        "image_size = 8\n[network]\nwidth = 1\n[target]\ndataset = \"synthetic\"\ntrain_size = 20\n[target.train]\nepochs = 2\n",
    );
    let refused = |arguments: &[&str], expected: &[&str]| {
        let answer = place.freezewise(&[&["probe", "spec.toml"], arguments].concat());
        assert_eq!(answer.code, 2, "{}", answer.stderr);
        for part in expected {
            assert!(answer.stderr.contains(part), "{part}\n{}", answer.stderr);
        }
    };
    refused(
        &[],
        &["there is nothing to probe: the spec has no source", "keeps no epoch of the target", "checkpoint.keep"],
    );
    refused(&["--epochs", "1"], &["no weights of epoch 1", "epochs kept: none", "`checkpoint.keep = [1]`"]);
    refused(&["--epochs", "soon"], &["expected `all`, `none` or epochs such as `10,50`"]);
    assert!(!place.path("runs").exists());
    place.run(&[]);
    refused(&["--epochs", "1,2"], &["no weights of epoch 1", "epochs kept: 2"]);
    refused(&["--epochs", "none"], &["there is nothing to probe", "`--epochs none` skips the target"]);
    assert_eq!(
        rows(&{
            probe(&place, &["spec.toml"]);
            file(&place)
        })
        .len(),
        LAYERS
    );
}

#[test]
fn a_stop_keeps_finished_rows() {
    let unbroken = Place::with(TINY);
    probe(&unbroken, &["spec.toml"]);
    let expected = std::fs::read(file(&unbroken)).expect("a table");
    let place = Place::with(TINY);
    let mut stopped = 0;
    for number in [60, 400, 800] {
        let stop = format!("stop@{number}");
        let answer = place.freezewise_with(&[("FREEZEWISE_FAULT", &stop)], &["probe", "spec.toml"]);
        if answer.code == 0 {
            break;
        }
        assert_eq!(answer.code, 75, "{}", answer.stderr);
        assert!(answer.stderr.contains("stopped by SIGTERM, "), "{}", answer.stderr);
        stopped += usize::from(answer.stderr.contains("after row ") && answer.stderr.contains(" of 9"));
    }
    assert!(stopped > 1, "{stopped} stops between rows");
    probe(&place, &["spec.toml"]);
    assert_eq!(std::fs::read(file(&place)).expect("a table"), expected);
    assert_eq!(computed(&file(&place)), LAYERS);
}

#[test]
fn a_run_locked_by_another_process_is_not_probed() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    let held = hold(&directory).expect("a lock").expect("nobody else holds it");
    let answer = place.freezewise(&["probe", "spec.toml"]);
    assert!(answer.code == 75 && answer.stderr.contains("is locked by process"), "{}", answer.stderr);
    assert!(!directory.join("probes.csv").exists());
    drop(held);
    probe(&place, &["spec.toml"]);
}

#[test]
fn a_source_from_a_file_is_probed() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    std::fs::copy(directory.join("weights.safetensors"), place.path("mine.safetensors")).expect("a copy");
    let start = TINY.find("[source]").expect("the table");
    let end = TINY.find("[target]").expect("the table");
    place.write("other.toml", format!("{}[source]\nweights = \"mine.safetensors\"\n{}", &TINY[..start], &TINY[end..]));
    let found: Value = serde_json::from_str(&probe(&place, &["other.toml", "--json"]).stdout).expect("JSON");
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(LAYERS));
    assert!(found["rows"].as_array().expect("rows").iter().all(|row| row["network"] == "source"));
}

/// Random labels: heads fit them if there are enough features, but do not generalise.
#[test]
fn random_labels_are_fitted_but_not_predicted() {
    let place = Place::with(&TINY.replace("label_noise = 0.25", "labels = \"random\"").replace("= 80", "= 40"));
    let found: Value = serde_json::from_str(&probe(&place, &["spec.toml", "--json"]).stdout).expect("JSON");
    let error = |row: &Value, name: &str| row[name].as_f64().expect("a number");
    for row in found["rows"].as_array().expect("rows") {
        // Three standard deviations for 2,000 images.
        assert!((error(row, "unpenalised_error") - 0.9).abs() < 0.025, "{row}");
        assert!((error(row, "knn_error") - 0.9).abs() < 0.025, "{row}");
    }
    let last = &found["rows"][LAYERS - 1];
    assert!(error(last, "unpenalised_train_error") < 0.5, "{last}");
}
