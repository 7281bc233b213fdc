//! Tasks within a data set: classes, splits, sizes, validation, label noise and normalisation, as recorded by runs.

use std::path::Path;

use super::program::{Place, TINY, json, metrics};

const KEYS: &str = "label_noise = 0.25";

/// Index, true label and given label of corrupted examples.
fn corrupted(run: &Path) -> Vec<(usize, usize, usize)> {
    let mut reader = csv::Reader::from_path(run.join("corrupted.csv")).expect("corrupted.csv");
    reader.deserialize().collect::<Result<_, _>>().expect("whole rows")
}

#[test]
fn noise_is_stored_by_index_and_nested_across_sizes() {
    let place = Place::with(TINY);
    for kind in ["uniform", "uniform-all", "permutation", "pairs"] {
        let run =
            |size: &str| place.run(&[&format!("target.label_noise_kind={kind}"), &format!("target.train_size={size}")]);
        let (small, large) = (run("80"), run("160"));
        let record = json(&small.join("run.json"));
        let few = corrupted(&small);
        assert_eq!(record["data"]["corrupted_examples"], few.len());
        assert_eq!(record["data"]["label_noise_realised"], few.len() as f64 / 80.0);
        let many = corrupted(&large);
        assert!(few.iter().all(|row| many.contains(row)), "{kind}: {few:?} and {many:?}");
        assert!(!few.is_empty() && few.iter().all(|(_, truth, given)| truth != given), "{kind}");
        if kind == "pairs" {
            assert!(few.iter().all(|(_, truth, given)| *given == (truth + 1) % 10));
        }
    }
}

#[test]
fn labels_come_from_a_file() {
    let place = Place::with(&TINY.replace(KEYS, "label_file = \"labels.txt\""));
    let lines: Vec<&str> = (0..20_000).map(|index| if index % 2 == 0 { "3" } else { "class 4" }).collect();
    place.write("labels.txt", lines.join("\n"));
    for (index, _, given) in corrupted(&place.run(&[])) {
        assert_eq!(given, 3 + index % 2);
    }
    for (text, expected) in [
        (lines[..19_999].join("\n"), "it has 19,999 labels, but the full training set has 20,000 examples"),
        (lines.join("\n").replacen("class 4", "class 44", 1), "line 2 is `class 44`, which is not a class"),
        (lines.join("\n").replacen('3', "10", 1), "line 1 is `10`, which is not a class"),
    ] {
        place.write("labels.txt", text);
        let answer = place.try_run(&[]);
        assert_eq!(answer.code, 1);
        assert!(
            answer.stderr.contains("cannot read the labels `labels.txt`") && answer.stderr.contains(expected),
            "{}",
            answer.stderr
        );
    }
}

#[test]
fn validation_examples_are_measured_and_select_an_epoch() {
    let place = Place::with(TINY);
    let run = place.run(&["target.validation_size=50"]);
    let rows = metrics(&run);
    let error = |row: usize, name: &str| rows[row][name].parse::<f64>().expect("a number");
    let best = (0..rows.len())
        .min_by(|one, other| error(*one, "validation_error").total_cmp(&error(*other, "validation_error")));
    let best = best.expect("rows");
    let summary = json(&run.join("summary.json"));
    assert_eq!(summary["validation_selected_epoch"], best);
    assert_eq!(summary["validation_selected_test_error"], error(best, "test_error"));
    assert!((error(best, "validation_error") * 50.0).fract().abs() < 1e-9);
    assert_eq!(json(&run.join("run.json"))["data"]["validation_examples"], 50);
    let answer = place.try_run(&["target.validation_size=19950"]);
    assert_eq!(answer.code, 2);
    assert!(
        answer.stderr.contains("has 50 training examples after validation is held out, fewer than 80"),
        "{}",
        answer.stderr
    );
}

#[test]
fn validation_labels_may_be_noisy_and_the_summary_says_so() {
    let place = Place::with(TINY);
    let run = |noise: &str| place.run(&["target.validation_size=50", &format!("target.validation_noise={noise}")]);
    let (clean, noisy) = (run("0.0"), run("0.5"));
    let [none, half] = [&clean, &noisy].map(|run| json(&run.join("summary.json"))["validation_noise_realised"].clone());
    assert_eq!(none, 0.0);
    let wrong = half.as_f64().expect("a number") * 50.0;
    assert!((10.0..=40.0).contains(&wrong) && (wrong - wrong.round()).abs() < 1e-9, "{wrong}");
    let record = json(&noisy.join("run.json"))["data"].clone();
    assert_eq!((&record["validation_noise_asked"], &record["validation_noise_realised"]), (&0.5.into(), &half));
    // Nothing else changes: training and test images are the same.
    let (clean, noisy) = (metrics(&clean), metrics(&noisy));
    let mut moved = 0;
    for (clean, noisy) in clean.iter().zip(&noisy) {
        let differing = clean.keys().filter(|name| clean[*name] != noisy[*name]);
        let differing: Vec<&String> = differing.collect();
        assert!(differing.iter().all(|name| *name == "validation_error"), "{differing:?}");
        moved += differing.len();
    }
    assert!(moved > 0);
    assert!(json(&place.run(&[]).join("summary.json"))["validation_noise_realised"].is_null());
}

