//! Hostile files: errors in bounded time and memory, and nothing is written outside of `--out`.

use std::os::unix::fs::symlink;

use super::super::program::Place;
use super::{SMALL, only_run, run_with_fault};

#[test]
fn an_oversized_spec_is_an_error() {
    let place = Place::new();
    let path = place.path("spec.toml");
    std::fs::File::create(&path).and_then(|file| file.set_len(100 << 20)).expect("a file of holes");
    let answer = place.freezewise(&["run", "spec.toml"]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(answer.stderr.contains("is larger than 256 kB"), "{}", answer.stderr);
}

#[test]
fn deep_nesting_is_an_error() {
    let place = Place::new();
    let deep = 40_000;
    for (name, text) in [
        ("a.toml", format!("a = {}1{}", "[".repeat(deep), "]".repeat(deep))),
        ("b.json", format!("{{\"a\": {}1{}}}", "[".repeat(deep), "]".repeat(deep))),
        ("c.toml", format!("{}1{}", "a = {".repeat(deep), "}".repeat(deep))),
        ("d.toml", format!("[{}]", vec!["a"; deep].join("."))),
        ("e.json", format!("{}1{}", "{\"a\":".repeat(deep), "}".repeat(deep))),
    ] {
        place.write(name, text);
        let answer = place.freezewise(&["run", name]);
        assert_eq!(answer.code, 2, "{name}: {}", answer.stderr);
    }
    let bomb = format!("target.train_size={}", "[".repeat(deep));
    assert_eq!(place.freezewise(&["check", "a.toml", "--set", &bomb]).code, 2);
}

#[test]
fn endless_files_are_errors() {
    let place = Place::with(SMALL);
    for key in ["target.label_file", "source.label_file"] {
        let answer = place.try_run(&[&format!("{key}=/dev/zero")]);
        assert_eq!(answer.code, 2, "{}", answer.stderr);
        assert!(answer.stderr.contains("cannot read `/dev/zero`: it is not a regular file"), "{}", answer.stderr);
    }
}

#[test]
fn a_checkpoint_with_huge_sizes_allocates_nothing() {
    let place = Place::with(SMALL);
    assert_eq!(run_with_fault(&place, "device@10", &[]).code, 1);
    let folder = only_run(&place).join("checkpoint");
    let header = |text: &str| [(text.len() as u64).to_le_bytes().as_slice(), text.as_bytes()].concat();
    let end = 1u64 << 62;
    let huge = format!(r#"{{"rows":{{"dtype":"U8","shape":[{end}],"data_offsets":[0,{end}]}}}}"#);
    for bytes in [
        (1u64 << 63).to_le_bytes().to_vec(),
        header(&huge),
        header("{}"),
        header(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))),
        Vec::new(),
    ] {
        for entry in std::fs::read_dir(&folder).expect("checkpoints") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "safetensors") {
                std::fs::write(path, &bytes).expect("a hostile file");
            }
        }
        let answer = place.try_run(&[]);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains("cannot use the checkpoint "), "{}", answer.stderr);
    }
}

#[test]
fn links_out_of_the_folder_are_not_followed() {
    let place = Place::with(SMALL);
    let other = Place::new();
    let inside = |place: &Place| std::fs::read_dir(place.path("")).expect("a folder").count();
    // A link in place of an experiment, then of a run.
    std::fs::create_dir(place.path("runs")).expect("a folder");
    symlink(other.path(""), place.path("runs/spec")).expect("a link");
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("outside `runs`"), "{}", answer.stderr);
    std::fs::remove_file(place.path("runs/spec")).expect("removed");
    let run = place.run(&[]);
    std::fs::remove_dir_all(&run).expect("removed");
    symlink(other.path(""), &run).expect("a link");
    assert_eq!(place.try_run(&[]).code, 1);
    std::fs::remove_file(&run).expect("removed");
    // Links in place of a run's files and its checkpoint folder.
    let kept = other.write("kept", "mine");
    std::fs::create_dir(&run).expect("a folder");
    for name in ["metrics.csv", "timing.csv", "log.txt", "run.json", "spec.toml", "weights.safetensors", "error.txt"] {
        symlink(&kept, run.join(name)).expect("a link");
    }
    symlink(other.path(""), run.join("checkpoint")).expect("a link");
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("outside `runs/spec/"), "{}", answer.stderr);
    std::fs::remove_file(run.join("checkpoint")).expect("removed");
    assert_eq!(place.run(&[]), run);
    assert_eq!((std::fs::read_to_string(&kept).expect("a file").as_str(), inside(&other)), ("mine", 1));
    // `--out` itself may be a link.
    symlink(other.path(""), place.path("linked")).expect("a link");
    assert_eq!(place.freezewise(&["run", "spec.toml", "--quiet", "--out", "linked"]).code, 0);
}

#[test]
fn names_that_leave_the_folder_are_rejected() {
    let place = Place::with(SMALL);
    for name in ["../escaped", "a/b", "..", "a\nb", "", "sources", ".hidden", "a\u{0}b"] {
        let answer = place.try_run(&[&format!("name={}", toml_string(name))]);
        assert_eq!(answer.code, 2, "{name:?}: {}", answer.stderr);
    }
    assert!(!place.path("escaped").exists() && !place.path("runs").exists());
}

fn toml_string(text: &str) -> String {
    serde_json::to_string(text).expect("text").replace("\\u0000", "\\u0001")
}
