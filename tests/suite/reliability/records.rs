//! `run.json` records how a run was made.

use std::process::Command;

use super::super::program::{Place, json};
use super::{SMALL, TASK, only_run, product, run_with_fault};

#[test]
fn a_record_states_how_the_run_was_made() {
    let place = Place::with(SMALL);
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(place.path("")).args(["-c", "user.name=a", "-c", "user.email=a@b.c"]).args(arguments);
        assert!(command.output().expect("git").status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "spec.toml"]);
    git(&["commit", "--quiet", "-m", "a spec"]);
    place.write("spec.toml", format!("# changed\n{SMALL}"));
    assert_eq!(run_with_fault(&place, "device@5", &["target.train.epochs=4"]).code, 1);
    let directory = place.run(&["target.train.epochs=4"]);
    let record = json(&directory.join("run.json"));
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(record["argv"].as_array().expect("arguments")[1..3], ["run", "spec.toml"]);
    assert_eq!(record["git"]["commit"].as_str().map(str::len), Some(40));
    assert!(record["git"]["diff"].as_str().is_some_and(|diff| diff.contains("+# changed\n")), "{}", record["git"]);
    assert_eq!(
        (text("status"), text("freezewise"), text("libtorch")),
        ("finished".into(), env!("CARGO_PKG_VERSION").into(), "2.11.0".into())
    );
    assert!(directory.display().to_string().ends_with(&text("hash")));
    assert!(!text("host").is_empty() && !text("cpu").is_empty() && text("device") == "cpu");
    assert_eq!((&record["threads"], &record["seeds"]["init"]), (&1.into(), &0.into()));
    assert!(record["data"]["content"].as_str().is_some_and(|digest| digest.starts_with("sha256:")));
    let restart = &record["restarts"][0];
    assert!(restart["reason"].as_str().is_some_and(|reason| reason.contains("CUDA error")), "{restart}");
    assert!(restart["at"].as_str().is_some_and(|at| at.starts_with('2')) && restart["step"] == 1, "{restart}");
}

/// The paths of all keys of a JSON value.
fn keys(value: &serde_json::Value) -> Vec<String> {
    let below = |name: String, value| {
        let deeper = keys(value).into_iter().map(|key| format!("/{name}{key}")).collect::<Vec<_>>();
        std::iter::once(format!("/{name}")).chain(deeper)
    };
    match value {
        serde_json::Value::Object(object) => {
            object.iter().flat_map(|(name, value)| below(name.clone(), value)).collect()
        }
        // The first entry of a list stands for all.
        serde_json::Value::Array(list) => {
            list.first().map_or_else(Vec::new, |value| keys(value).into_iter().map(|key| format!("/0{key}")).collect())
        }
        _ => Vec::new(),
    }
}

/// The value without a key.
fn without(value: &serde_json::Value, key: &str) -> serde_json::Value {
    let mut value = value.clone();
    let (parent, name) = key.rsplit_once('/').expect("a path");
    let object = value.pointer_mut(parent).and_then(serde_json::Value::as_object_mut).expect("an object");
    object.remove(name).expect("the key");
    value
}

/// The summary of a finished run, read through the library.
fn finished(place: &Place) -> Option<serde_json::Value> {
    let surveyor = freezewise::data::Surveyor::new(&place.path("data"), 1, |_| {});
    let spec = freezewise::spec::Spec::load(&place.path("spec.toml"), &[], &surveyor).expect("a spec");
    let stop = freezewise::run::Stop::never();
    // If it is not finished, it stops before training.
    stop.request();
    let (out, data) = (place.path("runs"), place.path("data"));
    let request = freezewise::run::Request {
        places: freezewise::run::Places { out: &out, data: &data },
        beginning: freezewise::run::Beginning::Resume,
        wait: std::time::Duration::ZERO,
        fixed: None,
        tensorboard: false,
        stop: &stop,
    };
    let finished = freezewise::run::run(&spec, &request, &mut Deaf).ok()?;
    finished.already.then(|| serde_json::to_value(finished.summary).expect("JSON"))
}

struct Deaf;

