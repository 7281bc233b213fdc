//! A finished run stays as it is, unless it is extended or evaluated otherwise from its last checkpoint.

use std::path::Path;

use super::super::folders::set_rights;
use super::super::program::{Place, json};
use super::faults::operations;
use super::{SMALL, checkpoints, only_run, product, run_with_fault};

#[test]
fn a_run_without_a_final_checkpoint_cannot_be_extended() {
    let place = Place::with(SMALL);
    let none = "checkpoint.keep_final=false";
    let directory = place.run(&[none]);
    let before = product(&directory);
    assert!(!directory.join("checkpoint").exists());
    assert_eq!(place.run(&[none]), directory);
    for other in ["target.train.epochs=4", "evaluate.every=2"] {
        let answer = place.try_run(&[none, other]);
        assert_eq!(answer.code, 2, "{}", answer.stderr);
        for part in ["finished after 9 steps and has no checkpoint left", "`--fresh`", "`checkpoint.keep_final = true`"]
        {
            assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
        }
        assert!(product(&directory) == before);
    }
    assert!(!directory.join("error.txt").exists());
    // A checkpoint kept by an earlier run is deleted if the same run is requested without it.
    let kept = Place::with(SMALL);
    let directory = kept.run(&[]);
    assert_eq!(checkpoints(&directory).len(), 1);
    assert!(product(&kept.run(&[none])) == before && !directory.join("checkpoint").exists());
}

#[test]
fn a_sparser_schedule_of_a_finished_run_rewrites_its_table() {
    let place = Place::with(SMALL);
    place.run(&[]);
    let sparse = ["evaluate.every=2"];
    let log = std::fs::read_to_string(only_run(&place).join("log.txt")).expect("log.txt");
    assert!(product(&place.run(&sparse)) == product(&Place::with(SMALL).run(&sparse)));
    let after = std::fs::read_to_string(only_run(&place).join("log.txt")).expect("log.txt");
    assert!(
        after.strip_prefix(&log).is_some_and(|more| !more.contains("target epoch")),
        "nothing was trained: {after}"
    );
}

