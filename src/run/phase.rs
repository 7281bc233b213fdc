//! One phase with its records: what the source and the target have in common.

use std::fmt::Write;

use anyhow::Result;

use super::checkpoint::{Checkpoint, CheckpointStore};
use super::event::{Event, EventSink, Title};
use super::lock::Lock;
use super::recorder::Recorder;
use super::stop::{Stop, stopped};
use crate::blueprint::FrozenSet;
use crate::data::TaskData;
use crate::files::{self, Lines};
use crate::network::Network;
use crate::rundir::{MadeWith, Row, RunDirectory};
use crate::spec::{Checkpoints, Evaluation, FrozenNorm, Task};
use crate::text;
use crate::train::{DeviceSplits, Ended, Phase, Settings};

/// What is said goes to the log and to whoever watches.
pub(super) struct RunLog<'a> {
    /// Absent where a phase keeps a log of its own.
    pub(super) log: Option<Lines>,
    pub(super) events: &'a mut dyn EventSink,
}

impl RunLog<'_> {
    pub(super) fn note(&mut self, sentence: &str) -> Result<()> {
        self.events.on_event(&Event::Note(sentence));
        self.record(sentence)
    }

    /// Writes a sentence to the log alone.
    pub(super) fn record(&mut self, sentence: &str) -> Result<()> {
        self.log.as_mut().map_or(Ok(()), |log| log.append(sentence))
    }
}

/// Which layers stay frozen, and how.
pub(super) struct Frozen<'a> {
    pub(super) layers: &'a FrozenSet,
    pub(super) norm: FrozenNorm,
}

/// One phase of a run: what is trained on what, and where its numbers go.
pub(super) struct Course<'a> {
    /// `source` or `target`.
    pub(super) name: &'static str,
    pub(super) task: &'a Task,
    /// Its pixels are handed over to the training.
    pub(super) data: &'a mut TaskData,
    pub(super) network: &'a Network,
    pub(super) frozen: Frozen<'a>,
    pub(super) evaluation: Evaluation,
    pub(super) settings: Settings,
    pub(super) directory: &'a RunDirectory,
    pub(super) keeping: Keeping<'a>,
}

/// The half-life of averaged weights in steps, where a task's training averages any.
pub(super) fn half_life(evaluation: Evaluation, task: &Task) -> Option<f64> {
    evaluation.measures.averaging.map(|half_life| half_life.steps(task.training.steps(task.train_size)))
}

/// How the state of a phase is kept, and what ends it early.
pub(super) struct Keeping<'a> {
    pub(super) lock: &'a Lock,
    pub(super) store: &'a CheckpointStore<'a>,
    pub(super) stop: &'a Stop,
    pub(super) checkpoints: Checkpoints,
    /// The hash of the spec, as in the directory's name.
    pub(super) hash: String,
    /// The digest of the data.
    pub(super) data: String,
    pub(super) made_with: MadeWith,
}

impl Course<'_> {
    /// Trains from a checkpoint or from the beginning, and keeps every epoch's numbers in the directory. Returns the
    /// rows with all that was measured, also where the schedule did not ask for it.
    pub(super) fn run(&mut self, start: Option<Checkpoint>, run_log: &mut RunLog<'_>) -> Result<Vec<Row>> {
        let (device, kind) = (self.network.device(), self.network.kind());
        let DeviceSplits { train, test, validation } = DeviceSplits::take(self.data, device, kind)?;
        let data = &*self.data;
        let phase = Phase {
            network: self.network,
            train,
            test,
            validation,
            training: &self.task.training,
            seeds: self.task.seeds,
            frozen: self.frozen.layers,
            frozen_norm: self.frozen.norm,
            evaluation: self.evaluation,
            settings: self.settings,
        };
        data.notes.iter().try_for_each(|note| run_log.note(note))?;
        if data.train_labels.corrupted_count() > 0 {
            let table = data.train_labels.corrupted_table(&data.indices, &data.train.labels);
            files::write_atomically(&self.directory.corrupted(), table.as_bytes())?;
        }
        let title = self.title(start.as_ref());
        run_log.record(&format!("{}: {}", self.name, title.text))?;
        run_log.events.on_event(&Event::Phase(&title));
        let mut recorder = Recorder::new(self, start.as_ref(), run_log)?;
        let ended = phase.run(start.map(|start| start.state), &mut recorder)?;
        let place = recorder.place();
        let rows = recorder.into_rows();
        run_log.events.on_event(&Event::PhaseEnd);
        match ended {
            Ended::Complete => Ok(rows),
            Ended::Stopped => Err(stopped(&self.keeping.stop.reason().unwrap_or_default(), &place).into()),
        }
    }

    /// The steps in which a weight's share in its average halves, where weights are averaged.
    pub(super) fn averaged_half_life(&self) -> Option<f64> {
        half_life(self.evaluation, self.task)
    }

    /// Steps of the training after whole epochs and some steps beyond them.
    pub(super) fn steps_behind(&self, epochs: u64, steps: u64) -> u64 {
        epochs * self.task.training.steps_per_epoch(self.data.train.count()) + steps
    }

    fn title(&self, start: Option<&Checkpoint>) -> Title {
        let (task, labels) = (self.task, &self.data.train_labels);
        let examples = self.data.train.count();
        let noise = match labels.corrupted_count() {
            0 => String::new(),
            _ => format!(", {:.1}% of labels wrong", labels.realised_fraction() * 100.0),
        };
        Title {
            phase: self.name,
            text: format!("{}, {}{noise}", task.data.name(), text::counted(examples, "example", "examples")),
            epochs: task.training.epochs(examples),
            steps: task.training.steps(examples),
            behind: start.map_or(0, |start| self.steps_behind(start.header.epochs, start.header.steps)),
        }
    }
}

impl Row {
    /// One line for people: the errors that were measured, in percent.
    pub fn sentence(&self) -> String {
        let mut text = format!("{} epoch {}", self.phase, self.epoch);
        for (name, error) in
            [("running", self.train_error_running), ("train", self.train_error), ("test", self.test_error)]
        {
            if let Some(error) = error {
                let _ = write!(text, " · {name} {:.1}%", error * 100.0);
            }
        }
        text
    }
}
