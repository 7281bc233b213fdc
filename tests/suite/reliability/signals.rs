//! On a signal the run stops with a checkpoint.

use std::process::{Command, Stdio};

use super::super::program::{Place, json};
use super::{SMALL, end, endless, only_run, product, rows, run_with_fault, signal, start, wait_until};

#[test]
fn every_termination_signal_writes_a_checkpoint() {
    let place = Place::with(&endless());
    for name in ["INT", "TERM", "USR1", "USR2", "HUP"] {
        let before = rows(&place);
        let child = start(&place, &[], &[]);
        wait_until("rows", || rows(&place) > before.max(1));
        signal(&child, name);
        let answer = end(child);
        assert_eq!(answer.code, 75, "{name}: {}", answer.stderr);
        assert!(answer.stderr.contains(&format!("stopped by SIG{name}, after step ")), "{}", answer.stderr);
        let record = json(&only_run(&place).join("run.json"));
        assert_eq!(record["status"], "stopped");
    }
    let record = json(&only_run(&place).join("run.json"));
    let reasons: Vec<&str> = record["restarts"]
        .as_array()
        .expect("restarts")
        .iter()
        .filter_map(|restart| restart["reason"].as_str())
        .collect();
    assert_eq!(reasons.len(), 4);
    assert!(reasons[0].starts_with("stopped by SIGINT") && reasons[3].starts_with("stopped by SIGUSR2"), "{reasons:?}");
    // So far the rows equal those of an uninterrupted run.
    let epochs = json(&only_run(&place).join("run.json"))["restarts"][3]["epoch"].as_u64().expect("epochs");
    let table = std::fs::read_to_string(only_run(&place).join("metrics.csv")).expect("metrics.csv");
    let unbroken = Place::with(&endless());
    let whole = unbroken.run(&[&format!("target.train.epochs={epochs}")]);
    let whole = String::from_utf8(product(&whole)[0].clone()).expect("text");
    assert!(table.starts_with(&whole), "{epochs} epochs");
}

#[test]
fn an_ignored_hangup_stays_ignored() {
    let place = Place::with(&endless());
    let program = assert_cmd::cargo::cargo_bin!("freezewise").display().to_string();
    let script = format!("trap '' HUP; exec '{program}' run spec.toml --quiet");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path("")).env("OMP_NUM_THREADS", "1");
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("sh starts");
    wait_until("rows", || rows(&place) > 2);
    signal(&child, "HUP");
    let before = rows(&place);
    wait_until("more rows", || rows(&place) > before + 2);
    signal(&child, "TERM");
    let answer = end(child);
    assert_eq!(answer.code, 75);
    assert!(answer.stderr.contains("SIGTERM"), "{}", answer.stderr);
}

#[test]
fn a_second_interrupt_ends_a_run_at_once() {
    let place = Place::with(SMALL);
    // Both arrive between two checks: no later check could make a checkpoint of the first.
    for fault in ["interrupts@1", "interrupts@5", "interrupts@20"] {
        let answer = run_with_fault(&place, fault, &[]);
        assert_eq!(answer.code, 130, "{fault}: {}", answer.stderr);
    }
    assert_eq!(product(&place.run(&[])), product(&Place::with(SMALL).run(&[])));
}
