//! Complete runs: the files they write, repeated and extended runs, and how runs end.

use super::program::{Place, TINY, json, metrics, weights};

#[test]
fn a_run_writes_all_of_its_files() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    for name in ["spec.toml", "run.json", "metrics.csv", "timing.csv", "summary.json", "weights.safetensors", "log.txt"]
    {
        assert!(directory.join(name).is_file(), "{name}");
    }
    let rows = metrics(&directory);
    let epochs: Vec<&str> = rows.iter().map(|row| row["epoch"].as_str()).collect();
    assert_eq!(epochs, ["0", "1", "2", "3"]);
    assert_eq!(rows[3]["step"], "9", "80 examples in batches of 32 are three steps, the last one smaller");
    assert_eq!(rows[0]["learning_rate"], "");
    assert_eq!(rows[1]["learning_rate"], "0.01");
    for row in &rows {
        let number = |name: &str| row[name].parse::<f64>().unwrap_or_else(|_| panic!("{name}: {}", row[name]));
        let record = json(&directory.join("run.json"));
        let corrupted = record["data"]["corrupted_examples"].as_f64().expect("a count");
        let (clean, wrong) = (number("train_error_clean"), number("train_error_corrupted"));
        let both = (clean * (80.0 - corrupted) + wrong * corrupted) / 80.0;
        assert!((both - number("train_error")).abs() < 1e-12);
        assert!((0.0..=1.0).contains(&number("test_error")) && (0.0..=1.0).contains(&number("corrupted_true_error")));
    }
    let record = json(&directory.join("run.json"));
    assert_eq!(record["status"], "finished");
    assert_eq!(record["transfer"]["frozen"].as_array().map(Vec::len), Some(4));
    let summary = json(&directory.join("summary.json"));
    assert_eq!(summary["frozen_layers"], 4);
    let mean: f64 = rows[1..].iter().map(|row| row["test_error"].parse::<f64>().expect("a number")).sum::<f64>() / 3.0;
    assert!((summary["last_test_error"].as_f64().expect("a number") - mean).abs() < 1e-12);
}

#[test]
fn a_repeated_run_is_byte_identical() {
    let bytes = |place: &Place| {
        let directory = place.run(&["target.train.augment=[\"crop\", \"flip\"]"]);
        ["metrics.csv", "weights.safetensors", "summary.json"]
            .map(|name| std::fs::read(directory.join(name)).expect("a file"))
    };
    assert_eq!(bytes(&Place::with(TINY)), bytes(&Place::with(TINY)));
}

#[test]
fn a_finished_run_is_not_changed() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    let before = std::fs::metadata(directory.join("metrics.csv")).and_then(|data| data.modified()).expect("a date");
    let answer = place.freezewise(&["run", "spec.toml"]);
    assert_eq!(answer.code, 0);
    assert!(answer.stderr.starts_with("already finished"), "{}", answer.stderr);
    let after = std::fs::metadata(directory.join("metrics.csv")).and_then(|data| data.modified()).expect("a date");
    assert_eq!(before, after);
}

#[test]
fn evaluation_follows_its_schedule_and_the_summary_has_the_end() {
    let place = Place::with(TINY);
    let directory = place.run(&["evaluate.every=4", "target.train.epochs=10"]);
    let measured: Vec<bool> = metrics(&directory).iter().map(|row| !row["test_error"].is_empty()).collect();
    let expected: Vec<bool> = (0..=10).map(|epoch| epoch % 4 == 0).collect();
    assert_eq!(measured, expected);
    assert!(metrics(&directory)[1..].iter().all(|row| !row["train_error_running"].is_empty()));
    assert!(json(&directory.join("summary.json"))["last_train_error"].is_f64());
    // Evaluating more often does not change the numbers.
    let dense = Place::with(TINY);
    let (sparse, dense) = (metrics(&directory), metrics(&dense.run(&["target.train.epochs=10"])));
    assert_eq!(sparse[8]["test_loss"], dense[8]["test_loss"]);
}

