//! Sweeps over two devices, and the number of cells that run on one at a time.

use super::super::device::{WORKING, fake_driver};
use super::super::program::{Place, TINY, json};
use super::super::reliability::{end, signal, wait_until};
use super::super::sweeps::start_with;
use super::variables;

const AXES: &str = "[sweep.axes]\ntransfer.frozen_layers = [0, 4]\nseed = [0, 1]\n";

fn runs(place: &Place) -> Vec<serde_json::Value> {
    let entries = std::fs::read_dir(place.path("runs/spec")).expect("a sweep").map(|entry| entry.expect("an entry"));
    let records = entries.map(|entry| entry.path().join("run.json")).filter(|path| path.is_file());
    records.map(|path| json(&path)).collect()
}

#[test]
fn cells_spread_over_the_devices() {
    let place = Place::with(&format!("{TINY}{AXES}"));
    let arguments = ["sweep", "spec.toml", "--devices", "cuda:0,cuda:1", "--jobs", "2", "--set", "precision=fp32"];
    let answer = place.freezewise_with(&variables("devices=2"), &arguments);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let devices: Vec<String> = runs(&place).iter().map(|record| record["device"].to_string()).collect();
    assert_eq!(devices.len(), 4);
    assert!(devices.iter().all(|device| device.contains("stand-in")), "{devices:?}");
    let asked: Vec<String> = runs(&place).iter().map(|record| record["argv"].to_string()).collect();
    for device in ["device=cuda:0", "device=cuda:1"] {
        assert!(asked.iter().any(|argv| argv.contains(device)), "no cell ran with {device}: {asked:?}");
    }
}

/// On a GPU the number of jobs is found while the sweep runs; a dry run counts the one that it starts with.
#[test]
fn a_dry_run_counts_one_cell_per_gpu() {
    let place = Place::with(&format!("device = \"cuda\"\n{TINY}{AXES}"));
    // More cells than one on the CPU, if this machine has the cores.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for (arguments, slots) in [
        (&[][..], 1),
        (&["--set", "device=cpu"], cores),
        (&["--devices", "cuda:0,cuda:1"], 2),
        (&["--devices", "cpu"], cores),
        (&["--jobs", "3"], 3),
        (&["--jobs", "3", "--devices", "cuda:0,cuda:1"], 6),
    ] {
        let all = [&["sweep", "spec.toml", "--dry-run", "--json"], arguments].concat();
        let answer = place.freezewise_with(&variables("devices=2"), &all);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        let report: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
        assert_eq!(report["slots"], slots, "{arguments:?}");
    }
    let driver = fake_driver(&place, WORKING);
    let auto = ["sweep", "spec.toml", "--dry-run", "--set", "device=auto"];
    let answer = place.freezewise_with(&[("LD_LIBRARY_PATH", &driver)], &auto);
    assert!(answer.stdout.contains("time with 1 cell at once"), "{} {}", answer.stdout, answer.stderr);
    let wrong = ["sweep", "spec.toml", "--dry-run", "--devices", "cuda:0,gpu"];
    assert_eq!(place.freezewise_with(&variables("devices=2"), &wrong).code, 2, "a device that is none is an error");
}

#[test]
fn a_cell_that_does_not_fit_fails_and_the_others_run() {
    let axes = "[sweep.axes]\nnetwork.width = [2, 64]\n";
    // Enough memory for width 2; for width 64 the network does not fit, or its training does not.
    for memory in [8_000_000, 80_000_000] {
        let place = Place::with(&format!("{TINY}{axes}"));
        let arguments = ["sweep", "spec.toml", "--devices", "cuda:0", "--set", "precision=fp32"];
        let answer = place.freezewise_with(&variables(&format!("devices=1,memory={memory}")), &arguments);
        assert_eq!(answer.code, 3, "{}", answer.stderr);
        let failed = answer.stderr.contains("failed   source ") && answer.stderr.contains("out of memory");
        assert!(failed && answer.stderr.contains("done     width=2 "), "{memory}: {}", answer.stderr);
    }
}

#[test]
fn cells_that_lose_their_device_are_retried() {
    let place = Place::with(&format!("{TINY}{AXES}"));
    let arguments = ["sweep", "spec.toml", "--devices", "cuda:0", "--jobs", "2", "--set", "precision=fp32"];
    let whole = place.freezewise_with(&variables("devices=1"), &[&arguments[..], &["--only", "sources"]].concat());
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    let answer = place.freezewise_with(&variables("devices=1,lose_after=600"), &arguments);
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert_eq!(answer.stderr.matches("failed   ").count(), 4, "{}", answer.stderr);
    let again = place.freezewise_with(&variables("devices=1"), &[&arguments[..], &["--retry-failed"]].concat());
    assert_eq!(again.code, 0, "{}", again.stderr);
}

/// A sweep whose cells run until they are stopped, under one name whatever `precision = "auto"` is here.
fn endless(axes: &str) -> Place {
    Place::with(&format!(
        "precision = \"fp32\"\n{}[sweep.axes]\n{axes}\n",
        TINY.replace("epochs = 3", "epochs = 1000000")
    ))
}

