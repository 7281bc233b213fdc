//! Runs are never lost: whatever happens, the same command resumes, and the result is that of an uninterrupted run.
#![allow(clippy::print_stderr)] // A long test says how much it did.

mod faults;
mod finished;
mod histories;
mod hostile;
mod kinds;
mod locks;
mod records;
mod resume;
mod signals;
mod stops;
mod torture;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::program::{Answer, Place};

/// The task of these tests: 80 training and 60 test images of 8 × 8 pixels in ten colours, which load quickly.
macro_rules! task {
    () => {
        concat!("dataset = \"npz\"\npath = \"", env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small.npz\"\n")
    };
}

/// Its keys in a spec.
pub const TASK: &str = task!();

/// A run with a source, three steps per epoch, and a checkpoint at every step.
pub const SMALL: &str = concat!(
    "image_size = 4\n",
    "[network]\nwidth = 1\n",
    "[source]\ntrain_size = 48\n",
    task!(),
    "[source.train]\nepochs = 1\nlearning_rate = 1e-2\nbatch_size = 16\n",
    "[target]\ntrain_size = 40\nlabel_noise = 0.25\n",
    task!(),
    "[target.train]\nepochs = 3\nlearning_rate = 1e-2\nbatch_size = 16\n",
    "[transfer]\nfrozen_layers = 2\n",
    "[checkpoint]\nevery_seconds = 0\ntime_share = 1.0\n",
);

/// The same, but it runs until it is stopped.
pub fn endless() -> String {
    SMALL.replace("epochs = 3", "epochs = 1000000")
}

/// The results of a run: files whose bytes do not depend on interruptions.
pub fn product(directory: &Path) -> [Vec<u8>; 3] {
    ["metrics.csv", "summary.json", "weights.safetensors"]
        .map(|name| std::fs::read(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// The directory of the only run in a place, whether or not it is finished.
pub fn only_run(place: &Place) -> PathBuf {
    let entries = std::fs::read_dir(place.path("runs/spec")).expect("runs");
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    runs.retain(|path| !path.ends_with(".old"));
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

/// The names of a run's checkpoints.
pub fn checkpoints(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory.join("checkpoint")).expect("checkpoints");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Runs `spec.toml` with an injected fault.
pub fn run_with_fault(place: &Place, fault: &str, overrides: &[&str]) -> Answer {
    let sets = overrides.iter().flat_map(|pair| ["--set", pair]);
    let arguments: Vec<&str> = ["run", "spec.toml", "--quiet"].into_iter().chain(sets).collect();
    place.freezewise_with(&[("FREEZEWISE_FAULT", fault)], &arguments)
}

/// Starts a run of `spec.toml` in the background.
pub fn start(place: &Place, variables: &[(&str, &str)], arguments: &[&str]) -> Child {
    // Under `nohup` the tests ignore SIGHUP, and a run would inherit that.
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP").arg(assert_cmd::cargo::cargo_bin!("freezewise"));
    command.current_dir(place.path("")).env("OMP_NUM_THREADS", "1").envs(variables.iter().copied());
    command.args(["run", "spec.toml", "--quiet"]).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Waits for the end of a process.
pub fn end(child: Child) -> Answer {
    let output = child.wait_with_output().expect("the program ends");
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Sends a signal by its name.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().expect("kill");
    assert!(sent.success());
}

/// Waits until something has happened. Panics after two minutes.
pub fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let patience = std::time::Instant::now();
    while !happened() {
        assert!(patience.elapsed().as_secs() < 120, "waiting for {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// The number of lines in `metrics.csv` of the only run.
pub fn rows(place: &Place) -> usize {
    let Ok(runs) = std::fs::read_dir(place.path("runs/spec")) else { return 0 };
    let tables = runs.filter_map(|run| std::fs::read_to_string(run.ok()?.path().join("metrics.csv")).ok());
    tables.map(|table| table.lines().count()).sum()
}