#[test]
fn the_train_set_is_evaluated_on_a_schedule_of_its_own() {
    let place = Place::with(TINY);
    let thinned = ["evaluate.every=2", "evaluate.train_every=6", "target.train.epochs=10"];
    let directory = place.run(&thinned);
    let rows = metrics(&directory);
    let measured = |name: &str| -> Vec<usize> { (0..=10).filter(|&epoch| !rows[epoch][name].is_empty()).collect() };
    assert_eq!(measured("test_error"), [0, 2, 4, 6, 8, 10]);
    assert_eq!((measured("train_error"), measured("train_loss")), (vec![0, 6], vec![0, 6]));
    assert!(rows[1..].iter().all(|row| !row["train_error_running"].is_empty()));
    // The numbers equal those of a run that measures more; the summary includes the end of the budget.
    let other = Place::with(TINY);
    let dense_directory = other.run(&["target.train.epochs=10"]);
    let dense = metrics(&dense_directory);
    for (epoch, row) in rows.iter().enumerate() {
        assert!(row.iter().all(|(name, value)| value.is_empty() || *value == dense[epoch][name]), "epoch {epoch}");
    }
    let last = |directory: &std::path::Path| json(&directory.join("summary.json"))["last_train_error"].clone();
    assert!(last(&directory).is_f64());
    assert_eq!(last(&directory), last(&dense_directory));
    // An extended budget gives the same rows as one that was long from the start.
    assert_eq!(place.run(&[&thinned[..2], &["target.train.epochs=13"]].concat()), directory);
    let other = Place::with(TINY);
    let long = other.run(&[&thinned[..2], &["target.train.epochs=13"]].concat());
    let bytes = |directory: &std::path::Path| std::fs::read_to_string(directory.join("metrics.csv")).expect("metrics");
    assert_eq!(bytes(&directory), bytes(&long));
    // Missing measurements are named; a sparser schedule is already complete.
    let more = place.try_run(&["evaluate.every=2", "target.train.epochs=13"]);
    assert_eq!(more.code, 2, "{}", more.stderr);
    assert!(
        more.stderr.contains("lacks measurements that the spec asks for: train errors after epochs 2, 4, 8\n"),
        "{}",
        more.stderr
    );
    assert!(more.stderr.contains("request fewer measurements with `evaluate.train_every`"), "{}", more.stderr);
    assert_eq!(place.try_run(&["evaluate.every=2", "evaluate.train_every=12", "target.train.epochs=13"]).code, 0);
}

#[test]
fn a_budget_in_steps_ends_on_its_step() {
    let place = Place::with(TINY);
    let spec = TINY.replace("epochs = 3", "steps = 7");
    place.write("spec.toml", spec);
    let rows = metrics(&place.run(&[]));
    let steps: Vec<&str> = rows.iter().map(|row| row["step"].as_str()).collect();
    assert_eq!(steps, ["0", "3", "6", "7"]);
}

#[test]
fn a_longer_budget_extends_a_run_and_a_shorter_one_is_rejected() {
    let place = Place::with(&TINY.replace("epochs = 3", "steps = 7"));
    let directory = place.run(&[]);
    let first = std::fs::read_to_string(directory.join("metrics.csv")).expect("metrics.csv");
    let summary = std::fs::read(directory.join("summary.json")).expect("summary.json");
    assert_eq!(place.run(&["target.train.steps=8"]), directory);
    assert_eq!(metrics(&directory).last().map(|row| row["step"].clone()), Some("8".to_owned()));
    assert_ne!(std::fs::read(directory.join("summary.json")).expect("summary.json"), summary);
    let longer = std::fs::read_to_string(directory.join("metrics.csv")).expect("metrics.csv");
    let whole_epochs = |text: &str| text.lines().take(4).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(whole_epochs(&longer), whole_epochs(&first));
    // A shorter budget is refused and changes nothing.
    let shorter = place.try_run(&["target.train.steps=5"]);
    assert_eq!(shorter.code, 2, "{}", shorter.stderr);
    assert!(shorter.stderr.contains("has trained 8 steps, more than the requested 5 steps"), "{}", shorter.stderr);
    assert_eq!(std::fs::read_to_string(directory.join("metrics.csv")).expect("metrics.csv"), longer);
}

#[test]
fn damaged_files_are_rebuilt() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    let metrics = std::fs::read(directory.join("metrics.csv")).expect("metrics.csv");
    for name in ["run.json", "summary.json", "metrics.csv"] {
        std::fs::write(directory.join(name), "{").expect("torn");
        assert_eq!(place.run(&[]), directory, "{name}");
        assert_eq!(std::fs::read(directory.join("metrics.csv")).expect("metrics.csv"), metrics, "{name}");
    }
    let source =
        std::fs::read_dir(place.path("runs/sources")).expect("sources").next().expect("one").expect("one").path();
    std::fs::write(source.join("weights.safetensors"), "torn").expect("torn");
    let answer = place.try_run(&["transfer.frozen_layers=1"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("to train the source again"), "{}", answer.stderr);
}