/// Settings of the stand-in: one device, whose memory is shared by its processes.
fn shared(place: &Place, memory: u64) -> String {
    format!("devices=1,memory={memory},share={}", place.path("share").display())
}

/// The most processes that held memory of the shared device at a time.
fn most_at_a_time(place: &Place) -> i64 {
    let bytes = std::fs::read(place.path("share")).unwrap_or_default();
    bytes.get(..8).map_or(0, |first| i64::from_le_bytes(first.try_into().expect("eight bytes")))
}

/// Without optional uses of memory.
const PLAIN: [&str; 6] = ["--set", "precision=fp32", "--set", "compute.cache=off", "--set", "compute.graph=off"];
const AUTO: [&str; 2] = ["--devices", "cuda:0"];

/// Bytes that a cell uses on a device with ample memory, according to its `timing.csv`.
fn memory_of_a_cell(place: &Place, sets: &[&str]) -> u64 {
    let memory = 1 << 30;
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let arguments: Vec<&str> = ["run", "spec.toml", "--out", "alone", "--set", "device=cuda:0"]
        .into_iter()
        .chain(PLAIN)
        .chain(sets)
        .chain(["--set", "target.train.epochs=2"])
        .collect();
    let answer = place.freezewise_with(&variables(&format!("devices=1,memory={memory}")), &arguments);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let table = std::fs::read(place.path(answer.stdout.trim()).join("timing.csv")).expect("a table");
    let last: std::collections::HashMap<String, String> =
        csv::Reader::from_reader(&table[..]).deserialize().last().expect("a row").expect("a whole row");
    memory - last["free_memory_bytes"].parse::<u64>().expect("bytes")
}

#[test]
fn a_second_cell_is_tried_where_its_memory_fits() {
    let place = endless("seed = [0, 1]");
    let standin = shared(&place, 1 << 30);
    let parent = start_with(&place, &variables(&standin), &[&AUTO[..], &PLAIN].concat());
    wait_until("two cells at a time", || most_at_a_time(&place) == 2);
    signal(&parent, "TERM");
    let answer = end(parent);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("cuda:0: 2 cells at a time"), "{}", answer.stderr);
}

#[test]
fn no_second_cell_is_tried_where_its_memory_does_not_fit() {
    let place = endless("seed = [0, 1]");
    let memory = memory_of_a_cell(&place, &["seed=0"]) * 2;
    let standin = shared(&place, memory);
    let parent = start_with(&place, &variables(&standin), &[&AUTO[..], &PLAIN].concat());
    let epochs = || {
        let tables = std::fs::read_dir(place.path("runs/spec")).into_iter().flatten().flatten();
        tables
            .filter_map(|run| std::fs::read_to_string(run.path().join("timing.csv")).ok())
            .map(|table| table.lines().count())
            .sum::<usize>()
    };
    // More epochs, and more polls of the table, than before a trial.
    wait_until("many epochs", || epochs() > 30);
    std::thread::sleep(std::time::Duration::from_secs(5));
    signal(&parent, "TERM");
    let answer = end(parent);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert_eq!(most_at_a_time(&place), 1, "{}", answer.stderr);
}

/// The second cell needs more memory than the first, which the sweep cannot know: it runs out of memory beside the
/// first, and waits.
#[test]
fn a_cell_out_of_memory_beside_others_waits_for_them() {
    let axes = "network.width = [2, 12]";
    let small = endless(axes);
    let sizes = ["network.width=2", "network.width=12"].map(|width| memory_of_a_cell(&small, &[width]));
    let memory = sizes[1] + sizes[0] / 2;
    assert!(memory as f64 > 2.3 * sizes[0] as f64, "a second small cell has to fit: {sizes:?}");
    let place = endless(axes);
    // Train the sources first, one at a time, with enough memory.
    let only = [&["sweep", "spec.toml", "--only", "sources"], &AUTO[..], &PLAIN].concat();
    let sources = place.freezewise_with(&variables("devices=1"), &[&only[..], &["--jobs", "1"]].concat());
    assert_eq!(sources.code, 0, "{}", sources.stderr);
    let standin = shared(&place, memory);
    let parent = start_with(&place, &variables(&standin), &[&AUTO[..], &PLAIN].concat());
    let log = || place.read("runs/spec/logs/width=12.log");
    wait_until("an out-of-memory error", || {
        place.path("runs/spec/logs/width=12.log").is_file() && log().contains("out of memory")
    });
    let count = || log().matches("out of memory").count();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(count(), 1, "it is not started again beside the other: {}", log());
    signal(&parent, "TERM");
    let answer = end(parent);
    assert!(
        answer.stderr.contains("requeued width=12: out of memory while other cells were running"),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.contains("cuda:0: 1 cell at a time"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("failed   "), "{}", answer.stderr);
    let status: serde_json::Value =
        serde_json::from_str(&place.freezewise(&["status", "runs/spec", "--json"]).stdout).expect("JSON");
    let cells = status["runs"].as_array().expect("runs");
    assert!(
        cells.len() == 2 && cells.iter().all(|cell| cell["state"] == "stopped"),
        "the next start resumes both: {status}"
    );
}
