//! Specs: errors that list all problems with their locations, overrides, the resolved spec, names of runs.

use super::program::{Place, TINY, json};

#[test]
fn all_problems_are_reported_at_once_with_their_positions() {
    let place = Place::with(
        r#"name = "a/b"
sed = 3
image_size = "big"
[network]
architecture = "preact-resnet81"
[targt]
[target]
dataset = "cifar01"
label_noise = 1.5
learning_rate = 0.1
[target.train]
epochs = 10
steps = 10
momentum = 0.9
schedule = "step"
[transfer]
frozen_layers = 12
frozen_norm = "source"
"#,
    );
    let answer = place.freezewise(&["check", "spec.toml"]);
    assert_eq!(answer.code, 2);
    assert_eq!(answer.stdout, "");
    let expected = [
        "spec.toml:1:1: `a/b` is not a valid folder name",
        "    `name` (by default that of the file) has up to 100 letters, digits and `-_.+=`, does not start with `.` or `-`, and is not `sources`",
        "spec.toml:2:1: `sed` is not a key of the spec",
        "    did you mean `seed`?",
        "spec.toml:3:14: `image_size` must be an integer from 4 to 1024, found `big`",
        "spec.toml:5:16: `network.architecture` must be `preact-resnet18`, `resnet18`, `resnet34`, `resnet50`, `densenet121`, `vit-b16` or `vit-cifar`, found `preact-resnet81`",
        "    did you mean `preact-resnet18`?",
        "spec.toml:6:2: `targt` is not a key of the spec",
        "    did you mean `target`?",
        "spec.toml:8:1: `cifar01` is not a data set",
        "    did you mean `cifar10`?",
        "spec.toml:9:15: `target.label_noise` must be a number from 0 to 1, found `1.5`",
        "    1.5% is `0.015`",
        "spec.toml:10:1: `target.learning_rate` is not a key of the spec",
        "    did you mean `target.train.learning_rate`?",
        "spec.toml:11:9: `schedule = \"step\"` needs milestones",
        "    for example `milestones = [100, 150]`",
        "spec.toml:13:1: `target.train.steps` and `target.train.epochs` both set the length of training",
        "    keep one of them",
        "spec.toml:14:1: `target.train.momentum` has no effect without `optimizer = \"sgd\"`",
        "    set `optimizer = \"sgd\"`, or remove the key",
        "spec.toml:17:1: `frozen_layers = 12`, but this network has 9 freezable layers",
        "    `freezewise describe` lists them; `\"all\"` freezes everything except the head",
        "spec.toml:18:1: `frozen_norm = \"source\"`, but the spec has no source",
        "    add a `[source]` table, or remove the key",
    ];
    assert_eq!(answer.stderr.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn contradictory_keys_are_reported_with_a_fix() {
    let place = Place::with(TINY);
    for (overrides, message, hint) in [
        (
            &["image_size=8", "target.train.augment=[\"cutout\"]"][..],
            "a cutout of 16 pixels can erase a whole image of 8",
            "set `cutout_size` below 8; 4 is half of the side",
        ),
        (
            &[
                "image_size=8",
                "source.train.augment=[\"crop\"]",
                "source.train.crop_padding=8",
                "source.train.crop_fill=reflect",
            ],
            "`crop_fill = \"reflect\"` cannot pad images of 8 pixels by 8",
            "use less padding, or `crop_fill = \"zero\"`",
        ),
        (
            &["evaluate.every=4", "evaluate.train_every=6"],
            "`train_every` includes epochs that `evaluate.every` does not evaluate",
            "use a multiple of 4 (`evaluate.every`), or `log`",
        ),
        (
            &["evaluate.every=log", "evaluate.train_every=1"],
            "`train_every` includes epochs that `evaluate.every` does not evaluate",
            "use `log`, as in `evaluate.every`, or remove it",
        ),
    ] {
        let sets: Vec<&str> = overrides.iter().flat_map(|&pair| ["--set", pair]).collect();
        let answer = place.freezewise(&[&["check", "spec.toml"], &sets[..]].concat());
        assert_eq!(answer.code, 2, "{overrides:?}");
        let lines: Vec<&str> = answer.stderr.lines().collect();
        assert!(lines.len() == 2 && lines[0].ends_with(message) && lines[1].trim() == hint, "{}", answer.stderr);
    }
}

#[test]
fn json_has_positions_and_the_same_meaning() {
    let place = Place::with(TINY);
    let toml: toml::Table = TINY.parse().expect("TOML");
    let json = serde_json::to_string_pretty(&toml).expect("JSON");
    place.write("spec.json", &json);
    let names = |spec: &str| {
        let answer = place.freezewise(&["describe", spec]);
        (answer.code, answer.stdout)
    };
    assert_eq!(names("spec.json"), names("spec.toml"));
    place.write("bad.json", json.replace("\"train_size\": 80", "\"train_sise\": 80"));
    let line = json.lines().position(|line| line.contains("\"train_size\": 80")).expect("the key") + 1;
    let answer = place.freezewise(&["check", "bad.json"]);
    assert_eq!(answer.code, 2);
    let expected = format!(
        "bad.json:{line}:5: `target.train_sise` is not a key of the spec\n    did you mean `target.train_size`?\n"
    );
    assert_eq!(answer.stderr, expected);
}

#[test]
fn syntax_errors_name_their_line() {
    let place = Place::with("name = \n[target]\ndataset = \"synthetic\"\n");
    place.write("spec.json", "{\n  \"name\": ,\n}");
    place.write("twice.json", "{\"target\": {\"dataset\": \"synthetic\"},\n \"target\": {}}");
    place.write("null.json", "{\"target\": {\"dataset\": null}}");
    for (spec, start) in [
        ("spec.toml", "spec.toml:1:8: "),
        ("spec.json", "spec.json:2:11: "),
        ("twice.json", "twice.json:2:2: duplicate key `target`"),
        ("null.json", "null.json:1:24: `target.dataset` must be a string, found null"),
    ] {
        let answer = place.freezewise(&["check", spec]);
        assert_eq!(answer.code, 2, "{spec}");
        assert!(answer.stderr.starts_with(start), "{}", answer.stderr);
    }
}

#[test]
fn unreadable_specs_are_usage_errors() {
    let place = Place::with("");
    place.write("spec.yaml", "");
    place.write("bytes.toml", [0xff, 0xfe]);
    place.write("deep.json", "[".repeat(100_000));
    place.write("deep.toml", format!("a = {}", "[".repeat(100_000)));
    place.write("huge.toml", "[target]\ndataset = \"synthetic\"\n[target.train]\nepochs = 9223372036854775807\n");
    place.write("marked.json", "\u{feff}{\"$schema\": \"spec.json\", \"target\": {\"dataset\": \"synthetic\"}}");
    assert_eq!(place.freezewise(&["check", "marked.json"]).code, 0);
    place.write("large.toml", "#".repeat(300 * 1024));
    for spec in ["absent.toml", "spec.yaml", "bytes.toml", "deep.json", "deep.toml", "huge.toml", "large.toml", "."] {
        let answer = place.freezewise(&["check", spec]);
        assert_eq!(answer.code, 2, "{spec}: {}", answer.stderr);
        assert!(answer.stderr.contains(spec), "{}", answer.stderr);
        assert!(answer.stderr.len() < 2000, "{spec}");
    }
}

#[test]
fn overrides_take_precedence_and_are_named_in_problems() {
    let place = Place::with(TINY);
    let check = |set: &str| place.freezewise(&["check", "spec.toml", "--set", set]);
    for set in [
        "transfer.frozen_layers=all",
        "transfer.frozen_layers=\"all\"",
        "target.train.augment=[\"crop\", \"flip\"]",
        "network.architecture=preact-resnet18",
        "target.train.learning_rate=1",
    ] {
        assert_eq!(check(set).code, 0, "{set}");
    }
    let wrong = check("transfer.frozen_layers=many");
    assert_eq!(wrong.code, 2);
    assert_eq!(
        wrong.stderr,
        "--set transfer.frozen_layers=many: `transfer.frozen_layers` must be an integer of at least 0 or `all`, found `many`\n"
    );
    let deep = format!("{}b=1", "a.".repeat(60_000));
    for set in ["nonsense", "=3", "a..b=1", "name.x=1", "name=sources", &deep[..20_000]] {
        assert_eq!(check(set).code, 2, "{set}");
    }
}

#[test]
fn the_resolved_spec_is_a_spec_of_the_same_run() {
    let place = Place::with(TINY);
    let first = place.run(&["target.train.schedule=inverse-sqrt", "target.train.augment=[\"crop\"]", "seed=3"]);
    let resolved = std::fs::read_to_string(first.join("spec.toml")).expect("the resolved spec");
    assert!(resolved.contains("period = 512") && resolved.contains("crop_padding = 4"), "{resolved}");
    let again = Place::with(&resolved).run(&[]);
    assert_eq!(again.file_name(), first.file_name());
}

#[test]
fn two_spellings_are_one_run() {
    let place = Place::with(TINY);
    let folder = |overrides: &[&str]| place.run(overrides).file_name().expect("a name").to_owned();
    let both = ["target.train.augment=[\"crop\", \"flip\"]", "target.train.augment=[\"flip\", \"crop\"]"];
    for [one, other] in [both, ["transfer.frozen_layers=9", "transfer.frozen_layers=all"]] {
        assert_eq!(folder(&[one]), folder(&[other]), "{one}");
    }
    let idle = ["transfer.frozen_layers=0", "target.label_noise=0"];
    let plain = folder(&idle);
    for effectless in ["transfer.frozen_norm=batch", "seeds.noise=7", "seeds.augment=7"] {
        assert_eq!(folder(&[&idle[..], &[effectless]].concat()), plain, "{effectless}");
    }
    assert_eq!(std::fs::read_dir(place.path("runs/sources")).expect("sources").count(), 1);
}

/// Renamed keys and new defaults must not orphan existing runs: these names only change with the version of the
/// numerics.
#[test]
fn run_names_are_stable() {
    let directory = Place::with(TINY);
    let run = directory.run(&[]);
    assert_eq!(run.file_name().and_then(|name| name.to_str()), Some("k4-n80-s0-617b00c604"));
    assert!(directory.path("runs/sources/16b3a9bfaf").is_dir());
}

#[test]
fn the_spec_of_a_source_finds_that_source() {
    let place = Place::with(TINY);
    let run = place.run(&["precision=fp32", "seeds.source=3"]);
    let hash = json(&run.join("run.json"))["source_hash"].as_str().expect("a source").to_owned();
    let spec = format!("runs/sources/{hash}/spec.toml");
    let answer = place.freezewise(&["check", "--hash", &spec]);
    assert_eq!(answer.stdout.split(' ').nth(1), Some(hash.as_str()), "{}", answer.stderr);
    let before = std::fs::read(place.path(&format!("runs/sources/{hash}/run.json"))).expect("a record");
    let answer = place.freezewise(&["run", &spec, "--quiet", "--set", "target.train.epochs=1"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let found = json(&place.path(answer.stdout.trim()).join("run.json"));
    assert_eq!(found["source_hash"], hash.as_str());
    assert_eq!(std::fs::read_dir(place.path("runs/sources")).expect("sources").count(), 1);
    assert_eq!(std::fs::read(place.path(&format!("runs/sources/{hash}/run.json"))).expect("a record"), before);
}

#[test]
fn check_prints_hashes_for_scripts() {
    let place = Place::with(TINY);
    place.write("scratch.toml", "[target]\ndataset = \"mnist\"\n");
    place.write("absent.toml", "[target]\ndataset = \"npz\"\npath = \"absent.npz\"\n");
    let answer = place.freezewise(&["check", "--hash", "spec.toml", "scratch.toml"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = answer.stdout.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!((lines[0][2], lines[1][1], lines[1][2]), ("spec.toml", "none", "scratch.toml"));
    let answer = place.freezewise(&["check", "--hash", "--json", "spec.toml", "scratch.toml"]);
    let json: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!((&json[0]["run"], &json[0]["source"]), (&lines[0][0].into(), &lines[0][1].into()));
    assert_eq!((&json[1]["run"], &json[1]["source"]), (&lines[1][0].into(), &serde_json::Value::Null));
    let run = place.run(&[]);
    assert_eq!(run.file_name().and_then(|name| name.to_str()), json[0]["folder"].as_str());
    assert!(place.path(&format!("runs/sources/{}", lines[0][1])).is_dir());
    // Without the data the hash is unknown, but the spec is valid.
    let answer = place.freezewise(&["check", "--hash", "absent.toml"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (1, ""));
    assert!(answer.stderr.contains("`absent.npz` is not in the data folder"), "{}", answer.stderr);
    assert_eq!(place.freezewise(&["check", "absent.toml"]).code, 0);
}

#[test]
fn a_resolved_spec_only_pins_explicit_seeds() {
    let place = Place::with(TINY);
    let resolved = std::fs::read_to_string(place.run(&["seeds.order=5"]).join("spec.toml")).expect("spec.toml");
    assert!(resolved.contains("order = 5") && !resolved.contains("\nnoise = "), "{resolved}");
}

#[test]
fn run_names_depend_on_what_changes_results() {
    let place = Place::with(TINY);
    let folder = |overrides: &[&str]| place.run(overrides).file_name().expect("a name").to_owned();
    let first = folder(&[]);
    for same in [
        "device=cpu",
        "threads=1",
        "evaluate.every=2",
        "evaluate.train_every=2",
        "target.train.optimizer=adam",
        "target.train.epochs=4",
    ] {
        assert_eq!(folder(&[same]), first, "{same}");
    }
    let mut names = vec![first];
    for other in ["seed=1", "transfer.frozen_layers=5", "source.train.epochs=1", "target.train.schedule=cosine"] {
        names.push(folder(&[other]));
    }
    names.push(folder(&["target.train.schedule=cosine", "target.train.epochs=2"]));
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    // Seeds, frozen layers and the target's schedule do not change the source; its own budget does.
    assert_eq!(std::fs::read_dir(place.path("runs/sources")).expect("sources").count(), 2);
}
