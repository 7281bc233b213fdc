//! What `run.json` says of how a run was made.

use std::process::Command;

use super::super::program::{Place, json};
use super::{SMALL, TASK, only_run, run_with_fault};

#[test]
fn a_record_says_how_the_run_was_made() {
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

#[test]
fn a_diverged_run_is_not_tried_again() {
    let place = Place::with(SMALL);
    let rate = ["target.train.optimizer=sgd", "target.train.learning_rate=1e30"];
    let answer = place.try_run(&rate);
    assert_eq!(answer.code, 1);
    let run = only_run(&place);
    assert_eq!(json(&run.join("run.json"))["status"], "diverged");
    let before = std::fs::read(run.join("log.txt")).expect("log.txt");
    let again = place.try_run(&rate);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("diverged before: the loss was not finite at step 2"), "{}", again.stderr);
    assert!(again.stderr.contains("`--fresh` trains the same again"), "{}", again.stderr);
    assert_eq!(std::fs::read(run.join("log.txt")).expect("log.txt"), before, "nothing was trained");
    // No state of it is worth keeping once its numbers are gone.
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
    // So with a source.
    let source = ["source.train.optimizer=sgd", "source.train.learning_rate=1e30", "source.train.epochs=2"];
    for text in ["diverged", "diverged before"] {
        let answer = place.try_run(&source);
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains(text), "{}", answer.stderr);
    }
}

#[test]
fn a_data_set_that_changed_is_an_error() {
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
        answer.stderr.contains("the data set of the target is not the one that its training began with"),
        "{}",
        answer.stderr
    );
    std::fs::write(&batch, before).expect("the same data set");
    place.run(&[]);
}