impl freezewise::run::EventSink for Deaf {
    fn on_event(&mut self, _: &freezewise::run::RunEvent<'_>) {}
}

#[test]
fn records_and_summaries_of_other_versions_are_accepted() {
    let place = Place::with(&format!("threads = 1\n{SMALL}"));
    assert_eq!(run_with_fault(&place, "device@5", &[]).code, 1);
    let directory = place.run(&[]);
    let (record, summary) = (json(&directory.join("run.json")), json(&directory.join("summary.json")));
    let write = |name: &str, value: &serde_json::Value| {
        std::fs::write(directory.join(name), value.to_string()).expect("a file");
    };
    // Every version wrote the status and the length.
    let record_keys = keys(&record).into_iter().filter(|key| !["/status", "/epochs", "/steps"].contains(&key.as_str()));
    for key in record_keys {
        write("run.json", &without(&record, &key));
        assert_eq!(finished(&place), Some(summary.clone()), "run.json without {key}");
    }
    let mut newer = record.clone();
    newer["of_a_newer_version"] = serde_json::json!({"a": [1]});
    newer["data"]["of_a_newer_version"] = 1.into();
    newer["compute"] = "otherwise".into();
    write("run.json", &newer);
    assert_eq!(finished(&place), Some(summary.clone()));
    write("run.json", &record);
    // Missing fields of a summary are null, never a number.
    for key in keys(&summary).into_iter().filter(|key| !["/epochs", "/steps"].contains(&key.as_str())) {
        write("summary.json", &without(&summary, &key));
        let told = finished(&place).unwrap_or_else(|| panic!("summary.json without {key}"));
        // A nested null stays null without its key.
        if summary.pointer(&key).is_some_and(serde_json::Value::is_null) && told == summary {
            continue;
        }
        let part = format!("/{}", key.split('/').nth(1).expect("a key"));
        assert!(told.pointer(&part).is_some_and(serde_json::Value::is_null), "{key}: {told}");
        assert_eq!(without(&told, &part), without(&summary, &part), "{key}");
    }
    let mut newer = summary.clone();
    newer["of_a_newer_version"] = 1.into();
    write("summary.json", &newer);
    assert_eq!(finished(&place), Some(summary.clone()));
    // An unreadable record must not cause a run to be trained again.
    write("summary.json", &summary);
    let before = product(&directory);
    write("run.json", &serde_json::json!({"status": "of a newer version", "epochs": 3, "steps": 9}));
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("cannot understand `runs/spec/"), "{}", answer.stderr);
    assert!(product(&directory) == before);
}

#[test]
fn a_diverged_run_is_not_retried() {
    let place = Place::with(SMALL);
    let rate = ["target.train.optimizer=sgd", "target.train.learning_rate=1e30"];
    let answer = place.try_run(&rate);
    assert_eq!(answer.code, 1);
    let run = only_run(&place);
    assert_eq!(json(&run.join("run.json"))["status"], "diverged");
    let before = std::fs::read(run.join("log.txt")).expect("log.txt");
    let again = place.try_run(&rate);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("has already diverged: the loss was not finite at step 2"), "{}", again.stderr);
    assert!(again.stderr.contains("`--fresh` trains the same run again"), "{}", again.stderr);
    assert_eq!(std::fs::read(run.join("log.txt")).expect("log.txt"), before, "nothing was trained");
    // No checkpoint contains non-finite numbers.
    let checkpoints = std::fs::read_dir(run.join("checkpoint")).expect("checkpoints");
    for path in checkpoints
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"))
    {
        let mut file = std::fs::File::open(&path).expect("a checkpoint");
        let length = file.metadata().expect("its length").len();
        let checkpoint = freezewise::run::read_checkpoint(&mut file, length).expect("it is whole");
        assert!(checkpoint.state.tensors.values().all(|tensor| tensor.isfinite().all().int64_value(&[]) == 1));
    }
    // The same for a source.
    let source = ["source.train.optimizer=sgd", "source.train.learning_rate=1e30", "source.train.epochs=2"];
    for text in ["diverged", "has already diverged"] {
        let answer = place.try_run(&source);
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains(text), "{}", answer.stderr);
    }
}

#[test]
fn a_changed_data_set_is_an_error() {
    let spec = SMALL.replace(TASK, "dataset = \"cifar10\"\n").replace("image_size = 4", "image_size = 8");
    let place = Place::with(&spec);
    let folder = place.path("data/cifar-10-batches-bin");
    super::super::data::write_cifar10(&folder);
    assert_eq!(run_with_fault(&place, "device@8", &[]).code, 1);
    let batch = folder.join("test_batch.bin");
    let before = std::fs::read(&batch).expect("a batch");
    let mut bytes = before.clone();
    bytes[1..1000].fill(255);
    std::fs::write(&batch, bytes).expect("another data set");
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1);
    assert!(
        answer.stderr.contains("the data set of the target has changed since its training began"),
        "{}",
        answer.stderr
    );
    std::fs::write(&batch, before).expect("the same data set");
    place.run(&[]);
}

#[test]
fn a_resumed_run_keeps_the_timing_that_an_older_version_wrote() {
    let place = Place::with(SMALL);
    // In the third epoch of the target.
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    let path = only_run(&place).join("timing.csv");
    let read = || std::fs::read_to_string(&path).expect("timing.csv");
    let header = read().lines().next().map(str::to_owned);
    // The older version did not have the last column.
    let shorter = |line: &str| line.rsplit_once(',').map(|(fields, _)| format!("{fields}\n"));
    let old: Vec<String> = read().lines().filter_map(shorter).collect();
    assert_eq!(old.len(), 4);
    std::fs::write(&path, old.concat()).expect("an older table");
    place.run(&[]);
    let table = read();
    assert_eq!((table.lines().next(), table.lines().count()), (header.as_deref(), 5));
    for (row, old) in table.lines().zip(&old).skip(1) {
        assert_eq!(row, format!("{},", old.trim_end()));
    }
}
