//! Any history of a run: started, stopped, killed, with changing budgets and evaluation schedules, in any order. It
//! ends as an uninterrupted run of the last budget and schedule, byte for byte, or with an error that says what is
//! still possible. Nothing else ever counts as finished.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use freezewise::data::Surveyor;
use freezewise::error::{Exit, UserError};
use freezewise::run::{self, Beginning, EventSink, Finished, Places, Request, RunEvent, Stop};
use freezewise::spec::{Notation, Spec, Text};

use super::torture::Draw;
use super::{SMALL, product};

/// The requested budget and schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ask {
    steps: u64,
    /// Whether the budget is written in epochs, if it is a whole number of them.
    in_epochs: bool,
    schedule: &'static str,
    checkpoint: &'static str,
}

const STEPS_PER_EPOCH: u64 = 3;

const SCHEDULES: [&str; 4] = ["every = 1", "every = 2", "every = 1\ntrain_every = 3", "every = 100"];

const CHECKPOINTS: [&str; 4] = [
    "every_seconds = 0\ntime_share = 1.0",
    "every_seconds = 1e9\nevery_epochs = 2\ntime_share = 1.0",
    "every_seconds = 1e9\nkeep = [2, 3]",
    "every_seconds = 0\ntime_share = 1.0\nkeep_final = false",
];

/// How an attempt ends: at the n-th step or epoch event of the target's training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    Stop(u64),
    /// Leaves the disk as after SIGKILL.
    Kill(u64),
}

impl Ask {
    fn spec(self, name: &str) -> Spec {
        let budget = match (self.in_epochs, self.steps % STEPS_PER_EPOCH) {
            (true, 0) => format!("epochs = {}", self.steps / STEPS_PER_EPOCH),
            _ => format!("steps = {}", self.steps),
        };
        let text = SMALL.replace("epochs = 3", &budget).replace("every_seconds = 0\ntime_share = 1.0", self.checkpoint);
        let text = format!("threads = 1\n{text}[evaluate]\n{}\n", self.schedule);
        let written = Text { file: "spec.toml", name, text: &text, notation: Notation::Toml };
        Spec::parse(written, &[], &Surveyor::new(Path::new(DATA), 1, |_| {})).expect("a spec")
    }
}

/// Ends an attempt at its `End`.
struct Watcher<'a> {
    stop: &'a Stop,
    end: End,
    directory: &'a Path,
    snapshot: &'a Path,
    in_target: bool,
    count: u64,
}

