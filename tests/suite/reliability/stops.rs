//! A stop requested at any moment takes effect before the next batch: exit code 75, and the same command produces the
//! results of an uninterrupted run.

use super::super::program::{Place, json};
use super::{SMALL, only_run, product, run_with_fault};

/// Statistics of frozen layers are computed, their outputs cached, and several batches evaluated.
const SETS: [&str; 3] = ["transfer.frozen_norm=target", "compute.evaluation_batch=16", "target.validation_size=20"];

/// Stops at the given check for a stop, then finishes the run. Returns false if there are fewer checks.
fn stop_at(number: u64, expected: &[Vec<u8>; 3]) -> bool {
    let place = Place::with(SMALL);
    let answer = run_with_fault(&place, &format!("stop@{number}"), &SETS);
    if answer.code == 0 {
        return false;
    }
    assert_eq!(answer.code, 75, "{number}: {}", answer.stderr);
    assert!(answer.stderr.contains("stopped by SIGTERM, "), "{number}: {}", answer.stderr);
    let again = place.try_run(&SETS);
    assert_eq!(again.code, 0, "{number}: {}", again.stderr);
    assert!(product(&only_run(&place)) == *expected, "stopped at check {number}");
    assert_eq!(json(&only_run(&place).join("run.json"))["status"], "finished");
    true
}

#[test]
fn hashing_and_evaluation_can_be_interrupted() {
    let expected = product(&Place::with(SMALL).run(&SETS));
    for number in [1, 15, 30, 45, 60, 75] {
        assert!(stop_at(number, &expected), "there is a check {number}");
    }
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn a_run_can_be_stopped_at_every_check() {
    let expected = product(&Place::with(SMALL).run(&SETS));
    let questions = (1..10_000).take_while(|&number| stop_at(number, &expected)).count();
    assert!(questions > 75, "{questions} checks");
}
