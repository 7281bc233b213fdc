//! `freezewise new`: all specs that it writes are valid, the default one runs, and nothing is overwritten.

use super::program::{Answer, Place};

const ARCHITECTURES: [&str; 7] =
    ["preact-resnet18", "resnet18", "resnet34", "resnet50", "densenet121", "vit-b16", "vit-cifar"];
const DATASETS: [&str; 9] =
    ["synthetic", "cifar10", "cifar100", "mnist", "fashion-mnist", "kmnist", "tiny-imagenet", "folder", "npz"];

/// A place with images and arrays where starter specs expect them.
fn place() -> Place {
    let place = Place::new();
    for split in ["train", "val"] {
        for (class, level) in [("a", 50), ("b", 200)] {
            for index in 0..3 {
                let picture = super::formats::picture(image::ImageFormat::Png, 40, 40, [level + index; 3]);
                place.write(&format!("data/my-images/{split}/{class}/{index}.png"), picture);
            }
        }
    }
    place.write("data/my-arrays.npz", std::fs::read("tests/fixtures/small.npz").expect("a file"));
    place
}

fn new(place: &Place, arguments: &[&str]) -> Answer {
    place.freezewise(&[&["new"], arguments].concat())
}

fn made(place: &Place, arguments: &[&str]) -> String {
    let answer = new(place, arguments);
    assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.stderr);
    answer.stdout.trim().to_owned()
}

