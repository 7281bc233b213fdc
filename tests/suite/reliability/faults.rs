//! A disk that is full, gone or broken, or a device that fails: the error says so, existing files remain intact, and
//! the run can be resumed.

use std::path::Path;
use std::process::Command;

use super::super::program::{Answer, Place, json, weights};
use super::{SMALL, only_run, product, run_with_fault};

const KINDS: [&str; 6] = ["ENOSPC", "EIO", "EDQUOT", "ESTALE", "EROFS", "short"];

/// The file operations of an undisturbed run.
pub fn operations(overrides: &[&str]) -> Vec<String> {
    let place = Place::with(SMALL);
    let trace = place.path("trace");
    let answer = run_with_fault(&place, &format!("trace@{}", trace.display()), overrides);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    std::fs::read_to_string(trace).expect("a trace").lines().map(str::to_owned).collect()
}

/// Makes one operation fail; then the same command completes the run. `owned`: the run has locked its directory before.
fn fail_at(number: usize, operation: &str, owned: bool, expected: &[Vec<u8>; 3]) {
    let kind = KINDS[number % KINDS.len()];
    // The disk stays broken, or recovers.
    let lasting = if number.is_multiple_of(2) { "+" } else { "" };
    let place = Place::with(SMALL);
    let answer = run_with_fault(&place, &format!("{kind}@{number}{lasting}"), &[]);
    let told = format!("{kind} at {number}, {operation}: {}", answer.stderr);
    // Failing to release the lock at the end is harmless, and so is failing to delete checkpoints of a finished
    // training: the next run deletes them.
    let at_the_end = operation.contains(".lock-1")
        || (operation.contains("/checkpoint") && ["Remove ", "Look "].iter().any(|kind| operation.starts_with(kind)));
    let harmless = at_the_end && answer.code == 0;
    if !harmless {
        assert_eq!(answer.code, 1, "{told}");
        assert!(answer.stderr.starts_with("error: ") && answer.stderr.contains("cannot "), "{told}");
        assert!(!answer.stderr.contains("panicked"), "{told}");
        assert!(answer.stderr.contains("the same command"), "{told}");
    }
    // If the disk recovers and the run owns its directory, the cause is in `error.txt`.
    if answer.code == 1 && lasting.is_empty() && owned && !operation.contains(".lock-") {
        let words = std::fs::read_to_string(only_run(&place).join("error.txt")).expect("error.txt");
        assert!(words.contains("cannot "), "{told}: {words}");
    }
    whole_files(&place.path("runs"), &told);
    let again = place.try_run(&[]);
    assert_eq!(again.code, 0, "{told}\n{}", again.stderr);
    assert!(product(&only_run(&place)) == *expected, "{told}");
}

/// Checks that files that are written atomically are complete.
fn whole_files(folder: &Path, told: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending {
            _ if path.is_dir() => whole_files(&path, told),
            Some("json") => assert!(json(&path).is_object(), "{told}"),
            Some("safetensors") if path.ends_with("weights.safetensors") => {
                assert!(!weights(path.parent().expect("a folder")).is_empty(), "{told}");
            }
            _ => {}
        }
    }
}

fn fail_at_every(stride: usize, first: usize) {
    let expected = product(&Place::with(SMALL).run(&[]));
    let operations = operations(&[]);
    assert!(operations.len() > 100, "{} operations", operations.len());
    for (index, operation) in operations.iter().enumerate().skip(first).step_by(stride) {
        let owned = operations[..index].iter().any(|before| before.contains(".lock-1"));
        fail_at(index + 1, operation, owned, &expected);
    }
    eprintln!("{} of {} operations failed", (operations.len() - first).div_ceil(stride), operations.len());
}

