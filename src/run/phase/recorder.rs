//! Writes the rows of a phase as they come, and checkpoints when they are due. A row is on disk before the checkpoint
//! that covers it.

use std::time::Instant;

use anyhow::Result;
use tch::Device;

use crate::data::Normalisation;
use crate::fault;
use crate::native;
use crate::run::phase::checkpoint_schedule::CheckpointSchedule;
use crate::run::phase::event::RunEvent;
use crate::run::phase::log::RunLog;
use crate::run::phase::rows::timing;
use crate::run::phase::work::PhaseWork;
use crate::run::recovery::checkpoint::{Checkpoint, CheckpointHeader, CheckpointStore, FORMAT, Name};
use crate::rundir::{self, AnswerFile, CsvTable, EventFile, MadeWith, Metrics, Timing};
use crate::spec::Due;
use crate::train::{Control, Correctness, EpochReport, Examples, Observer, TrainingState};

/// What the recorder needs to know of the phase.
pub(in crate::run) struct Recording<'a> {
    pub(in crate::run) work: &'a PhaseWork<'a>,
    pub(in crate::run) store: &'a CheckpointStore<'a>,
    pub(in crate::run) device: Device,
    /// The number of training and of test examples.
    pub(in crate::run) examples: [usize; 2],
    pub(in crate::run) normalisation: &'a Normalisation,
    /// The digest of the data.
    pub(in crate::run) content: &'a str,
    pub(in crate::run) made_with: &'a MadeWith,
}

/// Observes a phase and writes its files.
pub(in crate::run) struct Recorder<'a, 'b> {
    recording: Recording<'a>,
    metrics: CsvTable<Metrics>,
    timing: CsvTable<Timing>,
    events: Option<EventFile>,
    answers: Vec<(Examples, AnswerFile)>,
    /// Every epoch's measurements, including those that the schedule did not ask for.
    rows: Vec<Metrics>,
    schedule: CheckpointSchedule<'a>,
    /// The epoch that ended since the last step.
    ended: Option<u64>,
    /// Steps of the training so far.
    step: u64,
    made_with: MadeWith,
    /// What the checkpoint was made with, if it resumes.
    made_before: Option<MadeWith>,
    run_log: &'a mut RunLog<'b>,
}

impl<'a, 'b> Recorder<'a, 'b> {
    /// A recorder for a training that begins, or that resumes from a checkpoint: later rows are then cut.
    pub(in crate::run) fn new(
        recording: Recording<'a>,
        start: Option<&Checkpoint>,
        run_log: &'a mut RunLog<'b>,
    ) -> Result<Self> {
        let work = recording.work;
        let directory = work.directory;
        let rows: Vec<Metrics> = start.map_or_else(|| Ok(Vec::new()), |start| rundir::parse(&start.rows))?;
        let shown: Vec<Metrics> = rows.iter().map(|row| row.shown(work.evaluation)).collect();
        let timing = match start {
            Some(start) => CsvTable::cut(&directory.timing(), start.header.epochs)?,
            None => CsvTable::create(&directory.timing(), &[])?,
        };
        // An existing event file is continued even without the option, so that it always matches the tables.
        let has_events = work.tensorboard || directory.tensorboard().is_dir();
        let behind = || rundir::read(&directory.timing());
        let events = has_events.then(|| EventFile::create(directory, &shown, &behind()?)).transpose()?;
        Ok(Self {
            metrics: CsvTable::create(&directory.metrics(), &shown)?,
            timing,
            events,
            answers: answers(&recording, start)?,
            step: start.map_or(0, |start| work.steps_behind(start.position())),
            rows,
            schedule: CheckpointSchedule::new(&work.checkpoints, Instant::now()),
            ended: None,
            made_with: recording.made_with.clone(),
            made_before: start.map(|start| start.header.made_with.clone()),
            recording,
            run_log,
        })
    }

    /// How far the training is, in words.
    pub(in crate::run) fn place(&self) -> String {
        match self.step {
            0 => "before the first step".to_owned(),
            step => format!("after step {}", crate::text::grouped(step)),
        }
    }

    /// Whether the prefix cache is in use.
    pub(in crate::run) fn is_cached(&self) -> bool {
        self.made_with.cached == Some(true)
    }

    pub(in crate::run) fn into_rows(self) -> Vec<Metrics> {
        self.rows
    }

