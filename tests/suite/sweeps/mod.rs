//! Sweeps.

mod bad;
mod capacity;
mod claims;
mod killed;
mod results;
mod running;
mod slurm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::program::{Answer, Place};
use super::reliability::{SMALL, product};
pub use running::start_with;

/// Three numbers of frozen layers and two seeds, with two sources.
pub const AXES: &str = "[sweep.axes]\ntransfer.frozen_layers = [0, 2, \"all\"]\nseed = [0, 1]\n\"seeds.source\" = [0, 1]\n\
                        [sweep]\nzip = [[\"seed\", \"seeds.source\"]]\n";

/// A place with the sweep `spec.toml`.
pub fn place() -> Place {
    Place::with(&format!("{SMALL}{}", axes()))
}

/// `AXES` with `[sweep]` first, since TOML tables must precede their subtables.
pub fn axes() -> String {
    let (axes, sweep) = AXES.split_once("[sweep]\n").expect("both tables");
    format!("[sweep]\n{sweep}{axes}")
}

pub fn sweep(place: &Place, arguments: &[&str]) -> Answer {
    place.freezewise(&[&["sweep", "spec.toml"], arguments].concat())
}

/// The directories of a sweep's runs, sorted by name.
pub fn runs(place: &Place) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place.path("runs/spec")).expect("a sweep");
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    runs.retain(|path| path.join("run.json").is_file());
    runs.sort();
    runs
}

/// The results of each run, by name.
pub fn products(place: &Place) -> BTreeMap<String, [Vec<u8>; 3]> {
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    runs(place).iter().map(|path| (name(path), product(path))).collect()
}

/// The states of all cells, by name.
pub fn states(place: &Place) -> BTreeMap<String, String> {
    let answer = sweep(place, &["--list", "--json"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let list: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    list.as_array().expect("a list").iter().map(|cell| (text(&cell["name"]), text(&cell["state"]))).collect()
}
