//! Slurm, replaced by fake commands on `PATH`.

use std::os::unix::fs::PermissionsExt;

use super::super::program::Place;
use super::{place, states};

/// An `sbatch` that records its arguments and immediately runs each task of the array, as Slurm would.
const SBATCH: &str = r#"#!/bin/bash
echo "$@" >> "$PLAYED/sbatch.log"
count=$(grep -c . "$PLAYED/sbatch.log")
for argument in "$@"; do
    case $argument in
        --array=*) range=${argument#--array=0-}; last=${range%%%*} ;;
        --export=*) IFS=, read -ra pairs <<< "${argument#--export=ALL,}"; export "${pairs[@]}" ;;
    esac
done
script=${!#}
for task in $(seq 0 "$last"); do
    SLURM_ARRAY_JOB_ID=$count SLURM_ARRAY_TASK_ID=$task bash "$script" >> "$PLAYED/job.log" 2>&1 || echo "task $task: $?" >> "$PLAYED/failed.log"
done
echo "$count"
"#;

fn install_programs(place: &Place, programs: &[(&str, &str)]) -> String {
    for (name, text) in programs {
        let path = place.write(&format!("bin/{name}"), text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a right");
    }
    format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap_or_default())
}

#[test]
fn jobs_are_written_submitted_in_order_and_run() {
    let place = place();
    let path = install_programs(&place, &[("sbatch", SBATCH)]);
    let played = place.path("").display().to_string();
    let written = place.freezewise(&["slurm", "spec.toml", "--time", "1:00:00"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let script = place.read(written.stdout.trim());
    for part in ["#SBATCH --time=1:00:00\n", "#SBATCH --signal=B:USR1@120\n", "scontrol requeue"] {
        assert!(script.contains(part), "{script}");
    }
    assert!(!place.path("sbatch.log").exists(), "nothing is submitted unasked");
    let variables = [("PATH", path.as_str()), ("PLAYED", played.as_str())];
    let arguments = ["slurm", "spec.toml", "--submit", "--per-task", "4", "--throttle", "3"];
    let answer = place.freezewise_with(&variables, &arguments);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let log = place.read("sbatch.log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains("--array=0-0%3") && lines[0].contains("FREEZEWISE_WHAT=sources"), "{log}");
    assert!(lines[1].contains("--array=0-1%3") && lines[1].contains("--dependency=afterany:1"), "{log}");
    let jobs = place.path("job.log");
    assert!(!place.path("failed.log").exists(), "{}", std::fs::read_to_string(jobs).unwrap_or_default());
    assert!(states(&place).values().all(|state| state == "done"), "{:?}", states(&place));
}

#[test]
fn jobs_for_gpus_can_be_written_on_a_machine_without_one() {
    let place = place();
    let spec =
        place.read("spec.toml").replace("[sweep.axes]", "[sweep.slurm]\noptions = [\"--gres=gpu:1\"]\n[sweep.axes]");
    place.write("spec.toml", spec);
    let answer = place.freezewise(&["slurm", "spec.toml", "--set", "device=auto", "--set", "precision=auto"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let no_gpu = answer.stderr.contains("no GPU here");
    let fixed = super::super::program::json(&place.path("runs/spec/sweep.json"))["fixed"].clone();
    assert!(!no_gpu || fixed["precision"] == "bf16", "{fixed}: {}", answer.stderr);
    let answer = place.freezewise(&["slurm", "spec.toml", "--set", "device=cuda", "--set", "name=other"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
}

#[test]
fn a_timed_out_task_is_requeued_and_a_cancelled_one_is_not() {
    for (name, requeued) in [("USR1", true), ("TERM", false)] {
        stop_a_task(name, requeued);
    }
}

fn stop_a_task(name: &str, requeued: bool) {
    let place = place();
    let path = install_programs(&place, &[("scontrol", "#!/bin/sh\necho \"$@\" >> \"$PLAYED/scontrol.log\"\n")]);
    let script = place.freezewise(&["slurm", "spec.toml", "--set", "target.train.epochs=1000000"]);
    let script = place.path(script.stdout.trim());
    let mut command = std::process::Command::new("bash");
    command.arg(script).current_dir(place.path("")).env("PATH", path).env("PLAYED", place.path(""));
    command.env("SLURM_ARRAY_JOB_ID", "7").env("SLURM_ARRAY_TASK_ID", "0").env("OMP_NUM_THREADS", "1");
    let mut child = command.spawn().expect("bash");
    super::super::reliability::wait_until("rows", || {
        super::runs(&place).first().is_some_and(|run| run.join("metrics.csv").is_file())
    });
    super::super::reliability::signal(&child, name);
    let code = child.wait().expect("it ends").code();
    assert_eq!(code, Some(if requeued { 0 } else { 75 }), "{name}");
    assert_eq!(place.path("scontrol.log").exists(), requeued, "{name}");
    if requeued {
        assert_eq!(place.read("scontrol.log"), "requeue 7_0\n");
    }
    assert_eq!(states(&place).values().filter(|state| *state == "stopped").count(), 1);
}

#[test]
fn queue_state_and_rejected_jobs_are_reported() {
    let place = place();
    let squeue = "#!/bin/sh\necho 'spec|12_[1-3]|PENDING|(Priority)'\n";
    let sbatch = "#!/bin/sh\necho 'sbatch: error: invalid partition' >&2\nexit 1\n";
    let path = install_programs(&place, &[("squeue", squeue), ("sbatch", sbatch)]);
    let variables = [("PATH", path.as_str())];
    let refused = place.freezewise_with(&variables, &["slurm", "spec.toml", "--submit"]);
    assert!(refused.code == 1 && refused.stderr.contains("invalid partition"), "{}", refused.stderr);
    let status = place.freezewise_with(&variables, &["status", "runs/spec"]);
    assert!(status.stdout.contains("job 12_[1-3] spec: PENDING (Priority)"), "{}", status.stdout);
}
