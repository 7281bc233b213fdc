//! The same command resumes, with the same bytes as result.

use super::super::program::{Place, json};
use super::torture::unfinished;
use super::{SMALL, checkpoints, only_run, product, run_with_fault};

#[test]
fn an_extended_run_matches_an_uninterrupted_one() {
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
        assert!(
            record["restarts"][0]["reason"]
                .as_str()
                .is_some_and(|reason| reason.starts_with("its budget changed from "))
        );
        // This schedule depends on the budget, so numbers differ.
        let before = product(&directory);
        let answer = extended.freezewise(&["run", "spec.toml", "--json"]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{}", answer.stderr);
        let [asked, has] = second;
        for part in [
            format!("has trained {has} {first}, more than the requested {asked} {first}"),
            format!("request at least {has} {first}: `--set target.train.{first}={has}`"),
            "`--fresh`".into(),
        ] {
            assert!(answer.stderr.contains(&part), "{part}: {}", answer.stderr);
        }
        assert!(product(&directory) == before && !directory.join("error.txt").exists());
    }
}

#[test]
fn a_stop_ends_with_its_code_and_loses_nothing() {
    let place = Place::with(SMALL);
    // With cached images, it reaches the training.
    assert_eq!(place.freezewise(&["data", "stats", "spec.toml"]).code, 0);
    let answer = place.freezewise(&["run", "spec.toml", "--max-time", "0s"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("stopped by `--max-time` (0.0 s)") && !answer.stderr.contains("error"),
        "{}",
        answer.stderr
    );
    // During the training of the target.
    let answer = run_with_fault(&place, "stop@30", &[]);
    assert!(answer.code == 75 && answer.stderr.contains("stopped by SIGTERM, after step"), "{}", answer.stderr);
    let record = json(&only_run(&place).join("run.json"));
    assert_eq!(record["status"], "stopped");
    assert!(!only_run(&place).join("error.txt").exists());
    assert!(product(&place.run(&[])) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn a_damaged_checkpoint_falls_back_to_the_previous_one() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    let folder = only_run(&place).join("checkpoint");
    let newest = checkpoints(&only_run(&place)).pop().expect("a checkpoint");
    let path = folder.join(&newest);
    let mut bytes = std::fs::read(&path).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("damage");
    let answer = place.freezewise(&["run", "spec.toml"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains(&format!("{newest}`: it is damaged")), "{}", answer.stderr);
    assert!(answer.stderr.contains("resuming from the previous one"), "{}", answer.stderr);
    assert!(product(&only_run(&place)) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn nothing_is_deleted_if_all_checkpoints_are_damaged() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    let folder = only_run(&place).join("checkpoint");
    for entry in std::fs::read_dir(&folder).expect("checkpoints") {
        std::fs::write(entry.expect("an entry").path(), "damage").expect("damage");
    }
    let table = std::fs::read(only_run(&place).join("metrics.csv")).expect("metrics.csv");
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("nor the earlier ones") && answer.stderr.contains("`--fresh`"), "{}", answer.stderr);
    assert_eq!(std::fs::read(only_run(&place).join("metrics.csv")).expect("metrics.csv"), table);
    let answer = place.freezewise(&["run", "spec.toml", "--fresh"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("the existing run was moved to runs/spec/.old/"), "{}", answer.stderr);
    let kept = std::fs::read_dir(place.path("runs/spec/.old")).expect("old").next().expect("one").expect("one").path();
    assert_eq!(std::fs::read(kept.join("metrics.csv")).expect("metrics.csv"), table);
    assert!(product(&only_run(&place)) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn a_fresh_start_reuses_nothing_even_without_a_record() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    std::fs::remove_file(only_run(&place).join("run.json")).expect("removed");
    let variables = [("FREEZEWISE_FAULT", "device@1")];
    let answer = place.freezewise_with(&variables, &["run", "spec.toml", "--fresh"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("the existing run was moved to runs/spec/.old/"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("resuming after"), "{}", answer.stderr);
}

#[test]
fn a_failed_fresh_start_keeps_the_finished_run() {
    let place = Place::with(SMALL);
    let directory = place.run(&[]);
    let before = product(&directory);
    let source = std::fs::read_dir(place.path("runs/sources")).expect("sources").next().expect("one").expect("one");
    let fresh = ["run", "spec.toml", "--fresh"];
    let weights = source.path().join("weights.safetensors");
    let whole = std::fs::read(&weights).expect("weights");
    let check = |threads: &str, reason: &str| {
        let answer = place.freezewise_with(&[("OMP_NUM_THREADS", threads)], &fresh);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains(reason), "{reason}: {}", answer.stderr);
        assert!(product(&directory) == before && !place.path("runs/spec/.old").exists(), "{reason}");
        assert!(!directory.join("error.txt").exists(), "{reason}");
        assert_eq!(place.run(&[]), directory, "it is still finished");
    };
    check("100000", "requests 100000 threads");
    std::fs::write(&weights, &whole[..whole.len() / 2]).expect("damage");
    check("1", "weights.safetensors");
    std::fs::write(&weights, whole).expect("weights");
    assert_eq!(place.freezewise(&fresh).code, 0);
    assert!(product(&directory) == before && place.path("runs/spec/.old").exists());
}

#[test]
fn temporary_files_left_by_a_kill_are_removed_from_a_finished_run() {
    let place = Place::with(SMALL);
    let directory = place.run(&[]);
    let expected = product(&directory);
    std::fs::write(directory.join(".writing-a"), "half").expect("a file");
    assert_eq!(place.run(&[]), directory);
    assert!(unfinished(&directory).is_empty() && product(&directory) == expected);
}

#[test]
fn two_checkpoints_are_kept_until_the_end_and_then_the_last_and_requested_ones() {
    let place = Place::with(&SMALL.replace("epochs = 3", "epochs = 12"));
    assert_eq!(run_with_fault(&place, "device@9", &[]).code, 1);
    assert_eq!(checkpoints(&only_run(&place)), ["step-000000000004.safetensors", "step-000000000005.safetensors"]);
    let directory = place.run(&["checkpoint.keep=[2, 3]"]);
    let kept = ["epoch-000000002.safetensors", "epoch-000000003.safetensors"];
    let last = "step-000000000036.safetensors";
    assert_eq!(checkpoints(&directory), [&kept[..], &[last]].concat());
    let other = Place::with(&SMALL.replace("epochs = 3", "epochs = 12"));
    let kept = [1, 2, 5, 10].map(|epoch| format!("epoch-{epoch:09}.safetensors"));
    let log = checkpoints(&other.run(&["checkpoint.keep=log"]));
    assert_eq!(log[..4], kept);
    let source = std::fs::read_dir(other.path("runs/sources")).expect("sources").next().expect("one").expect("one");
    assert!(!source.path().join("checkpoint").exists(), "a finished source keeps no checkpoint");
    // A sparse schedule still keeps the final checkpoint.
    let sparse = Place::with(&SMALL.replace("every_seconds = 0", "every_epochs = 2"));
    let directory = sparse.run(&["checkpoint.every_seconds=1000"]);
    assert_eq!(checkpoints(&directory), ["step-000000000009.safetensors"]);
}

#[test]
fn checkpoints_left_by_a_kill_are_removed_from_a_finished_source() {
    let place = Place::with(SMALL);
    let broken = run_with_fault(&place, "device@3", &[]);
    assert_eq!(broken.code, 1, "{}", broken.stderr);
    let sources = std::fs::read_dir(place.path("runs/sources")).expect("sources");
    let source = sources.map(|entry| entry.expect("an entry").path()).next().expect("a source");
    let states: Vec<_> = checkpoints(&source)
        .into_iter()
        .map(|name| (name.clone(), std::fs::read(source.join("checkpoint").join(name)).expect("a checkpoint")))
        .collect();
    assert!(!states.is_empty());
    place.run(&[]);
    assert!(!source.join("checkpoint").exists());
    std::fs::create_dir(source.join("checkpoint")).expect("a folder");
    for (name, bytes) in states {
        std::fs::write(source.join("checkpoint").join(name), bytes).expect("a leftover");
    }
    place.run(&["transfer.frozen_layers=1"]);
    assert!(!source.join("checkpoint").exists());
}

#[test]
fn a_lowered_budget_matches_an_uninterrupted_run_or_is_an_error() {
    let spec = |budget: &str| SMALL.replace("epochs = 3", budget);
    // The source takes three steps: it fails in step 9 of the target.
    let place = Place::with(&spec("steps = 12"));
    assert_eq!(run_with_fault(&place, "device@12", &[]).code, 1);
    let refused = place.try_run(&["target.train.steps=5"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    for part in ["has trained 8 steps, more than the requested 5 steps", "`--set target.train.steps=7`", "`--fresh`"] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    for steps in [7, 8, 12] {
        let budget = format!("target.train.steps={steps}");
        let unbroken = Place::with(&spec(&format!("steps = {steps}")));
        assert!(product(&place.run(&[&budget])) == product(&unbroken.run(&[])), "{steps}");
    }
    // The same with a budget in epochs, failing in the middle of the third.
    let place = Place::with(&spec("epochs = 4"));
    assert_eq!(run_with_fault(&place, "device@12", &["checkpoint.keep=[1]"]).code, 1);
    for epochs in [2, 4] {
        let budget = format!("target.train.epochs={epochs}");
        let unbroken = Place::with(&spec(&format!("epochs = {epochs}")));
        assert!(product(&place.run(&[&budget])) == product(&unbroken.run(&[])), "{epochs}");
    }
}

/// The number of threads changes the last bits.
#[test]
fn a_resumed_run_keeps_its_threads() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@8", &[]).code, 1);
    let answer = place.freezewise_with(&[("OMP_NUM_THREADS", "2")], &["run", "spec.toml"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(!answer.stderr.contains("bit-identical"), "{}", answer.stderr);
    assert!(product(&only_run(&place)) == product(Place::with(SMALL).run_at(&[]).path()));
}

/// Whether the prefix cache fits depends on the machine's free memory at the start.
#[test]
fn a_resumed_run_keeps_its_prefix_cache_choice_or_reports_a_change() {
    let bits = "results may no longer be bit-identical";
    let resumed = |first: &[&str], then: &[&str]| {
        let place = Place::with(SMALL);
        assert_eq!(run_with_fault(&place, "device@8", first).code, 1);
        let log = only_run(&place).join("log.txt");
        let before = std::fs::read_to_string(&log).expect("log.txt").len();
        place.run(then);
        std::fs::read_to_string(&log).expect("log.txt").split_off(before)
    };
    let (on, off) = ([], ["compute.cache=off"]);
    let log = resumed(&on, &on);
    assert!(log.contains("prefix cache on: ") && !log.contains(bits), "{log}");
    let log = resumed(&off, &on);
    assert!(log.contains("resuming after") && !log.contains("prefix cache on") && !log.contains(bits), "{log}");
    let log = resumed(&on, &off);
    assert!(log.contains(&format!("cache changed on → off: {bits}")), "{log}");
    let log = resumed(&on, &["compute.evaluation_batch=7", "compute.attention=plain"]);
    assert!(
        log.contains(&format!("attention changed fused → plain, evaluation batch changed 500 → 7: {bits}")),
        "{log}"
    );
}
