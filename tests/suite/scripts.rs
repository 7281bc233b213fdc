//! `scripts/sweep.sh` under dash and bash, the driver check of `scripts/setup`, and `scripts/compare-builds`.

use std::process::{Command, Output};

use super::device::{Driver, WORKING, fake_driver};
use super::program::{Place, TINY};

fn sweep(place: &Place, shell: &str, arguments: &[&str]) -> Output {
    let script = std::fs::canonicalize("scripts/sweep.sh").expect("the script");
    let program = assert_cmd::cargo::cargo_bin!("freezewise");
    let mut command = Command::new(shell);
    command.arg(script).args(arguments).current_dir(place.path("")).env("FREEZEWISE", program);
    command.env("FROZEN", "0 9").env("SEEDS", "0 1").env("OMP_NUM_THREADS", "1").output().expect("the script starts")
}

#[test]
fn a_sweep_skips_what_is_done_and_ends_with_a_table() {
    let place = Place::with(TINY);
    for (shell, finished) in [("dash", 0), ("bash", 4)] {
        let output = sweep(&place, shell, &["spec.toml"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{errors}");
        assert_eq!(errors.matches("already finished").count(), finished, "{errors}");
        let table = place.read("runs/spec/sweep.csv");
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[1].starts_with("0,0,0.") && lines[4].starts_with("9,1,0."), "{table}");
        assert!(lines.iter().all(|line| line.matches(',').count() == 6), "{table}");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("runs/spec/sweep.csv\n"));
    }
}

#[test]
fn a_sweep_continues_after_a_failed_cell_and_says_so() {
    let place = Place::with(TINY);
    // At this learning rate the whole network diverges, the head alone does not.
    let sets = ["spec.toml", "--set", "target.train.optimizer=sgd", "--set", "target.train.learning_rate=1e12"];
    let output = sweep(&place, "sh", &sets);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("0 frozen layers, seed 1: failed"), "{errors}");
    let wrong = sweep(&place, "sh", &["spec.toml", "--set", "nonsense=1"]);
    assert_eq!(wrong.status.code(), Some(2), "an invalid spec stops the sweep");
    assert_eq!(sweep(&place, "sh", &[]).status.code(), Some(2));
}

/// For example a folder named by Hydra.
#[test]
fn a_folder_of_any_name_is_one_field_of_the_table() {
    let place = Place::with(&TINY.replace("epochs = 3", "epochs = 1"));
    for shell in ["dash", "bash"] {
        let out = place.path(&format!("lr=0.1,wd=\"0\"\n{shell}"));
        let script = std::fs::canonicalize("scripts/sweep.sh").expect("the script");
        let mut command = Command::new(shell);
        command.arg(script).args(["spec.toml", "--quiet"]).current_dir(place.path("")).env("OUT", &out);
        command.env("FREEZEWISE", assert_cmd::cargo::cargo_bin!("freezewise")).env("OMP_NUM_THREADS", "1");
        let output = command.env("FROZEN", "0 9").output().expect("the script starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let mut table = csv::Reader::from_path(out.join("spec/sweep.csv")).expect("a table");
        let rows: Vec<std::collections::HashMap<String, String>> =
            table.deserialize().collect::<Result<_, _>>().expect("rows of as many fields as names");
        assert_eq!(rows.iter().map(|row| row["frozen_layers"].as_str()).collect::<Vec<_>>(), ["0", "9"]);
        assert!(rows.iter().all(|row| std::path::Path::new(&row["directory"]).starts_with(&out)), "{rows:?}");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.lines().nth(1).is_some_and(|line| line.starts_with("0 ") && !line.contains("lr")), "{shown}");
    }
}

