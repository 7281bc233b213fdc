//! One training phase, for source and target alike: resume or begin, train, and write the record, the tables and the
//! weights into a locked directory.

use anyhow::Result;
use tch::Kind;

use crate::data::{Normalisation, TaskData};
use crate::files::{self, Lines};
use crate::network::{Network, write_safetensors};
use crate::run::branch;
use crate::run::compute::ComputeSetup;
use crate::run::phase::event::{RunEvent, Title};
use crate::run::phase::log::RunLog;
use crate::run::phase::recorder::{Recorder, Recording};
use crate::run::phase::start::{PhaseStart, normalisation};
use crate::run::phase::work::PhaseWork;
use crate::run::recovery::attempt::attempt;
use crate::run::recovery::checkpoint::{Checkpoint, CheckpointStore};
use crate::run::recovery::resume::{Goal, discard, resume};
use crate::run::recovery::stop::stopped;
use crate::rundir::{DataRecord, MadeWith, Metrics, Record};
use crate::spec::{Side, Switch};
use crate::text;
use crate::train::{DeviceSplits, Ended, Phase};

/// A phase that is about to train.
pub(in crate::run) struct Session<'a> {
    work: PhaseWork<'a>,
    compute: ComputeSetup,
    data: TaskData,
    /// Digest of the data.
    content: String,
    store: CheckpointStore<'a>,
    start: Option<Checkpoint>,
    record: Record,
    made_with: MadeWith,
    run_log: RunLog<'a>,
}

impl<'a> Session<'a> {
    /// Finds the checkpoint to resume from, or deletes the results of an earlier attempt; `before` is the existing record.
    pub(in crate::run) fn open(
        work: PhaseWork<'a>,
        mut compute: ComputeSetup,
        (data, facts): (TaskData, DataRecord),
        before: Option<Record>,
        mut run_log: RunLog<'a>,
    ) -> Result<Self> {
        let (directory, task) = (work.directory, work.task);
        let store = CheckpointStore::open(directory, work.lock, task)?;
        let finished = before.as_ref().filter(|before| before.is_finished()).map(|before| before.length.steps);
        let goal = Goal { directory, side: work.side, hash: &work.hash, task, evaluation: work.evaluation, finished };
        let start = resume(&store, &goal, &facts, &mut run_log)?;
        if work.side == Side::Target {
            let behind = start.as_ref().map_or(0, |start| start.position().epochs);
            branch::check(directory, work.experiment, &store, behind)?;
        }
        compute.resume_settings(start.as_ref(), work.experiment, &mut run_log)?;
        if start.is_none() {
            // The log and results of an earlier attempt must not mix with this one's.
            run_log.log = Some(Lines::create(&directory.log(), "")?);
            files::remove(&directory.summary())?;
            files::remove(&directory.weights())?;
            files::remove(&directory.branches())?;
        }
        let made_with = compute.made_with();
        let content = facts.content.clone();
        let record = Record::new(task, work.hash.clone(), work.source_hash.clone(), &made_with, facts);
        let record = record.following(before, start.as_ref().map(Checkpoint::position));
        Ok(Self { work, compute, data, content, store, start, record, made_with, run_log })
    }

