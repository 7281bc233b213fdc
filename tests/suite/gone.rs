//! Data that are gone: a finished run can be asked for without them, and no other run is taken for it. And a stop while
//! data are read.

use std::time::{Duration, Instant};

use image::ImageFormat;

use super::folders::write_folder;
use super::formats::{picture, place};
use super::program::{Answer, Place, json};
use super::reliability::{end, signal, start, wait_until};

fn run(place: &Place, arguments: &[&str]) -> Answer {
    place.freezewise(&[&["run", "spec.toml"], arguments].concat())
}

fn remove_data(place: &Place) {
    std::fs::rename(place.path("data"), place.path("elsewhere")).expect("moved");
}

fn restore_data(place: &Place) {
    std::fs::rename(place.path("elsewhere"), place.path("data")).expect("moved back");
}

#[test]
fn a_finished_run_is_found_without_its_folder_of_images() {
    for keys in ["path = \"own\"", "path = \"own\"\nskip_bad_files = true\nclasses = [\"b\", \"a\"]"] {
        let place = place("folder", keys);
        write_folder(&place, "data/own", "val");
        place.write("data/own/train/.DS_Store", "hidden");
        let trained = run(&place, &[]);
        assert_eq!(trained.code, 0, "{}", trained.stderr);
        remove_data(&place);
        let found = run(&place, &[]);
        assert_eq!((found.code, &found.stdout), (0, &trained.stdout), "{}", found.stderr);
        let told = "`own` is not in the data folder; assuming no change since last seen\nalready finished";
        assert!(found.stderr.starts_with(told), "{}", found.stderr);
        let json = run(&place, &["--json", "--quiet"]);
        assert!(json.code == 0 && json.stderr.is_empty() && json.stdout.contains("\"train_examples\": 8"));
        restore_data(&place);
        let again = run(&place, &[]);
        assert!(again.code == 0 && !again.stderr.contains("last seen"), "{}", again.stderr);
    }
}

/// What is not finished needs its data, and the error is the one that it was.
#[test]
fn other_runs_are_not_found_without_data() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    assert_eq!(run(&place, &[]).code, 0);
    remove_data(&place);
    let before = std::fs::read_dir(place.path("runs/spec")).expect("runs").count();
    for arguments in [
        &["--set", "seed=1"][..],
        &["--set", "target.train.epochs=2"],
        &["--set", "image_size=9"],
        &["--set", "target.skip_bad_files=true"],
        &["--fresh"],
        &["--data", "other"],
        &["--out", "other"],
    ] {
        let answer = run(&place, arguments);
        assert_eq!(answer.code, 1, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains("`own` is not in the data folder"), "{arguments:?}: {}", answer.stderr);
        assert!(!answer.stderr.contains("last seen"), "{}", answer.stderr);
    }
    assert_eq!(std::fs::read_dir(place.path("runs/spec")).expect("runs").count(), before);
    // A problem beside that comes with it, as it did.
    let both = run(&place, &["--set", "target.train.epochs=0"]);
    assert!(both.code == 2 && both.stderr.contains("target.train.epochs"), "{}", both.stderr);
}

