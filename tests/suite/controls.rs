//! Averaged weights, correct examples, norms and branches: none changes the training, all survive interruptions.

use std::path::Path;

use freezewise::rundir::{self, BranchRow, Metrics, RunDirectory, read_answers};

use super::program::{Place, weights};
use super::reliability::run_with_fault;

const SPEC: &str = r#"
image_size = 8
[network]
width = 2
[target]
dataset = "synthetic"
train_size = 80
label_noise = 0.25
[target.train]
epochs = 6
learning_rate = 1e-2
batch_size = 32
"#;

const ALL: [&str; 4] =
    ["evaluate.averaged_half_life=4", "evaluate.correct=all", "evaluate.correct_train=true", "evaluate.norms=true"];
const BRANCHES: &str = "branches.at=[2, 5]";

fn rows(directory: &Path) -> Vec<Metrics> {
    rundir::read(&directory.join("metrics.csv")).expect("rows")
}

fn branches(directory: &Path) -> Vec<BranchRow> {
    rundir::read(&directory.join("branches.csv")).expect("branches")
}

/// Every file written by the measures.
fn measured(directory: &Path) -> Vec<Vec<u8>> {
    let files = [
        "metrics.csv",
        "weights.safetensors",
        "summary.json",
        "branches.csv",
        "correct/test.bits",
        "correct/train.bits",
    ];
    files.iter().map(|file| std::fs::read(directory.join(file)).unwrap_or_default()).collect()
}

fn with<'a>(sets: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [sets, more].concat()
}

#[test]
fn measures_and_branches_do_not_change_a_run() {
    let bare = Place::with(SPEC).run_at(&["evaluate.correct=off"]);
    let bare = bare.path();
    let place = Place::with(SPEC);
    let directory = place.run(&with(&ALL, &[BRANCHES]));
    assert_eq!(weights(bare), weights(&directory));
    let measured = rows(&directory);
    assert_eq!(measured.iter().map(Metrics::without_optional).collect::<Vec<_>>(), rows(bare));
    assert!(measured.iter().all(|row| row.test_error_averaged.is_some() && row.weight_norm.is_some()));
    assert!(!bare.join("correct").exists() && !bare.join("branches.csv").exists());
    // Checkpoints from which branches started are deleted; the last one remains.
    let states = std::fs::read_dir(directory.join("checkpoint")).expect("checkpoints").count();
    assert_eq!(states, 1);
}

#[test]
fn correct_examples_match_the_errors() {
    let directory = Place::with(SPEC).run_at(&ALL);
    let run = RunDirectory::at(directory.path());
    let rows = rows(directory.path());
    let test = std::fs::metadata(run.correct("test")).expect("answers").len() as usize / rows.len() - 8;
    for (examples, count) in [("train", 80), ("test", test * 8)] {
        let answers = read_answers(&run.correct(examples), count).expect("records");
        assert_eq!(answers.iter().map(|answers| answers.epoch).collect::<Vec<_>>(), (0..=6).collect::<Vec<_>>());
        for (answers, row) in answers.iter().zip(&rows) {
            let error = if examples == "train" { row.train_error } else { row.test_error };
            let right = answers.correct.iter().filter(|&&correct| correct).count() as f64;
            let error = error.expect("it was measured");
            assert!((1.0 - right / count as f64 - error).abs() < 1e-9, "{examples}: {error}");
        }
    }
}

#[test]
fn branches_added_later_match_branches_from_the_start() {
    let before = Place::with(SPEC).run_at(&[BRANCHES]);
    let expected = branches(before.path());
    assert_eq!(
        expected.iter().map(|row| (row.epoch, row.step, row.anneal_steps)).collect::<Vec<_>>(),
        [(2, 6, Some(10)), (5, 15, Some(10))]
    );
    for row in &expected {
        let errors = [row.anneal_train_error, row.refit_train_error, row.tuned_train_error, row.tuned_test_error];
        assert!(errors.iter().all(|error| error.is_some_and(|error| (0.0..=1.0).contains(&error))), "{row:?}");
    }
    let place = Place::with(SPEC);
    let directory = place.run(&["checkpoint.keep=[2, 5]"]);
    assert!(!directory.join("branches.csv").exists());
    place.run(&["checkpoint.keep=[2, 5]", BRANCHES]);
    assert_eq!(branches(&directory), expected);
    assert_eq!(
        std::fs::read_dir(directory.join("checkpoint")).expect("checkpoints").count(),
        3,
        "kept checkpoints remain"
    );
    // More branches, and different ones at the same epochs.
    place.run(&["checkpoint.keep=[2, 5]", "branches.at=[5]", "branches.anneal_steps=3"]);
    assert_eq!(branches(&directory)[1].anneal_steps, Some(3));
}

#[test]
fn a_second_kind_of_branch_keeps_the_results_of_the_first() {
    let place = Place::with(SPEC);
    let directory = place.run(&["checkpoint.keep=[2]", "branches.at=[2]", "branches.refit=false"]);
    let first = branches(&directory).remove(0);
    assert!(first.anneal_test_error.is_some() && first.refit_test_error.is_none(), "{first:?}");
    place.run(&["checkpoint.keep=[2]", "branches.at=[2]", "branches.anneal=false"]);
    let both = branches(&directory).remove(0);
    assert_eq!((both.anneal_steps, both.anneal_test_error), (first.anneal_steps, first.anneal_test_error));
    assert!(both.refit_test_error.is_some() && both.tuned_test_error.is_some(), "{both:?}");
}