#[test]
fn more_threads_than_cores_are_an_error() {
    let answer = Place::with(TINY).try_run(&["threads=1024"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("`threads` requests 1024 threads"), "{}", answer.stderr);
}

#[test]
fn concurrent_runs_share_a_source_but_never_a_run() {
    let place = Place::with(&TINY.replace("epochs = 3", "epochs = 20"));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let starts = ["4", "5", "5"].map(|k| {
            let place = &place;
            scope.spawn(move || place.try_run(&[&format!("transfer.frozen_layers={k}")]))
        });
        starts.map(|start| start.join().expect("an answer")).into()
    });
    assert_eq!(answers[0].code, 0, "{}", answers[0].stderr);
    // The second run waits for the first and finds it finished.
    for answer in &answers[1..] {
        assert_eq!(answer.code, 0, "{}", answer.stderr);
    }
    assert_eq!(std::fs::read_dir(place.path("runs/sources")).expect("sources").count(), 1);
    assert_eq!(metrics(&place.run(&["transfer.frozen_layers=5"])).len(), 21);
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run_with_its_step() {
    let place = Place::with(TINY);
    let answer = place.try_run(&["target.train.optimizer=sgd", "target.train.learning_rate=1e30"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("the loss was not finite at step 2, in epoch 1"), "{}", answer.stderr);
    assert!(answer.stderr.contains("try a third of the learning rate"), "{}", answer.stderr);
    let run =
        std::fs::read_dir(place.path("runs/spec")).expect("runs").next().expect("a run").expect("a folder").path();
    assert_eq!(json(&run.join("run.json"))["status"], "diverged");
    assert!(std::fs::read_to_string(run.join("error.txt")).expect("error.txt").contains("step 2"));
    assert!(!run.join("summary.json").exists() && !run.join("weights.safetensors").exists());
}

#[test]
fn every_option_of_a_training_changes_what_is_trained() {
    let place = Place::with(TINY);
    let end = |overrides: &[&str]| weights(&place.run(overrides))["fc.weight"].shallow_clone();
    let adam = ["target.train.optimizer=adam"];
    let sgd = ["target.train.optimizer=sgd", "target.train.momentum=0.9"];
    for (base, options) in [
        (&adam[..], &["target.train.beta1=0.5", "target.train.beta2=0.9", "target.train.epsilon=0.1"][..]),
        (&adam, &["target.train.optimizer=adamw", "target.train.weight_decay=0.1", "target.train.learning_rate=0.02"]),
        (&adam, &["target.train.label_smoothing=0.1", "target.train.schedule=cosine", "target.train.warmup_steps=2"]),
        (&adam, &["target.train.augment=[\"flip\"]", "target.train.augment=[\"crop\"]", "target.train.batch_size=40"]),
        (&sgd, &["target.train.nesterov=true", "target.train.momentum=0.5", "target.train.weight_decay=0.1"]),
        (&adam, &["seeds.order=1", "seeds.noise=1", "seeds.init=1", "seeds.subset=1", "seeds.source=1"]),
    ] {
        let plain = end(base);
        for option in options {
            assert_ne!(end(&[base, &[*option]].concat()), plain, "{option}");
        }
    }
}

#[test]
fn rates_follow_their_schedule() {
    let place = Place::with(TINY);
    let rates: Vec<String> = metrics(&place.run(&[
        "target.train.schedule=step",
        "target.train.milestones=[1, 2]",
        "target.train.decay=0.5",
    ]))
    .iter()
    .map(|row| row["learning_rate"].clone())
    .collect();
    assert_eq!(rates, ["", "0.01", "0.005", "0.0025"]);
}

#[test]
fn a_spec_without_a_source_trains_none() {
    let spec = TINY.replace("[source]", "[sauce]");
    let start = spec.find("[sauce]").expect("the table");
    let end = spec.find("[target]").expect("the table");
    let place = Place::with(&format!("{}{}", &spec[..start], &spec[end..]));
    let directory = place.run(&[]);
    assert!(!place.path("runs/sources").exists());
    let record = json(&directory.join("run.json"));
    assert_eq!(record["source_hash"], serde_json::Value::Null);
    assert_eq!(record["transfer"]["frozen_norm"], "target");
    assert_eq!(record["transfer"]["copied"].as_array().map(Vec::len), Some(0));
    // The head's initial weights do not depend on k, and the frozen prefix of a smaller k is part of a larger one's.
    let more = weights(&place.run(&["transfer.frozen_layers=6"]));
    assert_eq!(weights(&directory)["layer1.0.conv1.weight"], more["layer1.0.conv1.weight"]);
}

#[test]
fn a_missing_device_is_an_error_with_advice() {
    let place = Place::with(TINY);
    let answer = place.try_run(&["device=cuda:7"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("`device = \"cuda:7\"` cannot be used"), "{}", answer.stderr);
    assert!(answer.stderr.contains("`--set device=cpu`"), "{}", answer.stderr);
    assert!(!place.path("runs/sources").exists(), "nothing was trained");
}

#[test]
fn an_unwritable_folder_is_an_error_that_names_it() {
    let place = Place::with(TINY);
    place.write("runs", "a file stands where the folder should");
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("cannot create the folder `runs`"), "{}", answer.stderr);
}
