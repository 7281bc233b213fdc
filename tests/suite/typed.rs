//! Common mistakes in what users type and have in their folders: understood, or refused with a helpful error.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use image::ImageFormat;

use super::formats::{picture, place};
use super::program::{Place, TINY, json};

#[test]
fn arbitrary_bytes_in_arguments_paths_and_variables_do_not_panic() {
    let place = Place::with(TINY);
    let odd = OsStr::from_bytes(b"caf\xe9");
    std::fs::create_dir(place.path("").join(odd)).expect("a folder");
    std::fs::copy(place.path("spec.toml"), place.path("").join(odd).join("spec.toml")).expect("a copy");
    let spec = std::path::Path::new(odd).join("spec.toml");
    place.write("sweep.toml", format!("{TINY}[sweep.axes]\nseed = [0, 1]\n"));
    let run = |arguments: &[&OsStr], variable: &str| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("freezewise"));
        command.current_dir(place.path("")).args(arguments).env("OMP_NUM_THREADS", "1").env(variable, odd);
        let output = command.output().expect("the program starts");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!errors.contains("panicked"), "{errors}");
        (output.status.code(), errors)
    };
    let text = OsStr::new;
    for variable in ["FREEZEWISE_DATA", "FREEZEWISE_CACHE", "FREEZEWISE_HOST", "XDG_CACHE_HOME", "NO_COLOR"] {
        let done = run(&[text("run"), text("spec.toml"), text("--out"), odd, text("-q")], variable);
        assert_eq!(done.0, Some(0), "{variable}: {}", done.1);
    }
    for (arguments, code) in [
        (&[text("run"), spec.as_os_str(), text("-q")][..], 0),
        (&[text("check"), spec.as_os_str(), text("--data"), odd], 0),
        (&[text("status"), odd], 0),
        (&[text("sweep"), text("sweep.toml"), text("--out"), odd, text("--list"), text("--json")], 0),
        (&[text("sweep"), text("sweep.toml"), text("--out"), odd, text("--export"), text("lines")], 2),
        (&[text("slurm"), text("sweep.toml"), text("--out"), odd], 2),
        (&[text("run"), text("spec.toml"), text("--set"), OsStr::from_bytes(b"name=\xe9")], 2),
        (&[text("weights"), text("export"), odd, text("--out"), OsStr::from_bytes(b"\xff")], 1),
        (&[odd], 2),
    ] {
        let done = run(arguments, "FREEZEWISE_HOST");
        assert_eq!(done.0, Some(code), "{arguments:?}: {}", done.1);
    }
}

#[test]
fn string_keys_accept_values_as_typed() {
    let place = Place::with(TINY);
    for name in ["2024", "12e4567", "2024-05-01", "0x1F", "1.0", "true", "1_000"] {
        let answer = place.freezewise(&["describe", "spec.toml", "--set", &format!("name={name}"), "--json"]);
        assert_eq!(answer.code, 0, "{name}: {}", answer.stderr);
        let run = place.try_run(&[&format!("name={name}"), "target.train.epochs=1"]);
        assert!(run.stdout.starts_with(&format!("runs/{name}/")), "{name}: {}", run.stdout);
    }
    let quoted = place.try_run(&["name=\"1.0\"", "target.train.epochs=1"]);
    assert!(quoted.stdout.starts_with("runs/1.0/"), "{}", quoted.stdout);
    let number = place.try_run(&["target.train.epochs=\"2\""]);
    assert_eq!(number.code, 2);
    let told = "must be an integer from 1 to 1000000000, found the string `\"2\"`\n    leave out the quotes: `2`";
    assert!(number.stderr.contains(told), "{}", number.stderr);
}

/// Writes two classes with three images each, for training and for test.
fn write_folder(place: &Place) {
    for split in ["train", "val"] {
        for (class, level) in [("a", 50), ("b", 200)] {
            for index in 0..3 {
                place.write(
                    &format!("data/own/{split}/{class}/{index}.png"),
                    picture(ImageFormat::Png, 8, 8, [level + index; 3]),
                );
            }
        }
    }
}