#[test]
fn changed_data_are_another_data_set_present_or_missing() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    let first = run(&place, &[]);
    // Other bytes of the same length: the same run, whose data have changed.
    let bytes = std::fs::read(place.path("data/own/train/a/0.png")).expect("an image");
    let other = picture(ImageFormat::Png, 9, 12, [0, 200, 0]);
    assert_eq!(bytes.len(), other.len(), "the test wants images of one length");
    place.write("data/own/train/a/0.png", &other);
    let changed = run(&place, &[]);
    assert!(changed.code == 1 && changed.stderr.contains("has changed since"), "{}", changed.stderr);
    // One more file: another run. It was stopped before it was finished, so nothing is found without data.
    place.write("data/own/train/a/9.png", picture(ImageFormat::Png, 9, 12, [9, 9, 9]));
    let stopped = run(&place, &["--max-time", "0s"]);
    assert_eq!(stopped.code, 75, "{}", stopped.stderr);
    let second = run(&place, &["--set", "target.train.batch_size=3"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    remove_data(&place);
    let absent = run(&place, &[]);
    assert!(absent.code == 1 && absent.stderr.contains("is not in the data folder"), "{}", absent.stderr);
    let found = run(&place, &["--set", "target.train.batch_size=3"]);
    assert_eq!((found.code, &found.stdout), (0, &second.stdout), "{}", found.stderr);
    assert_ne!(first.stdout, second.stdout);
}

/// Names from the same task in an `npz` file, as a source and as a target.
#[test]
fn a_finished_source_and_its_run_are_found_without_their_file() {
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small.npz");
    let spec = super::reliability::SMALL.replace(small, "own.npz");
    let place = Place::with(&spec);
    place.write("data/own.npz", std::fs::read(small).expect("a fixture"));
    let source = place.freezewise(&["source", "spec.toml"]);
    assert_eq!(source.code, 0, "{}", source.stderr);
    remove_data(&place);
    let found = place.freezewise(&["source", "spec.toml"]);
    assert_eq!((found.code, &found.stdout), (0, &source.stdout), "{}", found.stderr);
    assert!(found.stderr.contains("`own.npz` is not in the data folder"), "{}", found.stderr);
    let untrained = run(&place, &[]);
    assert!(untrained.code == 1 && untrained.stderr.contains("`own.npz` is not in the data folder"));
    restore_data(&place);
    let trained = run(&place, &[]);
    remove_data(&place);
    let found = run(&place, &[]);
    assert_eq!((found.code, &found.stdout), (0, &trained.stdout), "{}", found.stderr);
    let similarity = place.freezewise(&["similarity", "spec.toml"]);
    assert!(similarity.code == 1 && similarity.stderr.contains("is not in the data folder"), "{}", similarity.stderr);
}

#[test]
fn a_finished_sweep_is_found_without_its_data() {
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/small.npz");
    let spec = super::reliability::SMALL.replace(small, "own.npz").replace("epochs = 3", "epochs = 1");
    let place = Place::with(&format!("{spec}[sweep.axes]\nseed = [0, 1]\n"));
    place.write("data/own.npz", std::fs::read(small).expect("a fixture"));
    let sweep = |arguments: &[&str]| place.freezewise(&[&["sweep", "spec.toml"], arguments].concat());
    let done = sweep(&[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    remove_data(&place);
    let found = sweep(&[]);
    assert_eq!((found.code, &found.stdout), (0, &done.stdout), "{}", found.stderr);
    assert!(found.stderr.contains("assuming no change since last seen"), "{}", found.stderr);
    let more = sweep(&["--set", "sweep.axes.seed=[0, 1, 2]"]);
    assert!(more.code == 1 && more.stderr.contains("`own.npz` is not in the data folder"), "{}", more.stderr);
}

/// A folder whose images take long: many pixels in few bytes.
fn slow(count: usize) -> Place {
    let place = place("folder", "path = \"own\"\nskip_bad_files = true");
    let image = picture(ImageFormat::Png, 5000, 5000, [1, 2, 3]);
    for class in ["a", "b"] {
        place.write(&format!("data/own/val/{class}/0.png"), &image);
        for index in 0..count {
            place.write(&format!("data/own/train/{class}/{index}.png"), &image);
        }
    }
    place
}

fn caches(place: &Place) -> usize {
    std::fs::read_dir(place.path("data/.freezewise")).map_or(0, Iterator::count)
}

/// Images of 8 × 8 pixels go to the cache by the thousand, so a stop must be heeded within such a block.
#[test]
fn resolving_a_spec_can_be_interrupted() {
    let place = slow(60);
    let before = Instant::now();
    let answer = run(&place, &["--max-time", "200ms"]);
    let most = before.elapsed();
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("`--max-time` (0.2 s)"), "{}", answer.stderr);
    assert_eq!((caches(&place), place.path("runs").exists()), (0, false), "nothing is half made");
    let child = start(&place, &[], &[]);
    wait_until("a cache is being written", || caches(&place) > 0);
    signal(&child, "TERM");
    let before = Instant::now();
    let answer = end(child);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("stopped by SIGTERM"), "{}", answer.stderr);
    let waited = before.elapsed();
    assert!(waited < Duration::from_secs(10) + 2 * most, "it took {waited:?}, and {most:?} with 0.2 s");
    assert_eq!(caches(&place), 0);
}

/// A record of data that no version of the program wrote is not used.
#[test]
fn recorded_data_facts_are_checked() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    assert_eq!(run(&place, &[]).code, 0);
    let folder = place.path("runs/.data");
    let written = std::fs::read_dir(&folder).expect("it is kept").next().expect("a file").expect("it").path();
    let mut seen = json(&written);
    assert_eq!(seen["train_per_class"], serde_json::json!([4, 4]));
    remove_data(&place);
    assert_eq!(run(&place, &[]).code, 0);
    seen["question"]["place"] = "/other".into();
    std::fs::write(&written, seen.to_string()).expect("written");
    assert_eq!(run(&place, &[]).code, 1);
}
