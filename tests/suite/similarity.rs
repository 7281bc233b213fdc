//! `freezewise similarity`.

use std::path::PathBuf;

use serde_json::Value;

use super::program::{Answer, Place, TINY, json};

fn similarity(place: &Place, arguments: &[&str]) -> Answer {
    let answer = place.freezewise(&[&["similarity", "spec.toml"], arguments].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    answer
}

/// The only `similarity.json` in the folder of runs.
fn file(place: &Place) -> PathBuf {
    let runs = std::fs::read_dir(place.path("runs/spec")).expect("runs");
    let mut files = runs.map(|run| run.expect("a folder").path().join("similarity.json")).filter(|path| path.exists());
    let file = files.next().expect("a file");
    assert!(files.next().is_none(), "there are two");
    file
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

#[test]
fn a_source_is_trained_and_measured() {
    let place = Place::with(TINY);
    let answer = similarity(&place, &[]);
    for part in [
        "synthetic to synthetic",
        "Fréchet distance, squared",
        "LEEP",
        "LogME",
        "pooling",
        "class 3",
        "2,000 source and 2,000 target, test",
    ] {
        assert!(answer.stdout.contains(part), "{part}\n{}", answer.stdout);
    }
    assert!(answer.stderr.contains("source epoch 2") && answer.stderr.contains("similarity.json"), "{}", answer.stderr);
    let found = json(&file(&place));
    assert_eq!(
        found["images"],
        serde_json::json!({
            "source_test": 2000, "target_test": 2000, "target_train": 80, "layers": 1000
        })
    );
    for when in ["before", "after"] {
        let measures = &found[when];
        assert!(number(&measures["frechet"]["squared"]) > 0.0 && number(&measures["frechet"]["relative"]) < 2.0);
        assert_eq!(measures["frechet"]["features"], 16);
        assert!(number(&measures["leep"]) < 0.0 && number(&measures["leep"]) > -3.0, "{measures}");
        assert!(number(&measures["logme"]).is_finite());
        let pairs = measures["classes"]["pairs"].as_array().expect("pairs");
        let mut targets: Vec<&str> = pairs.iter().filter_map(|pair| pair["target"].as_str()).collect();
        targets.sort_unstable();
        targets.dedup();
        assert_eq!(targets.len(), 10, "each class has a different partner");
    }
    assert_ne!(found["before"], found["after"]);
    let layers: Vec<&Value> = found["layers"].as_array().expect("layers").iter().collect();
    assert_eq!(layers.len(), 10);
    assert!(
        layers
            .iter()
            .all(|layer| (0.0..=1.0).contains(&number(&layer["fresh"]["plain"])) && layer["fine_tuned"].is_null())
    );
    assert!(number(&layers[9]["fresh"]["debiased"]) < 0.999);
    assert_eq!(found["labels"], Value::Null, "the classes of synthetic images have no names");
}

#[test]
fn results_repeat_and_the_run_is_unchanged() {
    let place = Place::with(TINY);
    let printed = similarity(&place, &["--json", "--quiet"]);
    assert_eq!(printed.stderr, "");
    let first = std::fs::read(file(&place)).expect("similarity.json");
    assert_eq!(serde_json::from_str::<Value>(&printed.stdout).expect("JSON"), json(&file(&place)));
    let directory = place.run(&[]);
    assert_eq!(std::fs::read(directory.join("similarity.json")).expect("it stays"), first);
    let metrics = std::fs::read(directory.join("metrics.csv")).expect("metrics.csv");
    similarity(&place, &["--quiet"]);
    let second = json(&directory.join("similarity.json"));
    assert_eq!(second["after"], serde_json::from_slice::<Value>(&first).expect("JSON")["after"]);
    assert_eq!(std::fs::read(directory.join("metrics.csv")).expect("metrics.csv"), metrics);
    // It has the same source hash as the run, so that the two can be joined.
    assert_eq!(second["source"]["hash"], json(&directory.join("run.json"))["source_hash"]);
    assert_eq!(place.path("runs").join(second["run"].as_str().expect("a run")), directory);
}

/// Frozen layers are still the source's, whatever was trained after them.
#[test]
fn a_finished_run_is_compared_layer_by_layer() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    let answer = similarity(&place, &[]);
    assert!(answer.stdout.contains("CKA with fine-tuned"), "{}", answer.stdout);
    let found = json(&directory.join("similarity.json"));
    for (index, layer) in found["layers"].as_array().expect("layers").iter().enumerate() {
        let cka = number(&layer["fine_tuned"]["debiased"]);
        assert_eq!((cka - 1.0).abs() < 1e-6, index < 4, "{layer}");
    }
}

#[test]
fn a_smaller_number_of_images_is_reported() {
    let place = Place::with(TINY);
    let found: Value = serde_json::from_str(&similarity(&place, &["--images", "60", "--json"]).stdout).expect("JSON");
    assert_eq!(
        found["images"],
        serde_json::json!({
            "source_test": 60, "target_test": 60, "target_train": 60, "layers": 60
        })
    );
    assert_eq!(place.freezewise(&["similarity", "spec.toml", "--images", "3"]).code, 2);
}

#[test]
fn weights_from_a_file_are_measured_without_source_data() {
    let place = Place::with(TINY);
    let directory = place.run(&[]);
    std::fs::copy(directory.join("weights.safetensors"), place.path("mine.safetensors")).expect("a copy");
    let start = TINY.find("[source]").expect("the table");
    let end = TINY.find("[target]").expect("the table");
    let spec = format!("{}[source]\nweights = \"mine.safetensors\"\n{}", &TINY[..start], &TINY[end..]);
    place.write("spec.toml", spec);
    let answer = similarity(&place, &["--json"]);
    let found: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!((&found["after"]["frechet"], &found["after"]["leep"]), (&Value::Null, &Value::Null));
    assert!(number(&found["after"]["logme"]).is_finite());
    assert_eq!(found["source"]["name"], "mine.safetensors");
    let table = similarity(&place, &[]).stdout;
    assert!(table.contains("LogME") && !table.contains("Fréchet"), "{table}");
}

#[test]
fn without_a_source_there_is_nothing_to_compare() {
    let place = Place::with("[target]\ndataset = \"synthetic\"\n");
    let answer = place.freezewise(&["similarity", "spec.toml"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("the spec has no source to compare the target with"), "{}", answer.stderr);
    assert!(!place.path("runs").exists());
}

/// If both tasks have the same test images, each gets half of them.
#[test]
fn images_are_not_compared_with_themselves() {
    let place = Place::with(&TINY.replace("\"synthetic\"", "\"cifar10\"").replace("width = 2", "width = 1"));
    super::data::write_cifar10(&place.path("data/cifar-10-batches-bin"));
    let found: Value = serde_json::from_str(&similarity(&place, &["--json"]).stdout).expect("JSON");
    assert_eq!((&found["images"]["source_test"], &found["images"]["target_test"]), (&5000.into(), &5000.into()));
    let pairs = found["after"]["classes"]["pairs"].as_array().expect("pairs");
    assert!(pairs.len() == 10 && pairs.iter().all(|pair| pair["source"] == pair["target"]), "{pairs:?}");
    assert_eq!((&found["labels"]["of_target"], &found["labels"]["shared"][9]), (&1.0.into(), &"truck".into()));
}

#[test]
fn comparing_layers_can_be_interrupted() {
    let place = Place::with(TINY);
    similarity(&place, &[]);
    let expected = std::fs::read(file(&place)).expect("a file");
    std::fs::remove_file(file(&place)).expect("to remove it");
    // Two networks, ten layers, two batches each: more than 40 checks for a stop.
    let fault = [("FREEZEWISE_FAULT", "stop@50")];
    let stopped = place.freezewise_with(&fault, &["similarity", "spec.toml"]);
    assert_eq!(stopped.code, 75, "{}", stopped.stderr);
    similarity(&place, &[]);
    assert!(std::fs::read(file(&place)).expect("a file") == expected);
}