/// Files that Windows, macOS, Synology and users leave between images.
#[test]
fn other_files_beside_images_are_skipped_and_listed() {
    let place = place("folder", "path = \"own\"\nskip_bad_files = true");
    write_folder(&place);
    let clean = json(&place.run(&[]).join("run.json"));
    let junk =
        ["train/Thumbs.db", "train/labels.csv", "train/__MACOSX/._a", "train/a/@eaDir/0.png", "train/b/desktop.ini"];
    for name in junk.iter().chain(&["train/.DS_Store", "train/a/._0.png", "LICENCE", "val/LICENCE"]) {
        place.write(&format!("data/own/{name}"), "junk");
    }
    // The second run uses a cache that was written without them.
    for out in ["first", "second"] {
        let answer = place.freezewise(&["run", "spec.toml", "--out", out, "-q"]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        let data = json(&place.path(answer.stdout.trim()).join("run.json"))["data"].clone();
        assert_eq!(data["checksum"], clean["data"]["checksum"]);
        let listed: Vec<&str> =
            data["skipped_files"].as_array().expect("a list").iter().filter_map(|file| file.as_str()).collect();
        for name in [
            "train/Thumbs.db: ",
            "train/labels.csv: ",
            "train/__MACOSX: ",
            "train/a/@eaDir: ",
            "train/b/desktop.ini: ",
            "val/LICENCE: ",
        ] {
            assert!(listed.iter().any(|line| line.starts_with(name)), "{name} is not in {listed:?}");
        }
        assert_eq!(listed.len(), 6, "{listed:?}");
    }
    let strict = place.freezewise(&["check", "spec.toml", "--set", "target.skip_bad_files=false"]);
    assert_eq!(strict.code, 1, "{}", strict.stderr);
    for told in
        ["`data/own/train/Thumbs.db` is a file, expected a class folder", "skip it with `skip_bad_files = true`"]
    {
        assert!(strict.stderr.contains(told), "{}", strict.stderr);
    }
}

#[test]
fn check_names_files_that_are_not_images() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place);
    assert_eq!(place.freezewise(&["check", "spec.toml"]).code, 0);
    place.write("data/own/train/a/Thumbs.db", "junk");
    let answer = place.freezewise(&["check", "spec.toml", "--set", "target.train.batch_size=6"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("train/a/Thumbs.db: expected a PNG or JPEG file"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("batch of one"), "{}", answer.stderr);
}

#[test]
fn missing_paths_and_paths_of_another_kind_have_different_errors() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place);
    let told = |path: &str| {
        let answer = place.try_run(&[&format!("target.path={path}")]);
        assert_eq!(answer.code, 1);
        answer.stderr
    };
    assert!(told("own/train/a/0.png").contains("`data/own/train/a/0.png` is a file\n"));
    let shell = told("~/own");
    assert!(shell.contains("`~/own` is not in the data folder\n    `~` is not expanded"), "{shell}");
    place.write("data/outer/own/train/a/0.png", "");
    assert!(told("outer").contains("has neither `val/` nor `test/`\n    `outer/own` has `train/`"));
    for option in ["--out", "--data"] {
        let answer = place.freezewise(&["run", "spec.toml", option, "~/runs"]);
        assert_eq!(answer.code, 2);
        assert!(answer.stderr.contains("`~` is not expanded"), "{}", answer.stderr);
    }
    assert!(!place.path("~").exists());
}

