//! Sweeps over two devices.

use super::super::program::{Place, TINY, json};
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

#[test]
fn a_cell_that_does_not_fit_fails_and_the_others_run() {
    let axes = "[sweep.axes]\nnetwork.width = [2, 64]\n";
    // Memory for the network of width 2 alone: that of width 64 does not fit, or what its training needs.
    for memory in [8_000_000, 80_000_000] {
        let place = Place::with(&format!("{TINY}{axes}"));
        let arguments = ["sweep", "spec.toml", "--devices", "cuda:0", "--set", "precision=fp32"];
        let answer = place.freezewise_with(&variables(&format!("devices=1,memory={memory}")), &arguments);
        assert_eq!(answer.code, 3, "{}", answer.stderr);
        let failed = answer.stderr.contains("failed   source ") && answer.stderr.contains("out of memory");
        assert!(failed && answer.stderr.contains("done     width=2 "), "{memory}: {}", answer.stderr);
    }
}
