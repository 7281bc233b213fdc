//! Invalid sweeps are refused before anything runs.

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
fn invalid_sweeps_are_rejected_before_anything_runs() {
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
    refused("[sweep.axes]\ntarget.train_size = [\"40\", 40]\n", &["two cells have the name `train_size=40`"]);
    refused("[sweep]\nexclude = [{ seed = [0, 1] }]\n[sweep.axes]\nseed = [0, 1]\n", &["leaves out every cell"]);
    refused("[sweep]\nexclude = [{ seed = 7 }]\n[sweep.axes]\nseed = [0, 1]\n", &["no cell matches this entry"]);
    let ten_million = "seed = { from = 0, to = 9999, step = 1 }\n\"seeds.source\" = { from = 0, to = 999, step = 1 }\n";
    refused(&format!("[sweep.axes]\n{ten_million}"), &["10,000,000 cells; at most 100,000 are allowed"]);
    refused(
        "[sweep.axes]\ntransfer.frozen_layers = [0, 2]\ntransfer.frozen = [[\"stem\"]]\n",
        &["both choose the frozen layers", "in the cell `frozen_layers=2,frozen=[\"stem\"]`"],
    );
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
fn a_spec_with_axes_needs_a_value_for_each_to_run() {
    let place = Place::with(&format!("{SMALL}[sweep.axes]\nseed = [0, 1]\n\"transfer.frozen_layers\" = [0, 1]\n"));
    let answer = place.try_run(&["seed=1"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("the spec is a sweep over `transfer.frozen_layers`"), "{}", answer.stderr);
    assert!(answer.stderr.contains("to one value: `--set transfer.frozen_layers=…`"), "{}", answer.stderr);
    let described = place.freezewise(&["describe", "spec.toml"]);
    assert!(described.code == 0 && described.stdout.contains("this spec freezes 0 layers"), "{}", described.stdout);
    assert_eq!(described.stderr, "note: a sweep of 4 cells; this is the first, `seed=0,frozen_layers=0`\n");
    assert_eq!(place.try_run(&["seed=1", "transfer.frozen_layers=1"]).code, 0);
    let fixed = sweep(&place, &["--set", "seed=1"]);
    assert!(fixed.code == 2 && fixed.stderr.contains("`seed` is an axis of the sweep"), "{}", fixed.stderr);
    assert_eq!(sweep(&place, &["--set", "sweep.axes.seed=[1]"]).code, 0);
    // The axis that is written as one quoted key.
    let other = sweep(&place, &["--set", "sweep.axes.transfer.frozen_layers=[2]", "--list"]);
    assert!(other.code == 0 && !other.stdout.contains("frozen_layers=1"), "{}\n{}", other.stdout, other.stderr);
    assert!(other.stdout.contains("frozen_layers=2"), "{}", other.stdout);
}

#[test]
fn settings_fixed_at_the_first_start_are_kept() {
    let place = Place::with(&format!("{SMALL}[sweep.axes]\nseed = [0, 1]\n"));
    assert_eq!(sweep(&place, &["--index", "0"]).code, 0);
    let sheet = place.read("runs/spec/sweep.json");
    let mut sheet: serde_json::Value = serde_json::from_str(&sheet).expect("JSON");
    // As if a machine with other defaults had started it.
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

#[test]
fn invalid_arguments_are_rejected() {
    let place = Place::with(&format!("{SMALL}[sweep.axes]\nseed = [0, 1]\n"));
    for (arguments, words) in [
        (&["--json"][..], "--list"),
        (&["--jobs", "0"], "from 1 to 1024"),
        (&["--cell-time", "0s"], "expected more than 0 s"),
        (&["--cell-time", "soon"], "--cell-time"),
        (&["--devices", "cpu,gpu"], "`gpu` is not a device"),
        (&["--devices", "cpu,cpu"], "`--devices` names `cpu` twice"),
        (&["--devices", ","], "`` is not a device"),
        (&["--index", "2"], "there is no task 2"),
        (&["--index-env", "NOBODY_SETS_THIS"], "the environment variable `NOBODY_SETS_THIS` is not set"),
        (&["--shard", "3/2"], "I from 1 to N"),
        (&["--count", "2"], "--index-env <NAME>"),
        (&["--export", "columns"], "possible values: lines"),
    ] {
        let answer = sweep(&place, arguments);
        assert!(answer.code == 2 && answer.stderr.contains(words), "{arguments:?}: {}", answer.stderr);
    }
    let time = place.freezewise(&["slurm", "spec.toml", "--time", "1:00\n#SBATCH --uid=0"]);
    assert!(time.code == 2 && time.stderr.contains("expected a time"), "{}", time.stderr);
    assert!(!place.path("runs").exists());
    let missing = sweep(&place, &["--archive", "nowhere"]);
    assert!(missing.code == 1 && missing.stderr.contains("`nowhere` is not a folder"), "{}", missing.stderr);
}

/// A damaged record must not hide the other runs.
#[test]
fn a_damaged_record_fails_only_its_run() {
    let place = Place::with(&format!("{SMALL}[sweep.axes]\nseed = [0, 1]\n"));
    assert_eq!(sweep(&place, &[]).code, 0);
    let run = super::runs(&place).remove(0);
    std::fs::write(run.join("run.json"), "{\"status\": \"flying\"}").expect("a file");
    let status = place.freezewise(&["status", "runs"]);
    assert!(status.code == 0 && status.stdout.starts_with("2 runs: 1 done, 1 failed"), "{}", status.stdout);
    assert!(status.stdout.contains("cannot understand"), "{}", status.stdout);
    assert_eq!(place.freezewise(&["compare", "runs"]).code, 0);
    let pruned = place.freezewise(&["prune", "runs", "--dry-run"]);
    assert!(pruned.code == 0 && pruned.stderr.contains("skipped "), "{}", pruned.stderr);
    assert_eq!(sweep(&place, &[]).code, 3, "the other cell stays done");
    place.write("runs/spec/sweep.json", "{");
    for arguments in [&["status", "runs"][..], &["sweep", "spec.toml"]] {
        let answer = place.freezewise(arguments);
        assert!(answer.code == 1 && answer.stderr.contains("move it away"), "{arguments:?}: {}", answer.stderr);
    }
    std::fs::create_dir(place.path("empty")).expect("a folder");
    for verb in ["status", "compare", "collect", "prune", "report"] {
        let answer = place.freezewise(&[verb, "empty"]);
        assert!(answer.code == 1 && answer.stderr.contains("error: "), "{verb}: {}", answer.stderr);
    }
}
