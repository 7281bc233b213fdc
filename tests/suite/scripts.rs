//! `scripts/sweep.sh`, under dash and bash, and `scripts/compare-builds`.

use std::process::{Command, Output};

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
        assert_eq!(errors.matches("finished already").count(), finished, "{errors}");
        let table = place.read("runs/spec/sweep.csv");
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[1].starts_with("0,0,0.") && lines[4].starts_with("9,1,0."), "{table}");
        assert!(lines.iter().all(|line| line.matches(',').count() == 6), "{table}");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("runs/spec/sweep.csv\n"));
    }
}

#[test]
fn a_sweep_goes_on_after_a_failed_cell_and_says_so() {
    let place = Place::with(TINY);
    // The head alone survives a rate that the whole network does not.
    let sets = ["spec.toml", "--set", "target.train.optimizer=sgd", "--set", "target.train.learning_rate=1e12"];
    let output = sweep(&place, "sh", &sets);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("0 frozen layers, seed 1 failed"), "{errors}");
    let wrong = sweep(&place, "sh", &["spec.toml", "--set", "nonsense=1"]);
    assert_eq!(wrong.status.code(), Some(2), "a wrong spec is wrong for every cell");
    assert_eq!(sweep(&place, "sh", &[]).status.code(), Some(2));
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
            "{shell}: the next cell waits"
        );
    }
}

#[test]
fn builds_that_differ_are_told_apart_and_no_others() {
    let mut command = Command::new("python3");
    command.args(["scripts/compare-builds", "--self-test"]).arg(assert_cmd::cargo::cargo_bin!("freezewise"));
    let output = command.env("OMP_NUM_THREADS", "1").output().expect("the script starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{errors}");
    assert!(said.ends_with("every difference was found, and no other\n"), "{said}");
}
