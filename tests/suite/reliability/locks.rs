//! One process a run, one a source.

use super::super::program::{Place, json, metrics};
use super::{SMALL, end, endless, only_run, product, rows, signal, start, wait_until};

#[test]
fn eight_at_once_train_one_source_once() {
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
fn of_eight_at_once_on_one_run_one_trains() {
    let place = Place::with(SMALL);
    let children: Vec<_> = (0..8).map(|_| start(&place, &[], &[])).collect();
    let answers: Vec<_> = children.into_iter().map(end).collect();
    assert!(answers.iter().any(|answer| answer.code == 0));
    for answer in answers.iter().filter(|answer| answer.code != 0) {
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(
            answer.stderr.contains("error: another process ") && answer.stderr.contains(" since 2"),
            "{}",
            answer.stderr
        );
    }
    let directory = only_run(&place);
    assert!(json(&directory.join("run.json"))["restarts"].as_array().is_some_and(Vec::is_empty));
    assert!(product(&directory) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn a_run_of_another_machine_is_left_to_it_until_its_heart_stands_still() {
    let place = Place::with(&endless());
    let mut child = start(&place, &[("FREEZEWISE_HOST", "elsewhere")], &[]);
    wait_until("rows", || rows(&place) > 2);
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains(&format!("process {} on elsewhere since ", child.id())), "{}", answer.stderr);
    child.kill().expect("killed");
    child.wait().expect("dead");
    // From here nobody can tell yet.
    assert_eq!(place.try_run(&[]).code, 1);
    // There everybody can.
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
fn a_process_that_was_taken_over_writes_no_more() {
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
    assert_eq!(json(&run.join("run.json"))["status"], "running", "the record is the other's now");
    assert!(!run.join("error.txt").exists());
    assert_eq!(json(&run.join(".lock-2"))["released"], false);
}

#[test]
fn who_waits_for_a_source_can_be_stopped() {
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
    assert!(waiting.stderr.contains(": waiting"), "{}", waiting.stderr);
    signal(&trainer, "TERM");
    assert_eq!(end(trainer).code, 75);
}
