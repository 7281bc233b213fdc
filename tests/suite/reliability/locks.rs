//! Only one process trains a run or a source.

use std::path::{Path, PathBuf};

use super::super::program::{Place, json, metrics};
use super::{SMALL, end, endless, only_run, product, rows, signal, start, wait_until};

#[test]
fn eight_processes_train_one_source_once() {
    let place = Place::with(SMALL);
    let children: Vec<_> =
        (0..8).map(|k| start(&place, &[], &["--set", &format!("transfer.frozen_layers={k}")])).collect();
    for child in children {
        let answer = end(child);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        let rows = metrics(&place.path(answer.stdout.trim()));
        assert_eq!(rows.iter().map(|row| row["epoch"].as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    }
    let mut sources = std::fs::read_dir(place.path("runs/sources")).expect("sources");
    let source = sources.next().expect("a source").expect("a folder").path();
    assert!(sources.next().is_none());
    let log = std::fs::read_to_string(source.join("log.txt")).expect("log.txt");
    assert_eq!(log.matches("source: ").count(), 1, "{log}");
    assert!(json(&source.join("run.json"))["restarts"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn one_of_eight_processes_trains_a_run() {
    let place = Place::with(SMALL);
    let children: Vec<_> = (0..8).map(|_| start(&place, &[], &[])).collect();
    let answers: Vec<_> = children.into_iter().map(end).collect();
    for answer in &answers {
        assert_eq!(answer.code, 0, "{}", answer.stderr);
    }
    let directory = only_run(&place);
    assert!(json(&directory.join("run.json"))["restarts"].as_array().is_some_and(Vec::is_empty));
    assert!(product(&directory) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn a_lock_of_another_host_is_taken_over_once_stale() {
    let place = Place::with(&endless());
    let mut child = start(&place, &[("FREEZEWISE_HOST", "elsewhere")], &[]);
    wait_until("rows", || rows(&place) > 2);
    let at_once = || place.freezewise(&["run", "spec.toml", "--wait", "0s"]);
    let answer = at_once();
    assert_eq!(answer.code, 75);
    assert!(answer.stderr.contains(&format!("process {} on elsewhere since ", child.id())), "{}", answer.stderr);
    child.kill().expect("killed");
    child.wait().expect("dead");
    // From this host nobody can tell yet that it is dead.
    assert_eq!(at_once().code, 75);
    // On its own host everybody can.
    let local = start(&place, &[("FREEZEWISE_HOST", "elsewhere")], &["--max-time", "1ms"]);
    assert_eq!(end(local).code, 75);
    let before = rows(&place);
    let mut child = start(&place, &[("FREEZEWISE_HOST", "elsewhere")], &[]);
    wait_until("more rows", || rows(&place) > before + 2);
    child.kill().expect("killed");
    child.wait().expect("dead");
    let path = only_run(&place).join(".lock-3");
    let mut lock = json(&path);
    lock["heartbeat"] = (lock["heartbeat"].as_u64().expect("seconds") - 301).into();
    std::fs::write(&path, lock.to_string()).expect("an old heartbeat");
    assert_eq!(place.freezewise(&["run", "spec.toml", "--max-time", "1ms"]).code, 75);
}

#[test]
fn a_process_that_lost_its_lock_stops_writing() {
    let place = Place::with(&endless());
    let child = start(&place, &[], &[]);
    wait_until("rows", || rows(&place) > 2);
    let run = only_run(&place);
    let mut lock = json(&run.join(".lock-1"));
    lock["host"] = "elsewhere".into();
    lock["machine"] = "elsewhere".into();
    std::fs::write(run.join(".lock-2"), lock.to_string()).expect("another holder");
    let answer = end(child);
    assert_eq!(answer.code, 1);
    assert!(
        answer.stderr.contains("the run was taken over by process ") && answer.stderr.contains(" on elsewhere"),
        "{}",
        answer.stderr
    );
    assert_eq!(json(&run.join("run.json"))["status"], "running", "the record belongs to the other process");
    assert!(!run.join("error.txt").exists());
    assert_eq!(json(&run.join(".lock-2"))["released"], false);
}

#[test]
fn waiting_for_a_source_can_be_interrupted() {
    let spec = endless().replacen("epochs = 1\n", "epochs = 1000000\n", 1);
    let place = Place::with(&spec);
    let trainer = start(&place, &[], &[]);
    wait_until("the source", || {
        place.path("runs/sources").is_dir()
            && std::fs::read_dir(place.path("runs/sources"))
                .expect("sources")
                .any(|source| source.expect("one").path().join("metrics.csv").exists())
    });
    let waiting = place.freezewise(&["run", "spec.toml", "--set", "transfer.frozen_layers=1", "--max-time", "1s"]);
    assert_eq!(waiting.code, 75, "{}", waiting.stderr);
    assert!(waiting.stderr.contains(&format!("process {} on ", trainer.id())), "{}", waiting.stderr);
    assert!(waiting.stderr.contains("waiting: process"), "{}", waiting.stderr);
    signal(&trainer, "TERM");
    assert_eq!(end(trainer).code, 75);
}

#[test]
fn waiting_for_a_locked_run_times_out_with_75() {
    let place = Place::with(&endless());
    let holder = start(&place, &[], &[]);
    wait_until("rows", || rows(&place) > 2);
    let run = |more: &[&str]| place.freezewise(&[&["run", "spec.toml"], more].concat());
    let held = format!("` is locked by process {} on ", holder.id());
    let answer = run(&["--wait", "600ms"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert_eq!(answer.stderr.matches(&held).count(), 2, "{}", answer.stderr);
    assert!(answer.stderr.contains(": waiting up to 0.6 s\n"), "{}", answer.stderr);
    assert!(answer.stderr.contains("  run the same command again when it has ended"), "{}", answer.stderr);
    // Without a terminal it waits by default, up to `--max-time`.
    let answer = run(&["--max-time", "100ms"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("waiting up to 10 min 0 s\n"), "{}", answer.stderr);
    assert!(answer.stderr.contains("stopped by `--max-time`"), "{}", answer.stderr);
    // `--fresh` waits too.
    let answer = run(&["--fresh", "--wait", "1ms"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains(&held), "{}", answer.stderr);
    on_a_terminal(&place, &held);
    let log = std::fs::File::create(place.path("log")).expect("a file");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("freezewise"));
    command.args(["run", "spec.toml"]).current_dir(place.path("")).stderr(log).env("OMP_NUM_THREADS", "1");
    let mut waiting = command.spawn().expect("the program starts");
    wait_until("the wait", || place.read("log").contains(": waiting"));
    signal(&waiting, "TERM");
    assert_eq!(waiting.wait().expect("it ends").code(), Some(75), "{}", place.read("log"));
    assert!(place.read("log").contains("stopped by SIGTERM"), "{}", place.read("log"));
    signal(&holder, "TERM");
    assert_eq!(end(holder).code, 75);
}

/// On a terminal it does not wait by default.
fn on_a_terminal(place: &Place, held: &str) {
    let program = assert_cmd::cargo::cargo_bin!("freezewise").display().to_string();
    let mut command = std::process::Command::new("script");
    command.args(["--quiet", "--return", "--command", &format!("'{program}' run spec.toml"), "typescript"]);
    let Ok(output) = command.current_dir(place.path("")).env("OMP_NUM_THREADS", "1").output() else { return };
    let typed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(75), "{typed}");
    assert!(typed.contains(held) && !typed.contains(": waiting"), "{typed}");
}

#[test]
fn a_lock_of_an_earlier_boot_is_stale() {
    let place = Place::with(&endless());
    let mut child = start(&place, &[], &[]);
    wait_until("rows", || rows(&place) > 2);
    child.kill().expect("killed");
    child.wait().expect("dead");
    let path = only_run(&place).join(".lock-1");
    let lock = json(&path);
    let stat = std::fs::read_to_string("/proc/stat").expect("statistics of the system");
    let booted = stat.lines().find_map(|line| line.strip_prefix("btime ")?.parse::<u64>().ok()).expect("its boot");
    let seen = lock["heartbeat"].as_u64().expect("seconds");
    // Seen since the boot, it may run in a container of this name on another machine.
    let cases = [
        ("", seen, "is locked by"),
        ("earlier", seen, "is locked by"),
        ("earlier", booted - 1, "stopped by `--max-time`"),
    ];
    for (boot, seen, told) in cases {
        let mut lock = lock.clone();
        lock["heartbeat"] = seen.into();
        // Earlier versions wrote no `boot`.
        lock["machine"] = "as before the reboot".into();
        lock["boot"] = boot.into();
        std::fs::write(&path, lock.to_string()).expect("a lock");
        let answer = place.freezewise(&["run", "spec.toml", "--wait", "0s", "--max-time", "1ms"]);
        assert_eq!(answer.code, 75);
        assert!(answer.stderr.contains(told), "{boot}: {}", answer.stderr);
    }
}

/// Every path in a folder, with the inode and time that change when it is written.
fn state(folder: &Path) -> Vec<(PathBuf, u64, i64)> {
    use std::os::unix::fs::MetadataExt;
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let data = std::fs::metadata(&path).expect("it is there");
        found.push((path.clone(), data.ino(), data.ctime_nsec()));
        if data.is_dir() {
            found.extend(state(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn a_finished_source_is_read_without_a_lock_and_nothing_is_written() {
    let place = Place::with(SMALL);
    place.run(&[]);
    let sources = place.path("runs/sources");
    let source = std::fs::read_dir(&sources).expect("sources").next().expect("one").expect("a folder").path();
    // Another process holds the lock.
    let mut lock = json(&source.join(".lock-1"));
    lock["released"] = false.into();
    lock["machine"] = "elsewhere".into();
    lock["host"] = "elsewhere".into();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    lock["heartbeat"] = later.duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs().into();
    std::fs::write(source.join(".lock-1"), lock.to_string()).expect("a lock");
    let before = state(&sources);
    let set_rights = |mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        for folder in [&source, &sources] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).expect("set");
        }
    };
    let run = |k: &str| {
        let set = format!("transfer.frozen_layers={k}");
        place.freezewise_without_rights(&[], &["run", "spec.toml", "--set", &set, "--max-time", "60s"])
    };
    assert_eq!(run("1").code, 0);
    assert_eq!(state(&sources), before);
    set_rights(0o555);
    let answer = run("3");
    set_rights(0o755);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
}

/// An incomplete source is not used: its record says `running`, or its weights are truncated.
#[test]
fn incomplete_sources_are_not_used() {
    let place = Place::with(SMALL);
    place.run(&[]);
    let sources = place.path("runs/sources");
    let source = std::fs::read_dir(sources).expect("sources").next().expect("one").expect("a folder").path();
    let whole = std::fs::read(source.join("weights.safetensors")).expect("weights");
    std::fs::write(source.join("weights.safetensors"), &whole[..whole.len() / 2]).expect("cut");
    let answer = place.try_run(&["transfer.frozen_layers=1"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("to train the source again"), "{}", answer.stderr);
    let mut record = json(&source.join("run.json"));
    record["status"] = "running".into();
    std::fs::write(source.join("run.json"), record.to_string()).expect("a record");
    place.run(&["transfer.frozen_layers=1"]);
    assert_eq!(json(&source.join("run.json"))["restarts"].as_array().map(Vec::len), Some(1));
    assert!(std::fs::read(source.join("weights.safetensors")).expect("weights") == whole);
}