#[test]
fn a_new_default_spec_runs() {
    let place = Place::new();
    let answer = new(&place, &["first"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, "first.toml\n"), "{}", answer.stderr);
    assert!(answer.stderr.contains("next: `freezewise run first.toml`"), "{}", answer.stderr);
    let less = ["--set", "source.train.epochs=1", "--set", "target.train.epochs=1", "--set", "device=cpu"];
    let run = place.freezewise(&[&["run", "first.toml", "--quiet"], &less[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("runs/first/k4-n2000-s0-"), "{}", run.stdout);
}

#[test]
fn a_new_sweep_runs() {
    let place = Place::new();
    let answer = new(&place, &["grid.toml", "--sweep", "--architecture", "vit-cifar"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("next: `freezewise sweep grid.toml`"), "{}", answer.stderr);
    let little = ["source.train_size=64", "target.train_size=64", "source.train.epochs=1", "target.train.epochs=1"];
    let sets = little.iter().chain(&["device=cpu"]).flat_map(|pair| ["--set", pair]);
    let sweep = place.freezewise(&["sweep", "grid.toml"].into_iter().chain(sets).collect::<Vec<_>>());
    assert_eq!(sweep.code, 0, "{}", sweep.stderr);
    let folder = std::fs::read_dir(place.path("runs/grid")).expect("runs").map(|entry| entry.expect("an entry").path());
    assert_eq!(folder.filter(|path| path.join("summary.json").exists()).count(), 6);
    let sources = std::fs::read_dir(place.path("runs/sources")).expect("sources");
    assert_eq!(sources.filter(|entry| entry.as_ref().expect("an entry").path().is_dir()).count(), 2);
}

#[test]
fn every_family_with_every_data_set_is_valid() {
    let place = place();
    let mut specs = Vec::new();
    for architecture in ARCHITECTURES {
        for dataset in DATASETS {
            let name = format!("{architecture}-{dataset}");
            specs.push(made(&place, &[&name, "--architecture", architecture, "--dataset", dataset]));
        }
    }
    for source in DATASETS.into_iter().chain(["none"]) {
        for (dataset, more) in [("cifar10", None), ("mnist", Some("--sweep"))] {
            let name = format!("{source}-to-{dataset}");
            let arguments = [&name, "--source", source, "--dataset", dataset];
            specs.push(made(&place, &arguments.into_iter().chain(more).collect::<Vec<_>>()));
        }
    }
    let paths: Vec<&str> = specs.iter().map(String::as_str).collect();
    let answer = place.freezewise(&[&["check"], paths.as_slice()].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_eq!(answer.stdout.matches(": valid").count(), specs.len(), "{}", answer.stdout);
    assert_eq!(answer.stdout.matches(": valid, sweep of 6 cells").count(), 10, "{}", answer.stdout);
}

/// The lists above contain every architecture and data set.
#[test]
fn every_offered_choice_is_tested() {
    let schema: serde_json::Value = serde_json::from_str(&Place::new().freezewise(&["schema"]).stdout).expect("JSON");
    let choices = &schema["properties"]["network"]["properties"]["architecture"];
    for architecture in ARCHITECTURES {
        assert!(choices.to_string().contains(&format!("\"{architecture}\"")), "{architecture}");
    }
    let place = Place::new();
    for (option, names) in [("--architecture", &ARCHITECTURES[..]), ("--dataset", &DATASETS[..])] {
        let told = new(&place, &["a", option, "x"]).stderr;
        let (last, others) = names.split_last().expect("a name");
        assert!(told.contains(&format!("expected `{}` or `{last}`", others.join("`, `"))), "{told}");
    }
}

/// Lines that start with `# key =` or `# [table]` are valid without the `# `.
#[test]
fn commented_out_keys_are_valid() {
    let place = place();
    let mut tried = 0;
    for (name, more) in
        [("a", &[][..]), ("b", &["--sweep"]), ("c", &["--source", "none"]), ("d", &["--dataset", "folder"])]
    {
        let path = made(&place, &[&[name], more].concat());
        let text = place.read(&path);
        let key =
            |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let optional = |line: &str| line.strip_prefix("# ").filter(|rest| key(rest)).map(str::to_owned);
        tried += text.lines().filter(|line| optional(line).is_some()).count();
        let all: Vec<String> = text.lines().map(|line| optional(line).unwrap_or_else(|| line.to_owned())).collect();
        place.write(&path, all.join("\n"));
        // There are only six own images, too few for the default validation set.
        let held = if name == "d" { "target.validation_size=1" } else { "target.validation_size=200" };
        let answer = place.freezewise(&["check", &path, "--set", held]);
        assert_eq!(answer.code, 0, "{}\n{}", answer.stderr, all.join("\n"));
    }
    assert!(tried >= 30, "{tried}");
}

#[test]
fn the_schema_named_in_a_spec_is_beside_it() {
    let place = Place::new();
    let spec = made(&place, &["one"]);
    assert!(place.read(&spec).starts_with("#:schema ./freezewise.schema.json\n"));
    assert_eq!(place.read("freezewise.schema.json"), place.freezewise(&["schema"]).stdout);
    assert!(!new(&place, &["two"]).stderr.contains("schema"), "the existing file is the same");
    place.write("freezewise.schema.json", "{}");
    let kept = new(&place, &["three"]);
    assert_eq!(kept.code, 0);
    assert!(
        kept.stderr.contains("kept `freezewise.schema.json`, which is from another version; `freezewise schema > ")
    );
    assert_eq!(place.read("freezewise.schema.json"), "{}");
}

#[test]
fn an_invalid_name_is_rejected_and_nothing_is_written() {
    let place = Place::new();
    let long = "a".repeat(101);
    for (arguments, told) in [
        (&["studies/one"][..], "`studies/one` is a path, expected a name"),
        (&["../one"], "`../one` is a path, expected a name"),
        (&["sources"], "`sources` is not a valid name"),
        (&[".toml"], "`.toml` is not a valid name"),
        (&["a b"], "`a b` is not a valid name"),
        (&[&long], "has up to 100 letters"),
        (&["a", "--dataset", "cifr10"], "`cifr10` is not a data set\n  did you mean `cifar10`?"),
        (&["a", "--source", "non"], "`non` is not a data set\n  did you mean `none`?"),
        (&["a", "--architecture", "resnet19"], "`resnet19` is not a network\n  did you mean `resnet18`?"),
        (&["a", "--architecture", "transformer"], "`transformer` is not a network\n  expected `preact-resnet18`, "),
    ] {
        let answer = new(&place, arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(answer.stderr.contains(told), "{arguments:?}: {}", answer.stderr);
    }
    assert_eq!(std::fs::read_dir(place.path("")).expect("a folder").count(), 0);
}

#[test]
fn nothing_is_overwritten() {
    let place = Place::new();
    place.write("mine.toml", "mine");
    std::os::unix::fs::symlink(place.path("nowhere"), place.path("link.toml")).expect("a link");
    std::fs::create_dir(place.path("folder.toml")).expect("a folder");
    for name in ["mine", "mine.toml", "link", "folder"] {
        let answer = new(&place, &[name]);
        assert_eq!(answer.code, 2, "{name}: {}", answer.stderr);
        assert!(answer.stderr.contains(".toml` already exists\n  choose another name"), "{}", answer.stderr);
    }
    assert_eq!(place.read("mine.toml"), "mine");
    assert!(!place.path("nowhere").exists() && !place.path("freezewise.schema.json").exists());
}
