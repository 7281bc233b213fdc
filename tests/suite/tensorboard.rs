//! `--tensorboard`: event files contain each row of `metrics.csv` once, and TensorBoard reads them.
#![allow(clippy::print_stderr)] // A skipped test must be seen.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use freezewise::metrics::Metrics;
use freezewise::rundir;

use super::program::{Place, TINY};
use super::sweeps::{runs, sweep};

/// The only event file of a run.
fn event_file(run: &Path) -> PathBuf {
    let folder = std::fs::read_dir(run.join("tensorboard")).expect("a folder");
    let files: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// The records of an event file, without framing.
fn records(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).expect("a file");
    let (mut rest, mut records) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().expect("eight bytes")) as usize;
        records.push(rest[12..12 + length].to_vec());
        rest = &rest[16 + length..];
    }
    records
}

/// The step of an event: a varint field after the time, which takes nine bytes.
fn step(event: &[u8]) -> u64 {
    if event[9] != 16 {
        return 0;
    }
    let digits = event[10..].iter().scan(true, |more, byte| {
        (*more).then(|| {
            *more = byte & 0x80 != 0;
            u64::from(byte & 0x7f)
        })
    });
    digits.enumerate().map(|(place, digit)| digit << (7 * place)).sum()
}

/// Checks the file against the table: a version, a start, and an event for each row at its step.
#[track_caller]
fn holds_the_rows(run: &Path) {
    let rows: Vec<Metrics> = rundir::read(&run.join("metrics.csv")).expect("rows");
    let records = records(&event_file(run));
    let steps: Vec<u64> = records.iter().skip(2).map(|event| step(event)).collect();
    assert_eq!(steps, rows.iter().map(|row| row.step).collect::<Vec<_>>());
    let last = records.last().expect("a row");
    let tag = b"test_error".as_slice();
    let at =
        last.windows(tag.len() + 1).position(|bytes| bytes == [tag, &[21]].concat()).expect("a tag and its number");
    let value = f32::from_le_bytes(last[at + 11..at + 15].try_into().expect("four bytes"));
    assert_eq!(Some(value), rows.last().and_then(|row| row.test_error).map(|error| error as f32));
}

fn run(place: &Place, arguments: &[&str]) -> PathBuf {
    let all = [&["run", "spec.toml", "--quiet"], arguments].concat();
    let answer = place.freezewise(&all);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    place.path(answer.stdout.trim())
}

/// The directory of the only source.
fn source(place: &Place) -> PathBuf {
    let sources = std::fs::read_dir(place.path("runs/sources")).expect("a folder");
    sources.map(|entry| entry.expect("an entry").path()).find(|path| path.is_dir()).expect("a source")
}

#[test]
fn a_resumed_run_has_each_step_once() {
    let place = Place::with(TINY);
    let directory = run(&place, &["--tensorboard"]);
    let first = event_file(&directory);
    holds_the_rows(&directory);
    holds_the_rows(&source(&place));
    // Once requested, the file is continued without the option too.
    assert_eq!(run(&place, &["--set", "target.train.epochs=5"]), directory);
    holds_the_rows(&directory);
    let second = event_file(&directory);
    assert!(second > first, "a file that is read later");
    // For a finished run the file is written from its tables.
    std::fs::remove_dir_all(directory.join("tensorboard")).expect("a folder");
    run(&place, &["--set", "target.train.epochs=5"]);
    assert!(!directory.join("tensorboard").exists());
    run(&place, &["--set", "target.train.epochs=5", "--tensorboard"]);
    holds_the_rows(&directory);
}

#[test]
fn cells_and_sources_of_a_sweep_have_event_files_and_the_same_names() {
    let place = Place::with(&format!("{TINY}[sweep.axes]\nseed = [0, 1]\n"));
    let answer = sweep(&place, &["--tensorboard"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let cells = runs(&place);
    assert_eq!(cells.len(), 2);
    for cell in &cells {
        holds_the_rows(cell);
    }
    holds_the_rows(&source(&place));
    let again = sweep(&place, &[]);
    assert!(again.stderr.contains("2 cells, 1 source, 2 already done"), "{}", again.stderr);
    let lines = sweep(&place, &["--export", "lines", "--tensorboard"]).stdout;
    assert_eq!(lines.lines().filter(|line| line.contains(" --tensorboard ")).count(), 3, "{lines}");
    assert!(!sweep(&place, &["--export", "lines"]).stdout.contains("tensorboard"));
}

/// Prints steps and values of a tag as TensorBoard reads them.
const READER: &str = "
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator(sys.argv[1])
found.Reload()
print(' '.join(f'{event.step}:{event.value:.6f}' for event in found.Scalars('test_error')))
";

fn python(arguments: &[&OsStr]) -> Output {
    let packages = std::env::var_os("FREEZEWISE_TEST_PACKAGES");
    let mut command = Command::new("python3");
    command.args(arguments).envs(packages.map(|folder| ("PYTHONPATH", folder))).output().expect("python3 starts")
}

#[test]
fn tensorboard_reads_it() {
    let import = OsStr::new("import tensorboard.backend.event_processing.event_accumulator");
    if !python(&["-c".as_ref(), import]).status.success() {
        assert!(std::env::var_os("FREEZEWISE_TEST_PACKAGES").is_none(), "FREEZEWISE_TEST_PACKAGES has no tensorboard");
        eprintln!("SKIPPED: tensorboard is not installed");
        return;
    }
    let place = Place::with(TINY);
    run(&place, &["--tensorboard"]);
    let directory = run(&place, &["--set", "target.train.epochs=5", "--tensorboard"]);
    let output = python(&["-c".as_ref(), READER.as_ref(), directory.join("tensorboard").as_ref()]);
    let rows: Vec<Metrics> = rundir::read(&directory.join("metrics.csv")).expect("rows");
    let expected: Vec<String> =
        rows.iter().filter_map(|row| Some(format!("{}:{:.6}", row.step, row.test_error?))).collect();
    let found = String::from_utf8_lossy(&output.stdout);
    assert_eq!(found.trim(), expected.join(" "), "{}", String::from_utf8_lossy(&output.stderr));
}