#[test]
fn some_writes_fail_one_at_a_time() {
    fail_at_every(47, 3);
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn every_other_write_fails_on_a_disk_that_recovers() {
    fail_at_every(2, 0);
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn every_other_write_fails_on_a_disk_that_stays_broken() {
    fail_at_every(2, 1);
}

#[test]
fn a_failing_disk_is_reported_with_advice() {
    for (kind, cause, advice) in [
        ("ENOSPC", "No space left on device", "the disk is full: free some space"),
        ("EDQUOT", "quota exceeded", "your disk quota is used up"),
        ("ESTALE", "Stale file handle", "check that its disk is mounted"),
        ("EIO", "Input/output error", "the disk is failing"),
    ] {
        let place = Place::with(SMALL);
        let answer = run_with_fault(&place, &format!("{kind}@110"), &[]);
        assert_eq!(answer.code, 1);
        for part in [cause, advice, "run the same command again to resume from the last checkpoint"] {
            assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
        }
        let run = only_run(&place);
        let words = std::fs::read_to_string(run.join("error.txt")).expect("error.txt");
        assert!(words.contains(cause) && words.contains("cannot "), "{words}");
        assert_eq!(json(&run.join("run.json"))["status"], "failed");
    }
}

/// For example some FUSE and CIFS mounts.
#[test]
fn file_systems_that_cannot_sync_folders_work() {
    let expected = product(&Place::with(SMALL).run(&[]));
    for kind in ["EINVAL", "EOPNOTSUPP"] {
        let place = Place::with(SMALL);
        let answer = run_with_fault(&place, &format!("{kind}@sync-folder"), &[]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert!(product(&only_run(&place)) == expected);
    }
    assert_eq!(run_with_fault(&Place::with(SMALL), "EIO@sync-folder", &[]).code, 1);
}

#[test]
fn a_failing_device_is_reported_with_advice() {
    let place = Place::with(SMALL);
    let expected = product(&Place::with(SMALL).run(&[]));
    for (fault, cause, advice) in [
        ("memory@5", "CUDA out of memory. Tried to allocate 2.00 GiB.", "or a smaller `batch_size` (starts a new run)"),
        ("device@3", "CUDA error: unspecified launch failure", "the device failed: check `nvidia-smi`"),
    ] {
        let answer = run_with_fault(&place, fault, &[]);
        assert_eq!(answer.code, 1);
        for part in [cause, advice, "then run the same command again to resume from the last checkpoint"] {
            assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
        }
        assert!(std::fs::read_to_string(only_run(&place).join("error.txt")).expect("error.txt").contains(cause));
    }
    let directory = place.run(&[]);
    assert!(product(&directory) == expected);
    assert!(!directory.join("error.txt").exists());
}

#[test]
fn memory_saving_settings_resume_the_same_run() {
    let place = Place::with(SMALL);
    let answer = run_with_fault(&place, "memory@5", &[]);
    assert!(
        answer.stderr.contains("`compute.cache=off` or `compute.graph=off` (continues this run)"),
        "{}",
        answer.stderr
    );
    let directory = place.run(&["compute.cache=off", "compute.evaluation_batch=8"]);
    assert_eq!(directory, only_run(&place));
    let restart = &json(&directory.join("run.json"))["restarts"][0];
    assert!(restart["reason"].as_str().is_some_and(|reason| reason.contains("out of memory")), "{restart}");
    assert_eq!(restart["step"], 1);
}

/// Runs a script that has its own mount at `disk`; `$run` is the command of the run. None if the machine does not allow
/// mounts.
fn mounted(place: &Place, mount: &str, script: &str) -> Option<Answer> {
    std::fs::create_dir_all(place.path("disk")).expect("a folder");
    let program = assert_cmd::cargo::cargo_bin!("freezewise").display().to_string();
    let script = format!("{mount} || exit 99; run=\"'{program}' run spec.toml --quiet --out disk/runs\"; {script}");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script]).current_dir(place.path(""));
    let output = command.env("OMP_NUM_THREADS", "1").output().ok()?;
    let answer = Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    if answer.code == 99 || answer.stderr.contains("unshare") {
        eprintln!("SKIPPED: this machine does not allow mounts: {}", answer.stderr);
        return None;
    }
    Some(answer)
}

#[test]
fn a_run_resumes_after_a_full_disk_is_freed() {
    let place = Place::with(SMALL);
    let script =
        "eval \"$run\"; [ $? = 1 ] || exit 98; mount -o remount,size=100m disk && eval \"$run\" && cp -r disk/runs .";
    let Some(answer) = mounted(&place, "mount -t tmpfs -o size=150k tmpfs disk", script) else { return };
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("No space left on device"), "{}", answer.stderr);
    assert!(answer.stderr.contains("the disk is full: free some space"), "{}", answer.stderr);
    let directory = only_run(&place);
    assert_eq!(json(&directory.join("run.json"))["restarts"].as_array().map(Vec::len), Some(1));
    assert!(product(&directory) == product(&Place::with(SMALL).run(&[])));
}

#[test]
fn a_finished_run_is_found_on_a_read_only_disk() {
    let place = Place::with(SMALL);
    let read_only = "mount --bind disk disk && mount -o remount,ro,bind disk";
    if let Some(answer) = mounted(&place, read_only, "eval \"$run\"") {
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        for part in ["cannot create the folder `disk/runs", "Read-only file system", "use another one with `--out`"] {
            assert!(answer.stderr.contains(part), "{}", answer.stderr);
        }
    }
    let first = place.freezewise(&["run", "spec.toml", "--quiet", "--out", "disk/runs"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    if let Some(answer) = mounted(&place, read_only, "eval \"$run\"") {
        assert_eq!((answer.code, answer.stdout), (0, first.stdout), "{}", answer.stderr);
    }
}
