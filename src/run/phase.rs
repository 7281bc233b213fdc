//! One phase with its records: what the source and the target have in common.

use std::fmt::Write;

use anyhow::Result;
use tch::Device;

use super::directory::RunDirectory;
use super::event::{Audience, Event, Title};
use super::metrics::{Row, Table, Timing};
use crate::blueprint::FrozenSet;
use crate::data::TaskData;
use crate::files::{self, Lines};
use crate::native;
use crate::network::Network;
use crate::spec::{Evaluation, FrozenNorm, Task};
use crate::text;
use crate::train::{EpochReport, Observer, Phase, Resident, Settings, Shelf};

/// What is said goes to the log and to whoever watches.
pub(super) struct Voice<'a> {
    pub(super) log: Lines,
    pub(super) audience: &'a mut dyn Audience,
}

impl Voice<'_> {
    pub(super) fn note(&mut self, sentence: &str) -> Result<()> {
        self.audience.hear(&Event::Note(sentence));
        self.log.append(sentence)
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
    pub(super) data: &'a TaskData,
    pub(super) network: &'a Network,
    pub(super) frozen: Frozen<'a>,
    pub(super) evaluation: Evaluation,
    pub(super) settings: Settings,
    pub(super) directory: &'a RunDirectory,
}

impl Course<'_> {
    /// Trains, and keeps every epoch's numbers in the directory. Returns the rows with all that was measured, also
    /// where the schedule did not ask for it.
    pub(super) fn run(&self, voice: &mut Voice<'_>) -> Result<Vec<Row>> {
        let (device, kind) = (self.network.device(), self.network.kind());
        let data = self.data;
        let phase = Phase {
            network: self.network,
            train: Resident::training(&data.train, &data.train_labels, &data.normalisation, device, kind),
            test: Resident::clean(&data.test, &data.normalisation, device, kind),
            validation: data.validation.as_ref().map(|held| Resident::clean(held, &data.normalisation, device, kind)),
            training: &self.task.training,
            seeds: self.task.seeds,
            frozen: self.frozen.layers,
            frozen_norm: self.frozen.norm,
            evaluation: self.evaluation,
            settings: self.settings,
        };
        data.notes.iter().try_for_each(|note| voice.note(note))?;
        if data.train_labels.corrupted_count() > 0 {
            let table = data.train_labels.corrupted_table(&data.indices, &data.train.labels);
            files::write_atomically(&self.directory.corrupted(), table.as_bytes())?;
        }
        let title = title(self.name, self.task, data);
        voice.log.append(&format!("{}: {}", self.name, title.text))?;
        voice.audience.hear(&Event::Phase(&title));
        let mut recorder = Recorder {
            name: self.name,
            device,
            metrics: Table::create(&self.directory.metrics())?,
            timing: Table::create(&self.directory.timing())?,
            rows: Vec::new(),
            voice,
        };
        phase.run(&mut Shelf::default(), &mut recorder)?;
        let rows = recorder.rows;
        voice.audience.hear(&Event::PhaseEnd);
        Ok(rows)
    }
}

fn title(phase: &'static str, task: &Task, data: &TaskData) -> Title {
    let examples = data.train.count();
    let noise = match data.train_labels.corrupted_count() {
        0 => String::new(),
        _ => format!(", {:.1}% of labels wrong", data.train_labels.realised_fraction() * 100.0),
    };
    Title {
        phase,
        text: format!("{}, {}{noise}", task.data.name(), text::counted(examples, "example", "examples")),
        epochs: task.training.epochs(examples),
        steps: task.training.steps(examples),
    }
}

/// Writes a phase's numbers down as they come.
struct Recorder<'a, 'b> {
    name: &'static str,
    device: Device,
    metrics: Table<Row>,
    timing: Table<Timing>,
    rows: Vec<Row>,
    voice: &'a mut Voice<'b>,
}

impl Observer for Recorder<'_, '_> {
    fn step(&mut self, step: u64) {
        self.voice.audience.hear(&Event::Step(step));
    }

    fn note(&mut self, sentence: &str) -> Result<()> {
        self.voice.note(sentence)
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        let row = Row::new(self.name, report);
        if report.scheduled {
            self.metrics.append(&row)?;
        } else {
            self.metrics.append(&row.without_evaluation())?;
        }
        self.timing.append(&Timing::new(self.name, report, native::peak_bytes(self.device)))?;
        self.voice.audience.hear(&Event::Epoch(&row));
        self.voice.log.append(&row.sentence())?;
        self.rows.push(row);
        Ok(())
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