#[test]
fn random_labels_have_no_other_noise() {
    let place = Place::with(&TINY.replace(KEYS, "labels = \"random\""));
    let run = place.run(&["target.validation_size=50"]);
    assert_eq!(json(&run.join("run.json"))["data"]["corrupted_examples"], 0);
    assert!(!run.join("corrupted.csv").exists());
    let last = &metrics(&run)[3];
    let error = |name: &str| last[name].parse::<f64>().expect("a number");
    // Ten classes, 2,000 test images with random labels.
    assert!((error("test_error") - 0.9).abs() < 0.025 && error("validation_error") > 0.7, "{last:?}");
    let bad: [(&[&str], &str); 5] = [
        (&["target.label_noise=0.1"], "`labels = \"random\"` leaves no true label for `label_noise` to replace"),
        (&["target.label_file=labels.txt"], "no true label for `label_file` to replace"),
        (
            &["target.validation_size=9", "target.validation_noise=0.1"],
            "no true label for `validation_noise` to replace",
        ),
        (
            &["target.labels=class", "target.validation_noise=0.1"],
            "`target.validation_noise` has no effect without `validation_size`",
        ),
        (&["target.labels=class", "target.label_noise_kind=pairs"], "has no effect without `label_noise`"),
    ];
    for (sets, expected) in bad {
        let answer = place.try_run(sets);
        assert!(answer.code == 2 && answer.stderr.contains(expected), "{sets:?}: {}", answer.stderr);
    }
}

#[test]
fn a_target_is_normalised_like_its_source() {
    let place = Place::with(TINY);
    let of = |run: &Path| json(&run.join("run.json"))["data"]["normalisation"].clone();
    let sources = |place: &Place| {
        let mut sources = std::fs::read_dir(place.path("runs/sources")).expect("sources");
        sources.next().expect("one").expect("a folder").path()
    };
    let run = place.run(&[]);
    assert_eq!(of(&run), of(&sources(&place)));
    // The same if the source is reused instead of trained.
    assert_eq!(of(&place.run(&["target.train_size=96"])), of(&run));
    assert_ne!(of(&place.run(&["target.normalisation=subset"])), of(&run));
    let given = place.run(&[
        "target.normalisation=given",
        "target.normalisation_mean=[0.5, 0.4, 0.3]",
        "target.normalisation_deviation=[0.2, 0.2, 0.2]",
    ]);
    assert_eq!(of(&given)["mean"], serde_json::json!([0.5, 0.4, 0.3]));
    let empty = ["normalisation=given", "normalisation_mean=[]", "normalisation_deviation=[]"];
    let empty = empty.map(|pair| format!("target.{pair}"));
    let sets = empty.iter().flat_map(|pair| ["--set", pair]);
    let answer = place.freezewise(&["check", "spec.toml"].into_iter().chain(sets).collect::<Vec<_>>());
    assert_eq!(answer.code, 2, "{}", answer.stdout);
    for key in ["mean", "deviation"] {
        assert!(answer.stderr.contains(&format!("`normalisation_{key}` is empty")), "{}", answer.stderr);
    }
}

#[test]
fn classes_parts_and_sizes_are_checked_with_the_spec() {
    let spec = "image_size = 8\n[target]\ndataset = \"cifar100\"\n";
    let place = Place::with(spec);
    let check = |sets: &[&str]| {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        place.freezewise(&["describe", "spec.toml", "--json"].into_iter().chain(sets).collect::<Vec<_>>())
    };
    let good: [(&[&str], u64, u64); 8] = [
        (&[], 50_000, 100),
        (&["target.classes=[\"apple\", 7, \"10-12\"]"], 2500, 5),
        (&["target.classes=[\"2/2\"]", "target.split=1/2"], 12_500, 50),
        (&["target.labels=superclass"], 50_000, 20),
        (&["target.labels=superclass", "target.classes=[\"fish\", \"trees\"]"], 5000, 2),
        (&["target.train_size=0.1"], 5000, 100),
        (&["target.train_size=\"7 per class\""], 700, 100),
        (&["target.validation_size=1000"], 49_000, 100),
    ];
    for (sets, n, classes) in good {
        let answer = check(sets);
        assert_eq!(answer.code, 0, "{sets:?}: {}", answer.stderr);
        let found: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
        assert_eq!((&found["train_examples"], &found["classes"]), (&n.into(), &classes.into()), "{sets:?}");
    }
    let bad: [(&[&str], &str); 9] = [
        (&["target.classes=[\"appel\"]"], "did you mean `apple`?"),
        (&["target.classes=[100]"], "there is no class 100"),
        (&["target.classes=[3]"], "the task has only one class"),
        (&["target.classes=[\"3-5\", 4]"], "class `beaver` is listed twice"),
        (&["target.split=3/2"], "`3/2` is not a part `i/m` of the training examples"),
        (&["target.train_size=lots"], "`lots` is not a number of examples"),
        (&["target.train_size=\"501 per class\""], "`cifar100` has 50,000 training examples, fewer than 50,100"),
        (&["target.dataset=cifar10", "target.labels=superclass"], "`cifar10` has no superclasses"),
        (&["target.path=x"], "`target.path` has no effect with `dataset = \"cifar100\"`"),
    ];
    for (sets, expected) in bad {
        let answer = check(sets);
        assert!(answer.code == 2 && answer.stderr.contains(expected), "{sets:?}: {}", answer.stderr);
    }
}

#[test]
fn tasks_of_different_shapes_need_an_explicit_shape() {
    let place = Place::with("[source]\ndataset = \"mnist\"\n[target]\ndataset = \"cifar10\"\n");
    let answer = place.freezewise(&["check", "spec.toml"]);
    assert_eq!(answer.code, 2);
    assert!(
        answer.stderr.contains("the source's images are 28 × 28, but the target's are 32 × 32"),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.contains("the source's images have 1 channel, but the target's have 3"), "{}", answer.stderr);
    let answer = place.freezewise(&["check", "spec.toml", "--set", "image_size=32", "--set", "channels=1"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
}