/// `--archive=~/runs` and `NAME="~/data"` reach the program with the `~`.
#[test]
fn errors_about_a_path_name_the_option_or_variable() {
    let place = Place::with(&format!("{TINY}[sweep.axes]\nseed = [0, 1]\n"));
    let says = |variable: &str, arguments: &[&str], told: &[&str]| {
        let answer = place.freezewise_with(&[(variable, "~/there")], arguments);
        assert_ne!(answer.code, 0, "{arguments:?}");
        for part in told.iter().chain(&["`~` is not expanded"]) {
            assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
        }
        answer.stderr
    };
    let data = says("FREEZEWISE_DATA", &["check", "spec.toml"], &["'~/there' of the variable FREEZEWISE_DATA"]);
    assert!(!data.contains("--data <DIR>'"), "{data}");
    let typed = says("FREEZEWISE_DATA", &["check", "spec.toml", "--data=~/here"], &["'~/here' for '--data <DIR>'"]);
    assert!(!typed.contains("FREEZEWISE_DATA"), "{typed}");
    let given = ["check", "spec.toml", "--data", "data"];
    assert_eq!(place.freezewise_with(&[("FREEZEWISE_DATA", "~/there")], &given).code, 0);
    let device = ["sweep", "spec.toml", "--set", "device=cuda"];
    says("FREEZEWISE_CUDA_PLUGIN", &device, &["FREEZEWISE_CUDA_PLUGIN: `~/there` cannot be loaded"]);
    for (arguments, option) in [
        (&["sweep", "spec.toml", "--archive=~/runs"][..], "--archive <DIR>"),
        (&["report", "runs", "--out=~/report"], "--out <DIR>"),
        (&["collect", "runs", "--out=~/all.csv"], "--out <FILE>"),
    ] {
        says("OTHER", arguments, &["'~/", &format!("' for '{option}'")]);
    }
    // A cache goes to the folder of the variable if the data folder does not take it.
    let own = super::formats::place("folder", "path = \"own\"");
    write_folder(&own);
    own.write("data/.freezewise", "a file in the place of the folder");
    let answer = own.freezewise_with(&[("FREEZEWISE_CACHE", "~/cache")], &["run", "spec.toml"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("FREEZEWISE_CACHE: `~/cache/data`: `~` is not expanded"), "{}", answer.stderr);
    assert!(!place.path("~").exists() && !own.path("~").exists());
}

/// 17 = 2 · 8 + 1 examples; at 8 × 8 pixels the feature maps of the last stage have one pixel.
#[test]
fn a_last_batch_of_one_is_an_error_only_before_a_norm() {
    let keys = TINY
        .replace("train_size = 80", "train_size = 17")
        .replace("batch_size = 32\n[transfer]", "batch_size = 8\n[transfer]");
    let place = Place::with(&keys);
    let check = |overrides: &[&str]| {
        let sets = overrides.iter().flat_map(|pair| ["--set", pair]);
        place.freezewise(&["check", "spec.toml"].into_iter().chain(sets).collect::<Vec<_>>()).code
    };
    assert_eq!(check(&[]), 2);
    for norm in ["source", "target"] {
        assert_eq!(check(&["transfer.frozen_layers=all", &format!("transfer.frozen_norm={norm}")]), 0, "{norm}");
    }
    assert_eq!(check(&["transfer.frozen_layers=all", "transfer.frozen_norm=batch"]), 2);
    assert_eq!(check(&["transfer.frozen_layers=8", "transfer.frozen_norm=source"]), 2);
    let steps = |steps: &str| {
        let text = keys.replace("[target.train]\nepochs = 3", &format!("[target.train]\nsteps = {steps}"));
        place.write("spec.toml", text);
        (check(&[]), place.try_run(&[]).code)
    };
    assert_eq!((steps("2"), steps("3").0), ((0, 0), 2));
    place.write("spec.toml", &keys);
    assert_eq!(place.try_run(&["transfer.frozen_layers=all", "transfer.frozen_norm=source"]).code, 0);
}

/// A spec named without its ending, a spec in place of its runs, and a value in place of a table.
#[test]
fn likely_intentions_are_suggested() {
    let place = Place::with(TINY);
    for (arguments, code, words) in [
        (&["check", "spec"][..], 2, "did you mean `spec.toml`?"),
        (&["status", "spec.toml"], 1, "give the folder of its runs, such as `runs/spec`"),
        (&["check", "spec.toml", "--set", "seed=1", "--set", "seed.x=1"], 2, "`seed` is a value, not a table"),
        (&["check", "spec.toml", "--set", "target.label_noise=20"], 2, "20% is `0.2`"),
        (
            &["check", "spec.toml", "--set", "target.train.optimizer=sgd", "--set", "target.train.beta1=0.5"],
            2,
            "or `\"adamw\"`",
        ),
    ] {
        let answer = place.freezewise(arguments);
        assert_eq!(answer.code, code, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(words), "{arguments:?}: {}", answer.stderr);
    }
}

#[test]
fn a_recorded_spec_keeps_the_seeds_that_were_given() {
    let place = Place::with(TINY);
    let recorded = place.run(&["seeds.subset=0"]).join("spec.toml").display().to_string();
    let hash = |arguments: &[&str]| {
        let answer = place.freezewise(&[&["check"], arguments, &["--set", "seed=1", "--hash"]].concat());
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        answer.stdout.split_whitespace().next().expect("a hash").to_owned()
    };
    assert_eq!(hash(&[&recorded]), hash(&["spec.toml", "--set", "seeds.subset=0"]));
    assert_ne!(hash(&[&recorded]), hash(&["spec.toml"]));
}
