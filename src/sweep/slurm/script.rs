//! The job script.

use std::fmt::Write;
use std::path::Path;

use crate::spec::Slurm;
use crate::text::quoted;

/// Array indices must be below `MaxArraySize`, which is 1001 unless an administrator raised it.
const MOST_TASKS: usize = 1000;
/// Slurm signals this many seconds before a job's time limit; a checkpoint takes far less.
const NOTICE_SECONDS: u32 = 120;

/// An array of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// Index of its first task in the sweep.
    pub first: usize,
    /// Number of tasks.
    pub tasks: usize,
}

/// Arrays of at most `MOST_TASKS` tasks that cover `count` items, `each` of them per task.
pub fn arrays(count: usize, each: usize) -> Vec<Array> {
    let tasks = count.div_ceil(each);
    (0..tasks).step_by(MOST_TASKS).map(|first| Array { first, tasks: MOST_TASKS.min(tasks - first) }).collect()
}

/// Quotes a word for a line of `#SBATCH`, which `sbatch` parses by its own rules.
fn directive(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./=,:+@%".contains(letter);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// The contents of a job script.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// The sweep's name.
    pub name: &'a str,
    /// The freezewise executable.
    pub program: &'a Path,
    /// The spec that tasks read.
    pub spec: &'a Path,
    /// Folder of all runs.
    pub out: &'a Path,
    /// Folder of the data sets.
    pub data: &'a Path,
    /// Folder of the tasks' logs.
    pub logs: &'a Path,
    /// `--set` arguments of the whole sweep.
    pub overrides: &'a [String],
    /// Cells per task.
    pub each: usize,
    /// CPU threads per cell.
    pub threads: usize,
    /// Time limit of a task, in the format of `sbatch --time`.
    pub time: Option<&'a str>,
    /// Options and setup lines from the spec.
    pub extra: &'a Slurm,
}

impl Script<'_> {
    /// The script's text. `FREEZEWISE_FIRST` and `FREEZEWISE_WHAT` select the part of the sweep that an array runs.
    pub fn text(&self) -> String {
        let mut text = self.header();
        let path = |path: &Path| quoted(&path.display().to_string());
        let sets: Vec<String> = self.overrides.iter().flat_map(|set| ["--set".to_owned(), quoted(set)]).collect();
        let sets = sets.join(" ");
        let _ = write!(
            text,
            r#"
# A task runs a few cells, or trains a few sources, one after the other: FREEZEWISE_WHAT is `cells` or `sources`.
task=$(( ${{FREEZEWISE_FIRST:-0}} + SLURM_ARRAY_TASK_ID ))
{program} sweep {spec} --out {out} --data {data} {sets} \
    --index "$task" --count {each} --only "${{FREEZEWISE_WHAT:-cells}}" --jobs 1 &
child=$!

# Slurm signals only this shell, which passes the signals on, so that the program stops with a checkpoint. USR1 comes
# before the time limit; TERM when the task is cancelled, or preempted, in which case Slurm itself requeues it.
ended=""
trap 'kill -TERM "$child" 2>/dev/null' USR1
trap 'ended=yes; kill -TERM "$child" 2>/dev/null' TERM INT
status=0
wait "$child" || status=$?
while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
done

# 75: not finished. Running the same task again resumes from its checkpoint.
if [ "$status" -eq 75 ] && [ -z "$ended" ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}}_$SLURM_ARRAY_TASK_ID" || exit 75
    exit 0
fi
exit "$status"
"#,
            each = self.each,
            program = path(self.program),
            spec = path(self.spec),
            out = path(self.out),
            data = path(self.data),
        );
        text
    }

    /// The `#SBATCH` directives, and the lines of the user that come before the task.
    fn header(&self) -> String {
        let mut text = String::from("#!/bin/bash\n");
        let time = self.time.map(|time| format!("--time={time}"));
        let options = [
            format!("--job-name={}", directive(self.name)),
            "--ntasks=1".to_owned(),
            format!("--cpus-per-task={}", self.threads),
            "--requeue".to_owned(),
            "--open-mode=append".to_owned(),
            format!("--signal=B:USR1@{NOTICE_SECONDS}"),
            // `%` starts a pattern of Slurm's.
            format!(
                "--output={}",
                directive(&format!("{}/slurm-%A_%a.log", self.logs.display().to_string().replace('%', "%%")))
            ),
        ];
        for option in options.iter().chain(&time).chain(&self.extra.options) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "#SBATCH {option}");
        }
        let _ = writeln!(text, "\nset -u");
        for line in &self.extra.setup {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_stay_below_the_largest_index() {
        assert_eq!(arrays(0, 1), []);
        assert_eq!(arrays(5, 2), [Array { first: 0, tasks: 3 }]);
        let long = arrays(5001, 2);
        let expected = [(0, 1000), (1000, 1000), (2000, 501)].map(|(first, tasks)| Array { first, tasks });
        assert_eq!(long, expected);
    }

    #[test]
    fn a_script_is_valid_with_any_names() {
        let extra = Slurm { options: vec!["--partition=gpu".into()], setup: vec!["module load cuda".into()] };
        let script = Script {
            name: "a sweep",
            program: Path::new("/opt/free zewise"),
            spec: Path::new("it's.toml"),
            out: Path::new("runs"),
            data: Path::new("data"),
            logs: Path::new("5% of \"a\"/logs"),
            overrides: &["target.train_size=[\"$x\"]".to_owned()],
            each: 3,
            threads: 2,
            time: Some("2:00:00"),
            extra: &extra,
        };
        let text = script.text();
        for part in [
            "#SBATCH --job-name=\"a sweep\"\n",
            "#SBATCH --output=\"5%% of \\\"a\\\"/logs/slurm-%A_%a.log\"\n",
            "#SBATCH --time=2:00:00\n",
            "#SBATCH --partition=gpu\n",
            "module load cuda\n",
            "'/opt/free zewise' sweep 'it'\\''s.toml'",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("job.sh");
        std::fs::write(&path, &text).expect("a file");
        let sound = std::process::Command::new("bash").arg("-n").arg(&path).status().expect("bash");
        assert!(sound.success(), "{text}");
    }
}