    fn header(&self, state: &TrainingState) -> CheckpointHeader {
        let Recording { work, normalisation, content, .. } = &self.recording;
        CheckpointHeader {
            format: FORMAT,
            phase: work.side.name().into(),
            hash: work.hash.clone(),
            data: (*content).to_owned(),
            epochs: state.epochs,
            steps: state.steps,
            seconds: state.seconds,
            normalisation: (*normalisation).clone(),
            made_with: self.made_with.clone(),
            averaged_half_life: work.averaged_half_life(),
        }
    }
}

impl Observer for Recorder<'_, '_> {
    fn note(&mut self, sentence: &str) -> Result<()> {
        self.run_log.note(sentence)
    }

    fn cached(&mut self, is_cached: bool) -> Result<()> {
        self.made_with.cached = Some(is_cached);
        let changed = self.made_before.as_ref().and_then(|before| before.cache_difference(Some(is_cached)));
        self.run_log.note_differences(changed.as_slice())
    }

    fn step(&mut self, step: u64) {
        fault::device_step();
        self.step = step;
        self.run_log.events.on_event(&RunEvent::Step(step));
    }

    fn control(&mut self) -> Control {
        if self.stops() {
            return Control::Stop;
        }
        let due = self.schedule.is_due(Instant::now(), self.ended.take());
        if due { Control::Save } else { Control::GoOn }
    }

    fn stops(&mut self) -> bool {
        self.recording.work.stop.reason().is_some()
    }

    fn save(&mut self, state: &TrainingState) -> Result<()> {
        let began = Instant::now();
        let Recording { work, store, .. } = self.recording;
        self.metrics.sync()?;
        self.timing.sync()?;
        self.answers.iter().try_for_each(|(_, file)| file.sync())?;
        let between = state.steps == 0;
        let name = if between && work.checkpoints.keeps(state.epochs) {
            Name::Epoch(state.epochs)
        } else {
            Name::Step(self.step)
        };
        let behind: Vec<&Metrics> = self.rows.iter().filter(|row| row.epoch <= state.epochs).collect();
        store.commit(name, &self.header(state), state, &rundir::table(&behind)?)?;
        self.schedule.done(began, Instant::now());
        Ok(())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        let phase = self.recording.work.side.name().to_owned();
        let row = Metrics { phase, ..report.metrics.clone() };
        // A process that took over the lock writes its own rows.
        self.recording.work.lock.check()?;
        let shown = row.shown(self.recording.work.evaluation);
        self.metrics.append(&shown)?;
        self.events.as_mut().map_or(Ok(()), |events| events.append(&shown))?;
        self.timing.append(&timing(self.recording.work.side, report, native::memory_use(self.recording.device)))?;
        for Correctness { examples, correct } in &report.correct {
            let files = self.answers.iter_mut().filter(|(own, _)| own == examples);
            files.into_iter().try_for_each(|(_, file)| file.append(row.epoch, correct))?;
        }
        self.run_log.events.on_event(&RunEvent::Epoch(&row));
        self.run_log.record(&row.sentence())?;
        self.ended = Some(row.epoch);
        self.rows.push(row);
        Ok(())
    }
}

/// The answer files of this phase. Records up to the checkpoint stay if the current spec asks for them; those that an
/// earlier spec did not ask for cannot be recovered and stay missing.
fn answers(recording: &Recording<'_>, start: Option<&Checkpoint>) -> Result<Vec<(Examples, AnswerFile)>> {
    let work = recording.work;
    let wanted = work.evaluation.extra;
    let epochs = work.task.training.epochs(work.task.train_size);
    let behind = start.map(|start| start.header.epochs);
    let [train, test] = recording.examples;
    let splits = [
        (Examples::Test, "test", test, wanted.keeps_test_answers()),
        (Examples::Train, "train", train, wanted.keeps_train_answers()),
    ];
    let kept = splits.into_iter().filter(|(.., keeps)| *keeps);
    let open = kept.map(|(examples, name, count, _)| {
        let keep = |epoch: u64| {
            let due = Due::after(epoch, epochs, work.evaluation);
            let is_due = if examples == Examples::Train { due.train } else { due.test };
            behind.is_some_and(|behind| epoch <= behind) && wanted.correct.has(epoch, epochs) && is_due
        };
        Ok((examples, AnswerFile::open(&work.directory.correct(name), count, keep)?))
    });
    open.collect()
}
