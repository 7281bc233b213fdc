//! Sweeps that cannot be, refused before anything runs.

use super::super::program::Place;
use super::super::reliability::SMALL;
use super::sweep;

fn refused(spec: &str, expected: &[&str]) {
    let place = Place::with(&format!("{SMALL}{spec}"));
    let answer = sweep(&place, &[]);
    assert_eq!(answer.code, 2, "{spec}\n{}", answer.stderr);
    for part in expected {
        assert!(answer.stderr.contains(part), "{spec}\n{part}\n{}", answer.stderr);
    }
    assert!(!place.path("runs").exists(), "{spec}");
}

#[test]
fn a_sweep_that_cannot_be_is_refused_before_anything_runs() {
    refused("", &["has no `[sweep]` table"]);
    refused("[sweep.axes]\nseeds = [1]\n", &["the axis `seeds` is not a key", "did you mean `seed`?"]);
    refused("[sweep.axes]\nseed = []\n", &["has no values"]);
    refused("[sweep.axes]\nseed = [1, \"a\"]\n", &["spec.toml:", "`seed`"]);
    let range = |key: &str| format!("{key} = {{ from = 1, to = 4000, step = 1 }}\n");
    refused(&format!("[sweep.axes]\n{}{}", range("seed"), range("seeds.source")), &["16,000,000 cells"]);
    refused(
        "[sweep.axes]\ntransfer.frozen_layers = [1, 12, 13]\n",
        &["in the cell `frozen_layers=12`", "in the cell `frozen_layers=13`"],
    );
    refused("[sweep.axes]\nthreads = [1, 2]\n", &["are the same run"]);
    refused("[sweep.axes]\nseed = [0, 1]\ntarget.label_noise = [0.0, 2.0]\n", &["label_noise"]);
}

#[test]
fn a_folder_holds_one_sweep() {
    let place = Place::with(&format!("{SMALL}[sweep.axes]\nseed = [0]\n"));
    assert_eq!(sweep(&place, &[]).code, 0);
    place.write(
        "spec.toml",
        format!("{}[sweep.axes]\nseed = [0]\n", SMALL.replace("label_noise = 0.25", "label_noise = 0.5")),
    );
    let answer = sweep(&place, &[]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("holds another sweep") && answer.stderr.contains("another `name`"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_spec_with_axes_is_no_run_until_each_has_a_value() {
    let place = Place::with(&format!("{SMALL}[sweep.axes]\nseed = [0, 1]\n\"transfer.frozen_layers\" = [0, 1]\n"));
    let answer = place.try_run(&["seed=1"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("the spec is a sweep over `transfer.frozen_layers`"), "{}", answer.stderr);
    assert_eq!(place.try_run(&["seed=1", "transfer.frozen_layers=1"]).code, 0);
    let fixed = sweep(&place, &["--set", "seed=1"]);
    assert!(fixed.code == 2 && fixed.stderr.contains("`seed` is an axis of the sweep"), "{}", fixed.stderr);
    assert_eq!(sweep(&place, &["--set", "sweep.axes.seed=[1]"]).code, 0);
}

#[test]
fn what_was_fixed_at_the_first_start_is_kept() {
    let place = Place::with(&format!("{SMALL}[sweep.axes]\nseed = [0, 1]\n"));
    assert_eq!(sweep(&place, &["--index", "0"]).code, 0);
    let sheet = place.read("runs/spec/sweep.json");
    let mut sheet: serde_json::Value = serde_json::from_str(&sheet).expect("JSON");
    // As if a machine with other defaults had begun it.
    sheet["fixed"]["precision"] = "fp32".into();
    sheet["fixed"]["layout"] = "channels_first".into();
    place.write("runs/spec/sweep.json", sheet.to_string());
    assert_eq!(sweep(&place, &["--index", "1"]).code, 0);
    let layouts: Vec<String> = super::runs(&place)
        .iter()
        .map(|run| super::super::program::json(&run.join("run.json"))["compute"]["layout"].to_string())
        .collect();
    assert!(layouts.contains(&"\"channels_first\"".to_owned()), "{layouts:?}");
    sheet["fixed"]["precision"] = "fp16".into();
    place.write("runs/spec/sweep.json", sheet.to_string());
    let answer = sweep(&place, &[]);
    assert!(answer.code == 1 && answer.stderr.contains("does not support"), "{}", answer.stderr);
}