#[test]
fn a_run_with_a_branch_at_its_end_can_be_extended() {
    let place = Place::with(SPEC);
    let directory = place.run(&["branches.at=[6]"]);
    assert_eq!(std::fs::read_dir(directory.join("checkpoint")).expect("checkpoints").count(), 1);
    place.run(&["branches.at=[6]", "target.train.epochs=8"]);
    let unbroken = Place::with(SPEC).run_at(&["branches.at=[6]", "target.train.epochs=8"]);
    assert!(measured(&directory) == measured(unbroken.path()));
}

#[test]
fn branches_from_deleted_states_are_rejected() {
    let place = Place::with(SPEC);
    let directory = place.run(&[]);
    let before = measured(&directory);
    let answer = place.try_run(&["branches.at=[3, 6]"]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(answer.stderr.contains("did not keep: epoch 3\n"), "{}", answer.stderr);
    assert!(answer.stderr.contains("`checkpoint.keep`") && answer.stderr.contains("--fresh"), "{}", answer.stderr);
    assert!(measured(&directory) == before && !directory.join("error.txt").exists());
    assert_eq!(place.try_run(&[]).code, 0, "it is still finished");
    // The last state is there, to extend the run from.
    place.run(&["branches.at=[6]"]);
    assert_eq!(branches(&directory), branches(Place::with(SPEC).run_at(&["branches.at=[6]"]).path()));
    assert_eq!(std::fs::read_dir(directory.join("checkpoint")).expect("checkpoints").count(), 1, "as before");
}

#[test]
fn a_stop_or_a_kill_changes_no_measure() {
    let sets = with(&ALL, &[BRANCHES]);
    let expected = measured(Place::with(SPEC).run_at(&sets).path());
    assert!(expected.iter().all(|bytes| !bytes.is_empty()));
    for fault in ["stop@12", "stop@60", "stop@110", "kill@25", "kill@45", "kill@52"] {
        let place = Place::with(SPEC);
        let mut answer = run_with_fault(&place, fault, &sets);
        assert!(answer.code != 0 || fault.starts_with("kill"), "{fault}: {}", answer.stderr);
        answer = place.try_run(&sets);
        assert_eq!(answer.code, 0, "{fault}: {}", answer.stderr);
        let directory = place.path(answer.stdout.trim());
        assert!(measured(&directory) == expected, "{fault}");
    }
}

#[test]
fn an_extended_run_has_the_measures_of_an_uninterrupted_one() {
    // The last epoch of the shorter budget has train errors that the schedule does not ask for.
    let sets = with(&ALL, &["evaluate.every=1", "evaluate.train_every=10"]);
    let place = Place::with(SPEC);
    place.run(&with(&sets, &["target.train.epochs=15"]));
    let longer = with(&sets, &["target.train.epochs=30"]);
    let extended = measured(&place.run(&longer));
    assert!(extended == measured(Place::with(SPEC).run_at(&longer).path()));
    let epochs = |bytes: &[u8]| -> Vec<u64> {
        let records = bytes.chunks_exact(8 + 80 / 8);
        records.map(|record| u64::from_le_bytes(record[..8].try_into().expect("eight bytes"))).collect()
    };
    assert_eq!(epochs(&extended[5]), [0, 10, 20, 30]);
}

#[test]
fn changing_the_averages_of_a_run_is_rejected() {
    let place = Place::with(SPEC);
    let directory = place.run(&["evaluate.averaged_half_life=4"]);
    let before = measured(&directory);
    let answer = place.try_run(&["evaluate.averaged_half_life=5"]);
    assert!(answer.code == 2 && answer.stderr.contains("a half-life of 4 steps, not 5"), "{}", answer.stderr);
    assert_eq!(measured(&directory), before);
    // Without them it is the same run, and finished.
    assert_eq!(place.try_run(&[]).code, 0);
    let bare = Place::with(SPEC);
    bare.run(&[]);
    let answer = bare.try_run(&["evaluate.averaged_half_life=5"]);
    assert!(answer.code == 2 && answer.stderr.contains("has no averaged weights"), "{}", answer.stderr);
    let answer = bare.try_run(&["evaluate.norms=true"]);
    assert!(
        answer.code == 2 && answer.stderr.contains("lacks measurements that the spec asks for: norms"),
        "{}",
        answer.stderr
    );
}

#[test]
fn bad_input_names_its_key() {
    let place = Place::with(SPEC);
    for (set, part) in [
        ("branches.at=[3, 7]", "epoch 7 is beyond the budget of 6 whole epochs"),
        ("branches.at=[0]", "branches.at"),
        ("evaluate.averaged_half_life=0", "evaluate.averaged_half_life"),
        ("evaluate.averaged_half_life=1.5", "evaluate.averaged_half_life"),
        ("branches.anneal_steps=0", "branches.anneal_steps"),
        ("evaluate.correct=some", "evaluate.correct"),
    ] {
        let answer = place.try_run(&[set]);
        assert!(answer.code == 2 && answer.stderr.contains(part), "{set}: {}", answer.stderr);
    }
    let nothing = ["branches.at=[3]", "branches.anneal=false", "branches.refit=false"];
    let answer = place.try_run(&nothing);
    assert!(answer.code == 2 && answer.stderr.contains("branches do nothing"), "{}", answer.stderr);
}
