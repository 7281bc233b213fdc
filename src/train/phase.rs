//! A phase from its first step to the end of its budget.

use std::time::Instant;

use anyhow::Result;
use tch::Device;

use super::batches::Batches;
use super::device_split::DeviceSplit;
use super::epoch::{Epoch, Stepping, Trainer};
use super::frozen::fit_frozen_statistics;
use super::memory::{Activity, during};
use super::optimizer::Optimizer;
use super::report::{Diverged, Due, Ended, EpochReport, Observer, Stopped};
use super::schedule;
use super::settings::Settings;
use super::split::Split;
use super::splits::Splits;
use super::state::State;
use super::step::Learner;
use super::sums::Totals;
use crate::blueprint::{FrozenSet, Role};
use crate::native::{self, Scaler};
use crate::network::{Mode, Network};
use crate::spec::{Evaluation, FrozenNorm, Precision, Seeds, Switch, Training};

/// One phase of training: a network, its data, and how to train.
pub struct Phase<'a> {
    /// The network, which the phase changes.
    pub network: &'a Network,
    /// The training examples.
    pub train: DeviceSplit,
    /// The test examples.
    pub test: DeviceSplit,
    /// Examples held out of training, where there are any.
    pub validation: Option<DeviceSplit>,
    /// How to train.
    pub training: &'a Training,
    /// What it draws from.
    pub seeds: Seeds,
    /// Which layers stay frozen.
    pub frozen: &'a FrozenSet,
    /// What batch norm in them uses.
    pub frozen_norm: FrozenNorm,
    /// After which epochs errors are measured.
    pub evaluation: Evaluation,
    /// How to compute.
    pub settings: Settings,
}

