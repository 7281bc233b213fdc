//! The same command goes on, to the same bytes.

use super::super::program::{Place, json};
use super::torture::unfinished;
use super::{SMALL, only_run, product, run_with_fault};

#[test]
fn an_extended_run_is_an_unbroken_one() {
    for (first, second) in [("epochs", [3, 7]), ("steps", [7, 10])] {
        let place = |budget: u64| {
            let mut spec = SMALL.replace("epochs = 3", &format!("{first} = {budget}"));
            spec.push_str("[evaluate]\nevery = 3\n");
            Place::with(&spec)
        };
        let extended = place(second[0]);
        extended.run(&[]);
        let longer = format!("target.train.{first}={}", second[1]);
        let directory = extended.run(&[&longer]);
        assert!(product(&directory) == product(&place(second[1]).run(&[])), "{first}");
        let record = json(&directory.join("run.json"));
        assert!(record["restarts"][0]["reason"].as_str().is_some_and(|reason| reason.starts_with("its budget was ")));
        // A shorter budget is done already, and changes nothing.
        let answer = extended.freezewise(&["run", "spec.toml"]);
        assert_eq!(answer.code, 0);
        assert!(answer.stderr.starts_with("finished already"), "{}", answer.stderr);
    }
}

#[test]
fn a_stop_ends_with_its_code_and_loses_nothing() {
    let place = Place::with(SMALL);
    // With the images at hand, it comes to the training.
    assert_eq!(place.freezewise(&["data", "stats", "spec.toml"]).code, 0);
    let answer = place.freezewise(&["run", "spec.toml", "--max-time", "0s"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("stopped by --max-time") && !answer.stderr.contains("error"), "{}", answer.stderr);
    let record = json(&only_run(&place).join("run.json"));
    assert_eq!(record["status"], "stopped");
    assert!(!only_run(&place).join("error.txt").exists());
    assert!(product(&place.run(&[])) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn a_damaged_checkpoint_is_passed_over_for_the_one_before() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    let folder = only_run(&place).join("checkpoint");
    let newest = json(&folder.join("latest.json"))["newest"].as_str().expect("a name").to_owned();
    let path = folder.join(&newest);
    let mut bytes = std::fs::read(&path).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("damage");
    let answer = place.freezewise(&["run", "spec.toml"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains(&format!("{newest} cannot be used: it is damaged")), "{}", answer.stderr);
    assert!(answer.stderr.contains("going on from the one before"), "{}", answer.stderr);
    assert!(product(&only_run(&place)) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn without_a_whole_checkpoint_nothing_is_thrown_away() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    let folder = only_run(&place).join("checkpoint");
    for entry in std::fs::read_dir(&folder).expect("checkpoints") {
        std::fs::write(entry.expect("an entry").path(), "damage").expect("damage");
    }
    let table = std::fs::read(only_run(&place).join("metrics.csv")).expect("metrics.csv");
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("nor those before it") && answer.stderr.contains("`--fresh`"), "{}", answer.stderr);
    assert_eq!(std::fs::read(only_run(&place).join("metrics.csv")).expect("metrics.csv"), table);
    let answer = place.freezewise(&["run", "spec.toml", "--fresh"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("what was there is kept in runs/spec/.old/"), "{}", answer.stderr);
    let kept = std::fs::read_dir(place.path("runs/spec/.old")).expect("old").next().expect("one").expect("one").path();
    assert_eq!(std::fs::read(kept.join("metrics.csv")).expect("metrics.csv"), table);
    assert!(product(&only_run(&place)) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn a_fresh_start_takes_nothing_over_even_without_a_record() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    std::fs::remove_file(only_run(&place).join("run.json")).expect("removed");
    let answer = place.freezewise(&["run", "spec.toml", "--fresh", "--max-time", "0s"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("what was there is kept in runs/spec/.old/"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("going on"), "{}", answer.stderr);
}

#[test]
fn what_a_kill_left_of_a_file_goes_though_the_run_is_finished() {
    let place = Place::with(SMALL);
    let directory = place.run(&[]);
    let expected = product(&directory);
    std::fs::write(directory.join(".writing-a"), "half").expect("a file");
    assert_eq!(place.run(&[]), directory);
    assert!(unfinished(&directory).is_empty() && product(&directory) == expected);
}

#[test]
fn two_checkpoints_stay_and_those_asked_for() {
    let place = Place::with(&SMALL.replace("epochs = 3", "epochs = 12"));
    let directory = place.run(&["checkpoint.keep=[2, 3]"]);
    let names = |directory: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(directory.join("checkpoint")).expect("checkpoints");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    };
    let passing = ["latest.json", "step-000000000035.safetensors", "step-000000000036.safetensors"];
    let kept = ["epoch-000000002.safetensors", "epoch-000000003.safetensors"];
    assert_eq!(names(&directory), [&kept[..], &passing[..]].concat());
    let other = Place::with(&SMALL.replace("epochs = 3", "epochs = 12"));
    let kept = [1, 2, 5, 10].map(|epoch| format!("epoch-{epoch:09}.safetensors"));
    let log = names(&other.run(&["checkpoint.keep=log"]));
    assert_eq!(log[..4], kept);
    let source = std::fs::read_dir(other.path("runs/sources")).expect("sources").next().expect("one").expect("one");
    assert!(!source.path().join("checkpoint").exists(), "a finished source has no use for one");
    // A sparse rhythm still keeps the end.
    let sparse = Place::with(&SMALL.replace("every_seconds = 0", "every_epochs = 2"));
    assert_eq!(names(&sparse.run(&["checkpoint.every_seconds=1000"]))[1..].len(), 2);
}

#[test]
fn a_measurement_that_was_not_made_is_named() {
    let place = Place::with(SMALL);
    let directory = place.run(&["evaluate.every=3", "target.train.epochs=9"]);
    let before = product(&directory);
    let answer = place.try_run(&["target.train.epochs=9"]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(answer.stderr.contains("test errors after epochs 1, 2, 4, 5, 7 and 1 more"), "{}", answer.stderr);
    assert!(answer.stderr.contains("`--fresh` makes them"), "{}", answer.stderr);
    // The same of a run that is not finished.
    let longer = place.try_run(&["target.train.epochs=12", "evaluate.every=2"]);
    assert_eq!(longer.code, 2, "{}", longer.stderr);
    assert!(longer.stderr.contains("after epochs 2, 4"), "{}", longer.stderr);
    assert!(product(&directory) == before);
    // Fewer are there already.
    assert_eq!(place.try_run(&["target.train.epochs=9", "evaluate.every=9"]).code, 0);
}
