//! Capacity, from directories with known train errors.

use serde_json::Value;

use super::super::program::{Answer, Place, json};
use super::super::reliability::SMALL;

/// Epochs of each run: enough to tell whether train error has levelled off.
const EPOCHS: u64 = 45;

/// A place with one finished run, the template of others.
struct Runs {
    place: Place,
    record: Value,
    spec: String,
}

impl Runs {
    fn new() -> Self {
        let place = Place::with(SMALL);
        let run = place.run(&["target.train.epochs=1"]);
        let spec = std::fs::read_to_string(run.join("spec.toml")).expect("a spec");
        Self { record: json(&run.join("run.json")), spec, place }
    }

    /// Writes a finished run with k, n, a seed and train errors by epoch.
    fn add(&self, [k, n, seed]: [usize; 3], error: impl Fn(u64) -> f64) {
        let folder = format!("made/k{k}-n{n}-s{seed}-0");
        let spec = set(&self.spec, "train_size = 40", &format!("train_size = {n}"));
        let spec = set(&spec, "frozen_layers = 2", &format!("frozen_layers = {k}"));
        let spec = set(&spec, "\nseed = 0\n", &format!("\nseed = {seed}\n"));
        let mut record = self.record.clone();
        record["epochs"] = EPOCHS.into();
        let row = |epoch| format!("target,{epoch},{epoch},{},0.5,3.5\n", error(epoch));
        let rows = (0..=EPOCHS).map(row).collect::<Vec<_>>().concat();
        let summary = serde_json::json!({ "frozen_layers": k, "train_examples": n, "last_train_error": error(EPOCHS) });
        self.place.write(&format!("{folder}/spec.toml"), spec);
        self.place.write(&format!("{folder}/run.json"), record.to_string());
        self.place.write(&format!("{folder}/summary.json"), summary.to_string());
        let header = "phase,epoch,step,train_error,test_error,gradient_norm\n";
        self.place.write(&format!("{folder}/metrics.csv"), format!("{header}{rows}"));
    }

    fn compare(&self, arguments: &[&str]) -> Answer {
        self.place.freezewise(&[&["compare", "made", "--capacity"], arguments].concat())
    }

    fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        let answer = self.compare(&[arguments, &["--json"]].concat());
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        let table: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        table["rows"].as_array().expect("rows").clone()
    }
}

fn set(spec: &str, from: &str, to: &str) -> String {
    assert!(spec.contains(from), "{spec}");
    spec.replacen(from, to, 1)
}

/// Changes a line of the target's training.
fn set_procedure(runs: &Runs, run: &str, from: &str, to: &str) {
    let path = format!("made/{run}/spec.toml");
    let spec = runs.place.read(&path);
    let (before, after) = spec.split_once("[target.train]").expect("the table");
    runs.place.write(&path, format!("{before}[target.train]{}", set(after, from, to)));
}

fn near(found: &Value, expected: f64) {
    let found = found.as_f64().expect("a number");
    assert!((found / expected - 1.0).abs() < 1e-9, "expected {expected}, found {found}");
}

/// At k = 0 the seeds cross 1% at n = 20 and n = 10 · 4^(1/4); k = 2 never fits, k = 4 always does.
fn made() -> Runs {
    let runs = Runs::new();
    for seed in [0, 1] {
        runs.add([0, 10, seed], |_| 0.0);
        runs.add([0, 40, seed], |_| if seed == 0 { 0.02 } else { 0.04 });
        runs.add([2, 10, seed], |_| 0.2);
        runs.add([2, 40, seed], |epoch| 0.9 - 0.01 * epoch as f64);
        runs.add([4, 10, seed], |_| 0.0);
        runs.add([4, 40, seed], |_| 0.01);
    }
    runs
}

#[test]
fn capacity_is_computed_for_each_number_of_frozen_layers() {
    let runs = made();
    let rows = runs.rows(&[]);
    assert_eq!(rows.iter().map(|row| row["frozen_layers"].as_u64()).collect::<Vec<_>>(), [Some(0), Some(2), Some(4)]);
    let (crossed, never, always) = (&rows[0], &rows[1], &rows[2]);
    near(&crossed["seeds"][0]["n"], 20.0);
    near(&crossed["seeds"][1]["n"], 10.0 * 4f64.powf(0.25));
    near(&crossed["over_seeds"]["mean"]["n"], (20.0 * 10.0 * 4f64.powf(0.25)).sqrt());
    assert!(crossed["over_seeds"]["mean"]["interval"][0].as_f64() < Some(14.0), "{crossed}");
    // The mean error at n = 40 is 0.03, so the crossing is a third of the way in log n.
    near(&crossed["of_mean_error"]["n"], 10.0 * 4f64.powf(1.0 / 3.0));
    assert_eq!((&crossed["seeds"][0]["fitted"], &crossed["seeds"][0]["missed"]), (&10.into(), &40.into()));
    assert_eq!(crossed["seeds"][0]["gradient_norm"], 3.5);
    assert_eq!(crossed["moving"], serde_json::json!(["init", "subset", "noise", "order"]));
    assert_eq!((&never["seeds"][0]["reading"], &never["seeds"][0]["n"]), (&"below".into(), &10.into()));
    assert_eq!(never["over_seeds"]["mean"], Value::Null);
    assert_eq!(never["seeds"][0]["undecided"], serde_json::json!([40]), "it was still falling");
    assert_eq!(crossed["seeds"][0]["undecided"], serde_json::json!([]));
    assert_eq!((&always["seeds"][0]["reading"], &always["seeds"][0]["n"]), (&"above".into(), &40.into()));
    // Another threshold gives another capacity.
    let rows = runs.rows(&["--epsilon", "0.03"]);
    assert_eq!(rows[0]["seeds"][0]["reading"], "above");
    near(&rows[0]["seeds"][1]["n"], 10.0 * 4f64.powf(0.75));
}