impl EventSink for Watcher<'_> {
    fn on_event(&mut self, event: &RunEvent<'_>) {
        match event {
            RunEvent::Phase(title) => self.in_target = title.phase == "target",
            RunEvent::Step(_) | RunEvent::Epoch(_) if self.in_target => {
                self.count += 1;
                match self.end {
                    End::Stop(at) if at == self.count => self.stop.request(),
                    End::Kill(at) if at == self.count => {
                        copy(self.directory, self.snapshot);
                        self.stop.request();
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// Copies a directory without its lock, which is free once its holder is killed.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if !name.to_string_lossy().starts_with(".lock-") {
            std::fs::copy(&path, to.join(name)).expect("a copy");
        }
    }
}

/// The data folder, with the cache of decoded arrays.
const DATA: &str = env!("CARGO_TARGET_TMPDIR");

/// Runs of one experiment, which share their source; each history has its own name.
struct World {
    folder: tempfile::TempDir,
    references: HashMap<(u64, &'static str), [Vec<u8>; 3]>,
}

impl World {
    fn directory(&self, name: &str, spec: &Spec) -> PathBuf {
        self.folder.path().join(name).join(spec.run_folder())
    }

    fn attempt(&self, name: &str, ask: Ask, end: End) -> anyhow::Result<Finished> {
        let (spec, stop) = (ask.spec(name), Stop::never());
        let directory = self.directory(name, &spec);
        let snapshot = self.folder.path().join("snapshot");
        let mut watcher =
            Watcher { stop: &stop, end, directory: &directory, snapshot: &snapshot, in_target: false, count: 0 };
        let places = Places { out: self.folder.path(), data: Path::new(DATA) };
        let wait = std::time::Duration::ZERO;
        let request =
            Request { places, beginning: Beginning::Resume, wait, fixed: None, tensorboard: false, stop: &stop };
        let finished = run::run(&spec, &request, &mut watcher);
        if snapshot.exists() {
            std::fs::remove_dir_all(&directory).expect("removed");
            std::fs::rename(&snapshot, &directory).expect("moved");
            anyhow::bail!(UserError::stopped("killed"));
        }
        finished
    }

    /// The results of an uninterrupted run.
    fn reference(&mut self, ask: Ask) -> [Vec<u8>; 3] {
        let key = (ask.steps, ask.schedule);
        if let Some(reference) = self.references.get(&key) {
            return reference.clone();
        }
        let name = format!("unbroken-{}", self.references.len());
        let finished = self.attempt(&name, ask, End::Complete).expect("an uninterrupted run succeeds");
        let reference = product(finished.directory.path());
        self.references.insert(key, reference.clone());
        reference
    }
}

/// Outcomes of a history's attempts.
#[derive(Debug, Default)]
struct Counts {
    finished: usize,
    stopped: usize,
    refused: usize,
}

/// Makes one attempt and checks its outcome. A budget that an error offers must work.
fn hold(world: &mut World, name: &str, ask: Ask, end: End, counts: &mut Counts, told: &mut Vec<String>) {
    told.push(format!("{ask:?} {end:?}"));
    let directory = world.directory(name, &ask.spec(name));
    let results =
        |directory: &Path| ["summary.json", "weights.safetensors"].map(|file| std::fs::read(directory.join(file)).ok());
    let before = results(&directory);
    let error = match world.attempt(name, ask, end) {
        Ok(finished) => {
            counts.finished += 1;
            assert!(product(finished.directory.path()) == world.reference(ask), "{told:#?}");
            let summary = std::fs::read(directory.join("summary.json")).expect("a summary");
            let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
            assert_eq!(serde_json::to_value(&finished.summary).expect("JSON"), summary, "{told:#?}");
            return;
        }
        Err(error) => error,
    };
    if UserError::exit_of(&error) == Exit::Stopped {
        assert!(end != End::Complete, "{told:#?}");
        counts.stopped += 1;
        return;
    }
    counts.refused += 1;
    let hints = error.downcast_ref::<UserError>().map(UserError::hints).unwrap_or_default().join("\n");
    told.push(format!("  {error:#}\n  {hints}"));
    let promised = ["has trained", "lacks measurements that the spec asks for", "has no checkpoint left"];
    assert!(promised.iter().any(|words| error.to_string().contains(words)), "{told:#?}");
    assert!(hints.contains("`--fresh`"), "{told:#?}");
    assert!(results(&directory) == before, "a refused attempt changed the run: {told:#?}");
    let offered = |unit: &str| {
        // The offer only holds with another schedule.
        if hints.starts_with("with the `[evaluate]` table") {
            return None;
        }
        let (_, rest) = hints.split_once(&format!("--set target.train.{unit}="))?;
        rest.split_once('`')?.0.parse::<u64>().ok()
    };
    let steps = offered("steps").or_else(|| Some(offered("epochs")? * STEPS_PER_EPOCH));
    if let Some(steps) = steps {
        let in_epochs = offered("epochs").is_some();
        let offer = Ask { steps, in_epochs, ..ask };
        told.push(format!("{offer:?}"));
        let finished = world.attempt(name, offer, End::Complete);
        let finished = finished.unwrap_or_else(|error| panic!("an offered budget is refused: {error:#}: {told:#?}"));
        assert!(product(finished.directory.path()) == world.reference(offer), "{told:#?}");
    }
}

fn histories(count: usize, budgets: &[u64], schedules: &[&'static str], seed: u64) -> Counts {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut world = World { folder, references: HashMap::new() };
    let (mut draw, mut counts) = (Draw(seed), Counts::default());
    let mut pick = |limit: usize| draw.below(limit as u64) as usize;
    for history in 0..count {
        let name = format!("history-{history}");
        let mut told = Vec::new();
        let attempts = 3 + pick(4);
        for attempt in 0..attempts {
            let ask = Ask {
                steps: budgets[pick(budgets.len())],
                in_epochs: pick(2) == 0,
                schedule: schedules[pick(schedules.len())],
                // The last one, which keeps no final checkpoint, is less frequent.
                checkpoint: CHECKPOINTS[pick(2 * CHECKPOINTS.len() - 1) % CHECKPOINTS.len()],
            };
            let at = 1 + pick(budgets.len() * 2) as u64;
            let end = match pick(4) {
                _ if attempt + 1 == attempts => End::Complete,
                0 => End::Complete,
                1 => End::Kill(at),
                _ => End::Stop(at),
            };
            hold(&mut world, &name, ask, end, &mut counts, &mut told);
        }
    }
    eprintln!("{count} histories: {counts:?}, {} uninterrupted runs", world.references.len());
    counts
}

#[test]
fn any_history_matches_an_uninterrupted_run_or_fails_as_documented() {
    let counts = histories(16, &[2, 6, 7, 9, 14, 18], &SCHEDULES[..3], 0x9E37_79B9);
    assert!(counts.finished >= 10 && counts.stopped >= 10 && counts.refused >= 5, "{counts:?}");
}

#[test]
#[ignore = "takes minutes: 400 histories of up to six attempts each"]
fn many_histories_match_an_uninterrupted_run_or_fail_as_documented() {
    let budgets: Vec<u64> = (1..=24).collect();
    for seed in [0x2545_F491, 0x5DEE_CE66, 0x9E37_79B9, 0xB504_F333] {
        let counts = histories(100, &budgets, &SCHEDULES, seed);
        assert!(counts.finished >= 50 && counts.stopped >= 25 && counts.refused >= 25, "{counts:?}");
    }
}