    /// Trains to the end of the budget and writes the weights. `starts` loads the initial weights into the network; its
    /// last argument is true if a checkpoint holds them. `ends` makes the result from the rows of all evaluations,
    /// scheduled or not.
    pub(in crate::run) fn train<T>(
        mut self,
        starts: impl FnOnce(&Network, &ComputeSetup, &mut RunLog<'_>, bool) -> Result<PhaseStart>,
        ends: impl FnOnce(Vec<Metrics>) -> Result<T>,
    ) -> Result<T> {
        let PhaseWork { directory, lock, task, .. } = self.work;
        let mut record = self.record.clone();
        let done = attempt(directory, lock, &mut record, |record| {
            files::write_atomically(&directory.spec(), self.work.spec.as_bytes())?;
            // Inside the attempt, because the network may not fit into the device's memory.
            let device = self.compute.device.device;
            let blueprint = self.work.experiment.blueprint(task);
            let mut network = Network::new(&blueprint, device, Kind::Float, task.seeds.initial);
            network.lay_out(self.compute.settings.layout)?;
            let begun = starts(&network, &self.compute, &mut self.run_log, self.start.is_some())?;
            let resumed = self.start.as_ref().map(|start| &start.header.normalisation);
            let normalisation = normalisation(task, &self.data.normalisation, begun.source.as_ref(), resumed);
            record.transfer = begun.transfer;
            record.set_normalisation(&normalisation);
            record.write(directory)?;
            let rows = self.train_phase(&network, &normalisation)?;
            lock.check()?;
            files::remove(&directory.summary())?;
            write_safetensors(&directory.weights(), &network.state(), self.work.side.name())?;
            ends(rows)
        })?;
        discard(&self.store, &self.work.checkpoints, &mut self.run_log)?;
        Ok(done)
    }

    /// Builds the phase and trains it; returns every epoch's rows, which are written as they come.
    fn train_phase(&mut self, network: &Network, normalisation: &Normalisation) -> Result<Vec<Metrics>> {
        let Self { work, compute, data, content, store, start, made_with, run_log, .. } = self;
        let DeviceSplits { train, test, validation } =
            DeviceSplits::take(data, normalisation, network.device(), network.kind())?;
        let mut phase = Phase {
            network,
            train,
            test,
            validation,
            training: &work.task.training,
            seeds: work.task.seeds,
            frozen: work.frozen,
            frozen_norm: work.frozen_norm,
            evaluation: work.evaluation,
            settings: compute.settings,
        };
        data.notes.iter().try_for_each(|note| run_log.note(note))?;
        if data.train_labels.corrupted_count() > 0 {
            let table = data.train_labels.corrupted_table(&data.indices, &data.train.labels);
            files::write_atomically(&work.directory.corrupted(), table.as_bytes())?;
        }
        let start = start.take();
        let title = title(work, data, start.as_ref());
        run_log.record(&format!("{}: {}", title.phase, title.text))?;
        run_log.events.on_event(&RunEvent::Phase(&title));
        let recording = Recording {
            work,
            store,
            device: network.device(),
            examples: [phase.train.count(), phase.test.count()],
            normalisation,
            content,
            made_with,
        };
        let mut recorder = Recorder::new(recording, start.as_ref(), run_log)?;
        let ended = phase.run(start.map(|start| start.state), &mut recorder)?;
        // Branches of a training without a prefix cache have none either, though memory is free again now.
        if !recorder.is_cached() {
            phase.settings.cache = Switch::Off;
        }
        let place = recorder.place();
        let rows = recorder.into_rows();
        run_log.events.on_event(&RunEvent::PhaseEnd);
        match ended {
            Ended::Complete => {
                if work.side == Side::Target {
                    branch::run(work, &phase, run_log)?;
                }
                Ok(rows)
            }
            Ended::Stopped => Err(stopped(&work.stop.reason().unwrap_or_default(), &place).into()),
        }
    }
}

fn title(work: &PhaseWork<'_>, data: &TaskData, start: Option<&Checkpoint>) -> Title {
    let (task, labels) = (work.task, &data.train_labels);
    let examples = task.train_size;
    let noise = match labels.corrupted_count() {
        0 => String::new(),
        _ => format!(", {:.1}% of labels wrong", labels.realised_fraction() * 100.0),
    };
    Title {
        phase: work.side.name(),
        text: format!("{}, {}{noise}", task.data.name(), text::counted(examples, "example", "examples")),
        epochs: task.training.epochs(examples),
        steps: task.training.steps(examples),
        behind: start.map_or(0, |start| work.steps_behind(start.position())),
    }
}