#[test]
fn missing_measurements_are_named() {
    let place = Place::with(SMALL);
    let directory = place.run(&["evaluate.every=3", "target.train.epochs=9"]);
    let before = product(&directory);
    let answer = place.try_run(&["target.train.epochs=9"]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    // The last five epochs were measured for the summary.
    assert!(answer.stderr.contains("test errors after epochs 1, 2, 4\n"), "{}", answer.stderr);
    assert!(
        answer.stderr.contains("`--fresh`")
            && answer.stderr.contains("request fewer measurements with `evaluate.every`"),
        "{}",
        answer.stderr
    );
    // The same for an unfinished run.
    let longer = place.try_run(&["target.train.epochs=12", "evaluate.every=2"]);
    assert_eq!(longer.code, 2, "{}", longer.stderr);
    assert!(longer.stderr.contains("after epochs 2, 4"), "{}", longer.stderr);
    assert!(product(&directory) == before);
    // A sparser schedule is already complete.
    assert_eq!(place.try_run(&["target.train.epochs=9", "evaluate.every=9"]).code, 0);
}

/// Every file of a run's results.
fn results(directory: &Path) -> Vec<Option<Vec<u8>>> {
    let names = ["metrics.csv", "summary.json", "branches.csv", "timing.csv", "correct/test.bits", "run.json"];
    names.iter().map(|name| std::fs::read(directory.join(name)).ok()).collect()
}

#[test]
fn a_pruned_run_is_not_trained_again() {
    let place = Place::with(SMALL);
    let directory = place.run(&["branches.at=[2]"]);
    assert_eq!(place.freezewise(&["prune", "runs/spec"]).code, 0);
    let before = results(&directory);
    assert!(before.iter().all(Option::is_some) && !directory.join("weights.safetensors").exists());
    for other in ["target.train.epochs=4000", "evaluate.every=2", "branches.at=[3]", "evaluate.norms=true"] {
        let answer = place.freezewise(&["run", "spec.toml", "--max-time", "1s", "--set", other]);
        assert_eq!(answer.code, 2, "{other}: {}", answer.stderr);
        assert!(answer.stderr.contains("has no checkpoint left at its end"), "{other}: {}", answer.stderr);
        assert!(answer.stderr.contains("start over with `--fresh`"), "{other}: {}", answer.stderr);
        assert!(results(&directory) == before && !directory.join("error.txt").exists(), "{other}");
    }
    assert_eq!(place.run(&["branches.at=[2]"]), directory);
    let fresh = place.freezewise(&["run", "spec.toml", "--fresh", "--set", "target.train.epochs=4"]);
    assert_eq!(fresh.code, 0, "{}", fresh.stderr);
}

#[test]
fn a_finished_run_resumes_only_from_its_end() {
    let spec = format!("{}[evaluate]\nevery = 5\n", SMALL.replace("epochs = 3", "epochs = 20"));
    let keep = "checkpoint.keep=[3]";
    let place = Place::with(&spec);
    let directory = place.run(&[keep]);
    let before = results(&directory);
    let refused = |overrides: &[&str], part: &str| {
        let answer = place.try_run(overrides);
        assert_eq!(answer.code, 2, "{overrides:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(part), "{overrides:?}: {}", answer.stderr);
        assert!(answer.stderr.contains("`--fresh`"), "{overrides:?}: {}", answer.stderr);
        assert!(!answer.stderr.contains("request at least"), "{overrides:?}: {}", answer.stderr);
        assert!(results(&directory) == before && !directory.join("error.txt").exists(), "{overrides:?}");
    };
    // The checkpoint of epoch 3 would have served both, and the run would have been trained again from there.
    let every_four = "evaluate.every=4";
    let lacks = "lacks measurements that the spec asks for: test errors after epochs 4, 8, 12\n";
    refused(&[every_four], lacks);
    refused(&[every_four, "target.train.epochs=25"], "test errors after epochs 4, 8, 12");
    // Its last checkpoint is gone, and only that of epoch 3 is left.
    let last = checkpoints(&directory).pop().expect("a checkpoint");
    let last = directory.join("checkpoint").join(last);
    let state = std::fs::read(&last).expect("a checkpoint");
    for bytes in [None, Some(&state[..state.len() / 2])] {
        match bytes {
            None => std::fs::remove_file(&last).expect("removed"),
            Some(bytes) => std::fs::write(&last, bytes).expect("damage"),
        }
        for other in ["target.train.epochs=25", "evaluate.every=10", "branches.at=[3]"] {
            refused(&[other], "has no checkpoint left at its end");
        }
    }
    std::fs::write(&last, state).expect("restored");
    let longer = place.run(&["target.train.epochs=25"]);
    assert!(product(&longer) == product(&Place::with(&spec).run(&["target.train.epochs=25"])));
}

/// States of branches that a kill left after the record said `finished`.
#[test]
fn branch_states_left_by_a_kill_are_removed() {
    let sets = ["branches.at=[1, 2]", "checkpoint.keep=[2]"];
    let removal = |operation: &String| operation.starts_with("Remove ") && operation.contains("epoch-000000001");
    let at = operations(&sets).iter().position(removal).expect("the state of epoch 1 is removed") + 1;
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, &format!("kill@{at}"), &sets).code, -1);
    let directory = only_run(&place);
    let kept = ["epoch-000000002.safetensors", "step-000000000009.safetensors"];
    assert_eq!(json(&directory.join("run.json"))["status"], "finished");
    assert!(checkpoints(&directory).contains(&"epoch-000000001.safetensors".to_owned()));
    let before = results(&directory);
    assert_eq!(place.run(&sets), directory);
    assert_eq!(checkpoints(&directory), kept);
    assert!(results(&directory) == before);
}

#[test]
fn what_cannot_be_read_is_not_overwritten() {
    let place = Place::with(SMALL);
    let directory = place.run(&[]);
    for file in ["correct/test.bits", "timing.csv"] {
        let path = directory.join(file);
        let before = std::fs::read(&path).expect("the file");
        set_rights(&path, 0o000);
        let answer = place.freezewise_without_rights(&[], &["run", "spec.toml", "--set", "target.train.epochs=5"]);
        set_rights(&path, 0o644);
        assert_eq!(answer.code, 1, "it could be read: {}", answer.stderr);
        assert!(
            answer.stderr.contains(&format!("{file}`")) && answer.stderr.contains("Permission"),
            "{}",
            answer.stderr
        );
        assert!(std::fs::read(&path).expect("the file") == before, "{file}");
    }
}