#[test]
fn an_error_that_does_not_grow_with_n_is_marked() {
    let runs = Runs::new();
    for (n, error) in [(10, 0.0), (20, 0.2), (40, 0.0), (80, 0.02)] {
        runs.add([3, n, 0], |_| error);
    }
    let table = runs.compare(&[]).stdout;
    assert!(table.contains("57 (3 crossings)"), "√(40 · 80) = 56.6: {table}");
}

/// Both seeds fit all that was run, but not the same sizes were run.
#[test]
fn a_seed_without_the_largest_n_is_censored_at_its_own() {
    let runs = Runs::new();
    for [n, seed] in [[10, 0], [40, 0], [10, 1]] {
        runs.add([4, n, seed], |_| 0.0);
    }
    let table = runs.compare(&[]).stdout;
    assert!(table.contains("1 of 2 above 10; 1 of 2 above 40"), "{table}");
    assert!(table.contains("above 40; above 10 (n = 40 not run)"), "{table}");
}

#[test]
fn capacities_are_shown_in_every_form() {
    let runs = made();
    let table = runs.compare(&[]).stdout;
    assert!(table.contains("below 10") && table.contains("above 40") && table.contains("no: n = 40"), "{table}");
    assert!(table.lines().next().is_some_and(|header| header.starts_with("k  capacity")), "{table}");
    let markdown = runs.compare(&["--format", "markdown"]).stdout;
    assert_eq!(markdown.lines().count(), 5, "{markdown}");
    let csv = runs.compare(&["--format", "csv"]).stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("rows");
    assert_eq!(rows.len(), 6, "a row for each k and seed");
    let of = |k: &str| rows.iter().find(|row| row["frozen_layers"] == k).expect("a row");
    assert_eq!((of("0")["reading"].as_str(), of("0")["sizes"].as_str()), ("between", "10 40"));
    assert_eq!((of("2")["capacity"].as_str(), of("2")["next_size"].as_str()), ("", "10"));
    assert_eq!(of("4")["largest_fitted"], "40");
}

/// Epochs that are a function of n do not split a setting; another batch size does.
#[test]
fn keys_that_depend_on_n_do_not_split_settings_and_others_do() {
    let runs = made();
    for run in ["k0-n40-s0-0", "k0-n40-s1-0", "k2-n40-s0-0", "k2-n40-s1-0", "k4-n40-s0-0", "k4-n40-s1-0"] {
        set_procedure(&runs, run, "epochs = 1\n", "epochs = 4\n");
    }
    let answer = runs.compare(&["--json"]);
    let table: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(table["keys"], serde_json::json!([]), "{}", answer.stdout);
    assert!(table["follow_n"].as_array().is_some_and(|keys| keys.contains(&"target.train.epochs".into())), "{table}");
    set_procedure(&runs, "k0-n10-s0-0", "batch_size = 16", "batch_size = 8");
    let table: Value = serde_json::from_str(&runs.compare(&["--json"]).stdout).expect("JSON");
    assert!(table["keys"].as_array().is_some_and(|keys| keys.contains(&"target.train.batch_size".into())), "{table}");
    // An unfinished run is left out, with the reason.
    let mut record = json(&runs.place.path("made/k4-n10-s0-0/run.json"));
    record["status"] = "stopped".into();
    runs.place.write("made/k4-n10-s0-0/run.json", record.to_string());
    let answer = runs.compare(&[]);
    assert!(answer.stderr.contains("skipped k4-n10-s0-0: "), "{}", answer.stderr);
}

#[test]
fn invalid_options_and_tables_are_errors() {
    let runs = made();
    for (arguments, code, words) in [
        (&["compare", "made", "--epsilon", "0.1"][..], 2, "--capacity"),
        (&["compare", "made", "--capacity", "--epsilon", "0"], 2, "between 0 and 1"),
        (&["compare", "made", "--capacity", "--epsilon", "1"], 2, "between 0 and 1"),
        (&["compare", "made", "--capacity", "--epsilon", "nan"], 2, "between 0 and 1"),
        (&["compare", "made", "--capacity", "--sort", "seed"], 2, "cannot be used with"),
        (&["compare", "made", "--json", "--format", "csv"], 2, "cannot be used with"),
        (&["compare", "nowhere", "--capacity"], 1, "`nowhere` is not a folder"),
    ] {
        let answer = runs.place.freezewise(arguments);
        assert!(answer.code == code && answer.stderr.contains(words), "{arguments:?}: {}", answer.stderr);
    }
}