#[test]
fn a_sweep_continues_with_the_next_cell_if_one_is_locked() {
    let place = Place::with(&TINY.replace("epochs = 3", "epochs = 1000000"));
    let held = super::reliability::start(&place, &[], &["--set", "transfer.frozen_layers=0"]);
    super::reliability::wait_until("rows", || super::reliability::rows(&place) > 2);
    let output = sweep(&place, "sh", &["spec.toml", "--wait", "0s", "--set", "target.train.epochs=1"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{errors}");
    assert!(errors.contains(&format!("is locked by process {} on ", held.id())), "{errors}");
    assert!(errors.contains("0 frozen layers, seed 0: not finished"), "{errors}");
    let table = place.read("runs/spec/sweep.csv");
    let cells: Vec<&str> = table.lines().skip(1).map(|line| &line[..3]).collect();
    assert_eq!(cells, ["0,1", "9,0", "9,1"], "{table}");
    super::reliability::signal(&held, "TERM");
    assert_eq!(super::reliability::end(held).code, 75);
}

#[test]
fn a_stopped_sweep_waits_for_its_cell_and_ends_with_its_code() {
    for shell in ["dash", "bash"] {
        let place = Place::with(&TINY.replace("epochs = 3", "epochs = 1000000"));
        let script = std::fs::canonicalize("scripts/sweep.sh").expect("the script");
        let mut command = Command::new(shell);
        command.arg(script).arg("spec.toml").current_dir(place.path("")).env("OMP_NUM_THREADS", "1");
        command.env("FREEZEWISE", assert_cmd::cargo::cargo_bin!("freezewise")).env("FROZEN", "0 9");
        let child = command.stderr(std::process::Stdio::piped()).spawn().expect("the script starts");
        super::reliability::wait_until("rows", || super::reliability::rows(&place) > 2);
        super::reliability::signal(&child, "TERM");
        let answer = super::reliability::end(child);
        assert_eq!(answer.code, 75, "{shell}: {}", answer.stderr);
        assert!(answer.stderr.contains("stopped by SIGTERM, after step "), "{shell}: {}", answer.stderr);
        assert_eq!(
            std::fs::read_dir(place.path("runs/spec")).expect("runs").count(),
            1,
            "{shell}: the next cell did not start"
        );
    }
}

/// Runs a copy of `scripts/setup` in `place`, where it writes its files, with a fake driver.
fn setup(place: &Place, driver: Driver, arguments: &[&str]) -> (Option<i32>, String) {
    let script = place.write("scripts/setup", std::fs::read("scripts/setup").expect("the script"));
    let folder = fake_driver(place, driver);
    let mut command = Command::new("bash");
    command.arg(script).args(arguments).env("LD_LIBRARY_PATH", folder).env("FREEZEWISE_CACHE", place.path("cache"));
    let output = command.output().expect("the script starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn setup_compares_the_driver_with_torch_before_it_fetches_any() {
    let place = Place::new();
    let old = Driver { cuda: 12040, ..WORKING };
    let (code, told) = setup(&place, old, &["--cuda"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the NVIDIA driver supports CUDA up to 12.4, but torch 2.11.0 is built for 13.0"), "{told}");
    for advice in ["NVIDIA driver 580 or newer", "scripts/setup --libtorch DIR/torch", "scripts/setup --light"] {
        assert!(told.contains(advice), "{told}");
    }
    assert!(!place.path("cache").exists() && !place.path(".libtorch").exists(), "nothing was installed");
}

#[test]
fn setup_accepts_a_torch_that_the_driver_supports() {
    let place = Place::new();
    place.write("torch/lib/libtorch_cpu.so", "");
    let torch = place.path("torch").display().to_string();
    for (version, file, cuda, serves) in [
        ("__version__ = '2.11.0+cu130'\ncuda: Optional[str] = '13.0'\n", "version.py", 13000, true),
        ("__version__ = '2.11.0+cu130'\ncuda: Optional[str] = '13.0'\n", "version.py", 12080, false),
        ("__version__ = '2.11.0+cu126'\ncuda: Optional[str] = '12.6'\n", "version.py", 12020, true),
        ("2.11.0+cu130\n", "build-version", 12020, false),
        ("2.11.0+cpu\n", "build-version", 12020, true),
    ] {
        let path = place.write(&format!("torch/{file}"), version);
        let (code, told) = setup(&place, Driver { cuda, ..WORKING }, &["--libtorch", &torch]);
        assert_eq!(code == Some(0), serves, "{version}: {told}");
        std::fs::remove_file(path).expect("a file");
    }
    // An existing set-up is kept, so that `scripts/quickstart` works after `scripts/setup --light` with any driver.
    place.write("torch/build-version", "2.11.0+cu130\n");
    let (code, told) = setup(&place, Driver { cuda: 12020, ..WORKING }, &[]);
    assert!(code == Some(0) && told.contains("(kept)"), "{told}");
}

#[test]
fn compare_builds_detects_only_real_differences() {
    let mut command = Command::new("python3");
    command.args(["scripts/compare-builds", "--self-test"]).arg(assert_cmd::cargo::cargo_bin!("freezewise"));
    let output = command.env("OMP_NUM_THREADS", "1").output().expect("the script starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{errors}");
    assert!(said.ends_with("every difference was found, and no other\n"), "{said}");
}