impl Phase<'_> {
    /// Trains to the end of the budget, from a state or from the beginning, and reports every epoch, 0 among them. The
    /// observer can stop it before any batch: before a step and in an evaluation after steps it is given the state, from
    /// which the same numbers follow; before the first step there is none.
    pub fn run(&self, start: Option<State>, observer: &mut dyn Observer) -> Result<Ended> {
        match self.train(start, observer) {
            Err(error) if error.is::<Stopped>() => Ok(Ended::Stopped),
            ended => ended,
        }
    }

    fn train(&self, start: Option<State>, observer: &mut dyn Observer) -> Result<Ended> {
        let count = self.train.count();
        let epochs = self.training.epochs(count);
        let capture = self.captures();
        if capture {
            native::use_stream(self.network.device())?;
        }
        match &start {
            Some(state) => state.load_network(self.network)?,
            None if self.frozen_norm == FrozenNorm::Target => {
                let batch = self.settings.evaluation_batch;
                let mut interrupt = || observer.stops();
                fit_frozen_statistics(self.network, self.frozen, &self.train, batch, &mut interrupt)?;
            }
            None => {}
        }
        let mut splits = Splits::new(self, capture, observer)?;
        let mut trainer = self.trainer(&splits, self.stepping());
        let mut under_way = UnderWay::default();
        if let Some(state) = start {
            state.load_learner(trainer.learner())?;
            under_way = UnderWay::at(&state)?;
        } else {
            let report = self.measure(&mut splits, [0, 0, epochs], observer)?;
            observer.epoch(&report)?;
        }
        for number in under_way.epochs + 1..=epochs {
            let part = std::mem::take(&mut under_way);
            if self.epoch(number, part, &mut trainer, &mut splits, observer)? == Ended::Stopped {
                return Ok(Ended::Stopped);
            }
        }
        Ok(Ended::Complete)
    }

    /// Trains and measures an epoch, or the rest of one; after the last one the state is saved.
    fn epoch(
        &self,
        number: u64,
        part: UnderWay,
        trainer: &mut Trainer<'_>,
        splits: &mut Splits,
        observer: &mut dyn Observer,
    ) -> Result<Ended> {
        let started = Instant::now();
        let (count, batch_size) = (self.train.count(), self.training.batch_size);
        let (epochs, total) = (self.training.epochs(count), self.training.steps(count));
        let per_epoch = self.training.steps_per_epoch(count);
        let (behind, done) = (number - 1, (number - 1) * per_epoch);
        let split = splits.training();
        let batches = self.batches(split, number);
        let to = per_epoch.min(total - done);
        let epoch = Epoch { behind, done, from: part.steps, to, totals: part.totals, seconds: part.seconds };
        let ended = during(Activity::Training, || trainer.epoch(split, batches, &epoch, observer))?;
        if ended? == Ended::Stopped {
            return Ok(Ended::Stopped);
        }
        let (step, images) = (done + to, (to * batch_size as u64).min(count as u64));
        let (totals, bad) = trainer.totals(split, to);
        let seconds = part.seconds + started.elapsed().as_secs_f64();
        if let Some(bad) = bad {
            let updates = done + bad;
            return Err(Diverged { step: updates + 1, epoch: number, updates }.into());
        }
        let measured = self.measure(splits, [number, step, epochs], observer);
        if measured.as_ref().is_err_and(anyhow::Error::is::<Stopped>) {
            // The epoch's steps are done and its row is not written: a resumed run takes no step, and measures.
            observer.save(&trainer.state(splits.training(), [behind, to], seconds)?)?;
        }
        let mut report = measured?;
        report.learning_rate = Some(self.rate(step - 1));
        report.running = Some(totals.over(images));
        (report.seconds, report.images) = (seconds, images);
        observer.epoch(&report)?;
        if number == epochs {
            // An epoch that the budget cut short is under way still: a longer budget goes on with it.
            let split = splits.training();
            let state = if to < per_epoch {
                trainer.state(split, [behind, to], seconds)
            } else {
                trainer.state(split, [number, 0], 0.0)
            };
            observer.save(&state?)?;
        }
        Ok(Ended::Complete)
    }

    /// The rate of the step of an index.
    fn rate(&self, step: u64) -> f64 {
        let count = self.train.count();
        let (per_epoch, total) = (self.training.steps_per_epoch(count), self.training.steps(count));
        schedule::rate(&self.training.rate, step, per_epoch, total)
    }

    /// The plan of an epoch.
    pub(super) fn batches(&self, split: &Split, epoch: u64) -> Batches {
        let done = (epoch - 1) * self.training.steps_per_epoch(self.train.count());
        let rate = |step| self.rate(done + step);
        Batches::draw(split, self.training.batch_size, self.training.augmentation, self.seeds, epoch, rate)
    }

    pub(super) fn trainer(&self, splits: &Splits, stepping: Stepping) -> Trainer<'_> {
        let dropout = self.network.has_dropout().then_some(self.seeds.dropout);
        let sizes = [self.train.count(), self.training.batch_size];
        let learner = self.learner(splits.training().first_layer());
        Trainer::new(learner, dropout, self.network.device(), sizes, stepping)
    }

    /// Whether steps are captured: only a GPU has graphs.
    pub(super) fn captures(&self) -> bool {
        self.settings.graph == Switch::Auto && self.network.device() != Device::Cpu
    }

    /// How its steps come to the device.
    pub(super) fn stepping(&self) -> Stepping {
        if self.captures() { Stepping::Captured } else { Stepping::Eager }
    }

    /// Only what trains asks for a gradient and has optimizer state.
    fn learner(&self, first_layer: usize) -> Learner<'_> {
        let (mut parameters, mut trained) = (Vec::new(), Vec::new());
        for named in self.network.tensors() {
            let trains = named.role == Role::Parameter && !self.frozen.has(named.layer);
            let tensor = named.tensor.set_requires_grad(trains);
            if trains {
                parameters.push(tensor);
                trained.push(named.path.to_owned());
            }
        }
        let precision = self.settings.precision;
        Learner {
            network: self.network,
            optimizer: Optimizer::new(self.training.optimizer, parameters),
            trained,
            scaler: (precision == Precision::Fp16).then(|| Scaler::new(self.network.device())),
            first_layer,
            leading: self.frozen.leading(),
            modes: (0..=self.network.freezable()).map(|layer| self.mode(layer)).collect(),
            label_smoothing: self.training.label_smoothing,
            precision,
        }
    }

    /// Dropout is off in a frozen layer; what its batch norm uses is the spec's choice.
    fn mode(&self, layer: usize) -> Mode {
        match (self.frozen.has(layer), self.frozen_norm) {
            (false, _) => Mode::Train,
            (true, FrozenNorm::Batch) => Mode::BatchStatistics,
            (true, FrozenNorm::Source | FrozenNorm::Target) => Mode::Evaluate,
        }
    }

    /// Evaluates the splits that are due.
    fn measure(
        &self,
        splits: &mut Splits,
        [epoch, step, epochs]: [u64; 3],
        observer: &mut dyn Observer,
    ) -> Result<EpochReport> {
        let due = Due::after(epoch, epochs, self.evaluation);
        let started = Instant::now();
        let (network, precision) = (self.network, self.settings.precision);
        let measure = || splits.errors(due, network, precision, &mut || observer.stops());
        let [train, test, validation] = during(Activity::Evaluating, measure)??;
        splits.not_captured().iter().try_for_each(|cause| {
            observer
                .note(&format!("an evaluation cannot be captured as a graph, so it goes operator by operator: {cause}"))
        })?;
        if train.iter().chain(&test).chain(&validation).any(|errors| !errors.loss.is_finite()) {
            return Err(Diverged { step, epoch, updates: step }.into());
        }
        Ok(EpochReport {
            epoch,
            step,
            learning_rate: None,
            running: None,
            train,
            test,
            validation,
            seconds: 0.0,
            images: 0,
            evaluation_seconds: started.elapsed().as_secs_f64(),
        })
    }
}

/// Where a training goes on; by default at its beginning.
#[derive(Clone, Copy, Default)]
struct UnderWay {
    /// Epochs behind.
    epochs: u64,
    /// Steps behind in the next one, their seconds, and what they added up.
    steps: u64,
    seconds: f64,
    totals: Totals,
}

impl UnderWay {
    fn at(state: &State) -> Result<Self> {
        let totals = if state.steps > 0 { state.totals()? } else { Totals::default() };
        Ok(Self { epochs: state.epochs, steps: state.steps, seconds: state.seconds, totals })
    }
}
