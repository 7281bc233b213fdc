//! The number of threads of a run; no setting of the environment makes it hang.

use super::program::{Answer, Place, json};

/// A spec of two steps.
const SPEC: &str = r#"
image_size = 8
[network]
width = 2
[target]
dataset = "synthetic"
train_size = 16
[target.train]
epochs = 1
batch_size = 8
"#;

/// The output of a run with these variables, and the number of threads that it records.
fn run(variables: &[(&str, &str)]) -> (Answer, u64) {
    let place = Place::with(SPEC);
    let answer = place.freezewise_with(variables, &["run", "spec.toml"]);
    assert_eq!(answer.code, 0, "{variables:?}: {}", answer.stderr);
    let record = json(&place.path(answer.stdout.trim()).join("run.json"));
    (answer, record["threads"].as_u64().expect("a number"))
}

/// The threads according to `doctor`, and all of its output.
fn doctor(variables: &[(&str, &str)]) -> (String, String) {
    let answer = Place::new().freezewise_with(variables, &["doctor"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let row = answer.stdout.lines().find_map(|line| line.strip_prefix("CPU threads")).expect("a row");
    (row.trim().to_owned(), answer.stdout)
}

fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

/// oneDNN waits forever for threads that OpenMP does not grant: each of these cases used to hang.
#[test]
fn a_run_uses_the_threads_that_openmp_grants() {
    if cores() == 1 {
        return;
    }
    for limit in ["OMP_THREAD_LIMIT", "OMP_MAX_ACTIVE_LEVELS"] {
        let value = if limit == "OMP_THREAD_LIMIT" { "1" } else { "0" };
        let variables = [("OMP_NUM_THREADS", "2"), (limit, value)];
        let (answer, threads) = run(&variables);
        assert_eq!(threads, 1, "{limit}");
        let note = "OpenMP grants only 1 of 2 threads: using 1 thread";
        assert!(answer.stderr.contains(note), "{}", answer.stderr);
        assert!(answer.stderr.contains(", 1 CPU thread, "), "{}", answer.stderr);
        let (row, told) = doctor(&variables);
        assert!(row == "1" && told.contains(note), "{told}");
    }
}

/// With `OMP_DYNAMIC` the number of threads would depend on the load of the machine.
#[test]
fn openmp_may_not_choose_the_number_of_threads() {
    let count = cores().min(2);
    let (answer, threads) = run(&[("OMP_NUM_THREADS", &count.to_string()), ("OMP_DYNAMIC", "true")]);
    assert_eq!(threads, count, "{}", answer.stderr);
    assert!(!answer.stderr.contains("OpenMP grants"), "{}", answer.stderr);
}

#[test]
fn thread_variables_are_read_as_by_openmp() {
    let all = cores();
    for (variables, expected) in [
        ([("OMP_NUM_THREADS", "1,1"), ("SLURM_CPUS_PER_TASK", "")], 1),
        ([("OMP_NUM_THREADS", " 1 "), ("SLURM_CPUS_PER_TASK", "")], 1),
        ([("OMP_NUM_THREADS", ""), ("SLURM_CPUS_PER_TASK", "1")], 1),
        ([("OMP_NUM_THREADS", ""), ("SLURM_CPUS_PER_TASK", "")], all),
    ] {
        assert_eq!(doctor(&variables).0, expected.to_string(), "{variables:?}");
    }
    assert_eq!(run(&[("OMP_NUM_THREADS", "1,1")]).1, 1);
}

#[test]
fn doctor_and_run_reject_more_threads_than_cores() {
    let cores = cores();
    let many = (cores + 62).to_string();
    let openmp = [("OMP_NUM_THREADS", many.as_str())];
    let slurm = [("OMP_NUM_THREADS", ""), ("SLURM_CPUS_PER_TASK", many.as_str())];
    for (name, variables) in [("OMP_NUM_THREADS", &openmp[..]), ("SLURM_CPUS_PER_TASK", &slurm)] {
        let refused = Place::with(SPEC).freezewise_with(variables, &["run", "spec.toml"]);
        assert_eq!(refused.code, 1);
        let told = format!("`{name}` requests {many} threads, but {cores} core");
        assert!(refused.stderr.contains(&told), "{}", refused.stderr);
        let (row, page) = doctor(variables);
        assert_eq!(row, "error, see below");
        assert!(page.contains(&format!("problem: {told}")), "{page}");
    }
    let asked = Place::with(&format!("threads = {many}\n{SPEC}"));
    let refused = asked.freezewise(&["run", "spec.toml"]);
    assert!(refused.code == 1 && refused.stderr.contains("`threads` requests"), "{}", refused.stderr);
    // `check` computes nothing, and a login node may have fewer cores than the job.
    let check = Place::with(SPEC).freezewise_with(&[("OMP_NUM_THREADS", &many)], &["check", "spec.toml"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
}

/// A job script may export `NAME=$OTHER` with an empty `OTHER`.
#[test]
fn an_empty_variable_counts_as_unset() {
    let names = [
        "FREEZEWISE_DATA",
        "FREEZEWISE_CACHE",
        "FREEZEWISE_CUDA_PLUGIN",
        "FREEZEWISE_HOST",
        "FREEZEWISE_FAULT",
        "XDG_CACHE_HOME",
        "OMP_NUM_THREADS",
        "SLURM_CPUS_PER_TASK",
    ];
    let empty: Vec<(&str, &str)> =
        names.into_iter().map(|name| (name, "")).chain([("CUDA_VISIBLE_DEVICES", "")]).collect();
    let place = Place::with(SPEC);
    let answer = place.freezewise_with(&empty, &["run", "spec.toml", "--set", "threads=1"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let record = json(&place.path(answer.stdout.trim()).join("run.json"));
    assert_ne!(record["host"], "");
    let doctor = place.freezewise_with(&empty, &["doctor"]).stdout;
    assert!(doctor.contains("not in data") && doctor.contains("no problems found"), "{doctor}");
    let elsewhere = place.freezewise_with(&[("FREEZEWISE_DATA", "elsewhere")], &["doctor"]).stdout;
    assert!(elsewhere.contains("not in elsewhere"), "{elsewhere}");
    // As an option, an empty value is an error.
    assert_eq!(place.freezewise(&["run", "spec.toml", "--data", ""]).code, 2);
}
