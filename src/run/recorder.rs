//! Writes a phase's numbers down as they come, and its state when that is due. A row is on disk before the checkpoint
//! that covers it.

use std::time::Instant;

use anyhow::Result;
use tch::Device;

use super::checkpoint::{Checkpoint, FORMAT, Header, Name};
use super::checkpoint_schedule::CheckpointSchedule;
use super::event::Event;
use super::phase::{Course, RunLog};
use super::rows::{row, timing};
use crate::files;
use crate::native;
use crate::rundir::{self, AnswerFile, Row, Table, Timing};
use crate::spec::Due;
use crate::train::{Control, Correctness, EpochReport, Examples, Observer, State};

/// The observer of a phase.
pub(super) struct Recorder<'a, 'b> {
    course: &'a Course<'a>,
    device: Device,
    metrics: Table<Row>,
    timing: Table<Timing>,
    answers: Vec<(Examples, AnswerFile)>,
    /// Every epoch's numbers, also those that the schedule did not ask for.
    rows: Vec<Row>,
    schedule: CheckpointSchedule<'a>,
    /// The epoch that ended since the last step.
    ended: Option<u64>,
    /// Steps of the training so far.
    step: u64,
    run_log: &'a mut RunLog<'b>,
}

impl<'a, 'b> Recorder<'a, 'b> {
    /// A recorder of a training that begins, or that goes on from a checkpoint: then its later rows are cut.
    pub(super) fn new(course: &'a Course<'a>, start: Option<&Checkpoint>, run_log: &'a mut RunLog<'b>) -> Result<Self> {
        let directory = course.directory;
        let rows: Vec<Row> = start.map_or_else(|| Ok(Vec::new()), |start| rundir::parse(&start.rows))?;
        let shown: Vec<Row> = rows.iter().map(|row| row.shown(course.evaluation)).collect();
        let timing = match start {
            Some(start) => Table::cut(&directory.timing(), start.header.epochs)?,
            None => Table::create(&directory.timing(), &[])?,
        };
        Ok(Self {
            course,
            device: course.network.device(),
            metrics: Table::create(&directory.metrics(), &shown)?,
            timing,
            answers: answers(course, start)?,
            step: start.map_or(0, |start| course.steps_behind(start.header.epochs, start.header.steps)),
            rows,
            schedule: CheckpointSchedule::new(&course.keeping.checkpoints, Instant::now()),
            ended: None,
            run_log,
        })
    }

    /// Where the training is, in words.
    pub(super) fn place(&self) -> String {
        match self.step {
            0 => "before the first step".to_owned(),
            step => format!("after step {}", crate::text::grouped(step)),
        }
    }

    pub(super) fn into_rows(self) -> Vec<Row> {
        self.rows
    }

    fn header(&self, state: &State) -> Header {
        let keeping = &self.course.keeping;
        Header {
            format: FORMAT,
            phase: self.course.name.into(),
            hash: keeping.hash.clone(),
            data: keeping.data.clone(),
            epochs: state.epochs,
            steps: state.steps,
            seconds: state.seconds,
            normalisation: self.course.data.normalisation.clone(),
            made_with: keeping.made_with.clone(),
            averaged_half_life: self.course.averaged_half_life(),
        }
    }
}

impl Observer for Recorder<'_, '_> {
    fn note(&mut self, sentence: &str) -> Result<()> {
        self.run_log.note(sentence)
    }

    fn step(&mut self, step: u64) {
        files::device_step();
        self.step = step;
        self.run_log.events.on_event(&Event::Step(step));
    }

    fn control(&mut self) -> Control {
        if self.stops() {
            return Control::Stop;
        }
        let due = self.schedule.is_due(Instant::now(), self.ended.take());
        if due { Control::Save } else { Control::GoOn }
    }

    fn stops(&mut self) -> bool {
        self.course.keeping.stop.reason().is_some()
    }

    fn save(&mut self, state: &State) -> Result<()> {
        let began = Instant::now();
        let keeping = &self.course.keeping;
        self.metrics.sync()?;
        self.timing.sync()?;
        self.answers.iter().try_for_each(|(_, file)| file.sync())?;
        let between = state.steps == 0;
        let name = if between && keeping.checkpoints.keep.has(state.epochs) {
            Name::Epoch(state.epochs)
        } else {
            Name::Step(self.step)
        };
        let behind: Vec<&Row> = self.rows.iter().filter(|row| row.epoch <= state.epochs).collect();
        keeping.store.commit(name, &self.header(state), state, &rundir::table(&behind)?)?;
        self.schedule.done(began, Instant::now());
        Ok(())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        let row = row(self.course.name, report);
        // Another that took the run over writes its own rows.
        self.course.keeping.lock.check()?;
        self.metrics.append(&row.shown(self.course.evaluation))?;
        self.timing.append(&timing(self.course.name, report, native::peak_bytes(self.device)))?;
        for Correctness { examples, correct } in &report.correct {
            let files = self.answers.iter_mut().filter(|(own, _)| own == examples);
            files.into_iter().try_for_each(|(_, file)| file.append(report.epoch, correct))?;
        }
        self.run_log.events.on_event(&Event::Epoch(&row));
        self.run_log.record(&row.sentence())?;
        self.ended = Some(row.epoch);
        self.rows.push(row);
        Ok(())
    }
}

/// The files of answers that are wanted, with those of the epochs behind a checkpoint that are wanted now. Answers of a
/// budget or a choice of before cannot be made again, and are missing.
fn answers(course: &Course<'_>, start: Option<&Checkpoint>) -> Result<Vec<(Examples, AnswerFile)>> {
    let measures = course.evaluation.measures;
    let epochs = course.task.training.epochs(course.data.train.count());
    let behind = start.map(|start| start.header.epochs);
    let keep = |epoch: u64| {
        let due = Due::after(epoch, epochs, course.evaluation);
        behind.is_some_and(|behind| epoch <= behind) && measures.correct.has(epoch, epochs) && due.test
    };
    let splits = [
        (Examples::Test, "test", course.data.test.count(), measures.correct_test()),
        (Examples::Train, "train", course.data.train.count(), measures.correct_train()),
    ];
    let wanted = splits.into_iter().filter(|(.., wanted)| *wanted);
    let open = wanted.map(|(examples, name, count, _)| {
        Ok((examples, AnswerFile::open(&course.directory.correct(name), count, keep)?))
    });
    open.collect()
}
