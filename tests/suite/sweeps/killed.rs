//! Cells that crash, hang, are killed, or lose their device; and sweeps that are killed.

use std::process::Child;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::program::json;
use super::super::reliability::{end, wait_until};
use super::running::{directory_of, endless, start, wait_for_rows};
use super::{place, products, runs, states, sweep};

/// The running children of a process.
fn children(parent: &Child) -> Vec<i32> {
    let path = format!("/proc/{0}/task/{0}/children", parent.id());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

fn send(process: i32, signal: rustix::process::Signal) {
    // It may have just ended.
    let _ = rustix::process::kill_process(rustix::process::Pid::from_raw(process).expect("a process"), signal);
}

#[test]
fn cells_on_a_cpu_divide_the_free_memory() {
    let place = endless();
    let parent = start(&place, &["--jobs", "2"]);
    wait_for_rows(&place, 2);
    let limit = |cell: &i32| -> u64 {
        let line = std::fs::read_to_string(format!("/proc/{cell}/cmdline")).expect("the command line of a cell");
        let words: Vec<&str> = line.split('\0').collect();
        let option = words.iter().position(|word| *word == "--memory").expect("a limit");
        words[option + 1].parse().expect("bytes")
    };
    let limits: Vec<u64> = children(&parent).iter().map(limit).collect();
    send(parent.id() as i32, rustix::process::Signal::TERM);
    assert_eq!(end(parent).code, 75);
    let machine = std::fs::read_to_string("/proc/meminfo").expect("Linux");
    let total = machine.split_whitespace().nth(1).expect("MemTotal").parse::<u64>().expect("kB") * 1024;
    assert!(limits.len() == 2 && limits.iter().all(|&limit| limit > 0 && limit <= total / 2), "{limits:?} of {total}");
}

#[test]
fn a_cell_stopped_from_outside_is_not_called_locked() {
    let place = endless();
    let parent = start(&place, &["--jobs", "2"]);
    wait_for_rows(&place, 2);
    for cell in children(&parent) {
        send(cell, rustix::process::Signal::TERM);
    }
    let answer = end(parent);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("2 cells were stopped from outside this sweep"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("locked"), "{}", answer.stderr);
}

#[test]
fn an_unreadable_lock_fails_its_cell_alone() {
    let place = place();
    let cell = place.path("runs/spec").join(directory_of(&place, 0).file_name().expect("a name"));
    std::fs::create_dir_all(cell.join(".lock-1")).expect("a folder");
    let answer = sweep(&place, &[]);
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert_eq!(states(&place).values().filter(|state| *state == "done").count(), 5, "{}", answer.stderr);
}

#[test]
fn a_cell_that_crashes_or_is_killed_fails_alone() {
    use rustix::process::Signal;
    let place = endless();
    let parent = start(&place, &["--jobs", "2"]);
    wait_for_rows(&place, 2);
    let cells = children(&parent);
    assert_eq!(cells.len(), 2);
    send(cells[0], Signal::ABORT);
    wait_until("the end of one", || children(&parent).len() == 1);
    // As the system does when memory runs out.
    send(cells[1], Signal::KILL);
    let answer = end(parent);
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert!(answer.stderr.contains(": killed by signal 6"), "{}", answer.stderr);
    assert!(
        answer.stderr.contains("killed (signal 9), often because the system was out of memory"),
        "{}",
        answer.stderr
    );
    assert!(states(&place).values().all(|state| state == "stale"), "{:?}", states(&place));
}

#[test]
fn lost_devices_and_out_of_memory_are_readable_failures() {
    for (fault, words) in [("device@6", "unspecified launch failure"), ("memory@6", "CUDA out of memory")] {
        let place = place();
        let answer = place.freezewise_with(&[("FREEZEWISE_FAULT", fault)], &["sweep", "spec.toml", "--jobs", "2"]);
        assert_eq!(answer.code, 3, "{}", answer.stderr);
        // Sources have three steps, cells nine.
        assert_eq!(answer.stderr.matches("failed   ").count(), 6, "{}", answer.stderr);
        assert!(answer.stderr.contains(words), "{}", answer.stderr);
        let again = sweep(&place, &["--jobs", "2"]);
        assert!(again.code == 3 && again.stderr.contains("6 failed before"), "{}", again.stderr);
        assert_eq!(sweep(&place, &["--jobs", "2", "--retry-failed"]).code, 0);
        assert!(states(&place).values().all(|state| state == "done"));
    }
}

#[test]
#[ignore = "takes a minute, the time that a cell gets for its checkpoint: scripts/check --full"]
fn a_hanging_cell_is_killed_after_its_time_limit() {
    let place = endless();
    let parent = start(&place, &["--jobs", "2", "--cell-time", "20s"]);
    wait_for_rows(&place, 2);
    for cell in children(&parent) {
        send(cell, rustix::process::Signal::STOP);
    }
    let answer = end(parent);
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert_eq!(answer.stderr.matches("stopped: `--cell-time` reached after").count(), 2, "{}", answer.stderr);
    assert!(states(&place).values().all(|state| state == "stale"), "{:?}", states(&place));
}

/// Ten starts are killed at random times, the sweep or one of its cells; the eleventh runs to the end.
#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn every_cell_is_done_once_despite_kills() {
    let unbroken = place();
    assert_eq!(sweep(&unbroken, &["--jobs", "2"]).code, 0);
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let mut draw = ChaCha8Rng::seed_from_u64(seed);
    let place = place();
    for _ in 0..10 {
        let mut parent = start(&place, &["--jobs", "2"]);
        std::thread::sleep(std::time::Duration::from_millis(draw.random_range(100..5000)));
        let cells = children(&parent);
        if cells.is_empty() || draw.random_bool(0.5) {
            parent.kill().expect("killed");
        } else {
            send(cells[draw.random_range(0..cells.len())], rustix::process::Signal::KILL);
            std::thread::sleep(std::time::Duration::from_millis(draw.random_range(0..1000)));
            parent.kill().expect("killed");
        }
        parent.wait().expect("it ends");
    }
    wait_until("the end of remaining cells", || states(&place).values().all(|state| state != "running"));
    assert_eq!(sweep(&place, &["--jobs", "2", "--retry-failed"]).code, 0, "seed {seed}");
    assert_eq!(products(&place), products(&unbroken), "seed {seed}");
    for run in runs(&place) {
        let record = json(&run.join("run.json"));
        assert_eq!(record["status"], "finished", "seed {seed}");
        // No attempt started after the one that finished.
        let reasons = record["restarts"].to_string();
        assert!(!reasons.contains("its files were incomplete"), "seed {seed}: {reasons}");
    }
    let again = sweep(&place, &["--jobs", "2"]);
    assert!(again.code == 0 && again.stderr.contains("6 cells, 2 sources, 6 already done"), "{}", again.stderr);
}
