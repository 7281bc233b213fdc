//! A phase from its first step to the end of its budget.

use std::time::Instant;

use anyhow::Result;
use tch::Device;

use super::batches::Batches;
use super::epoch::Trainer;
use super::frozen::fit_frozen_statistics;
use super::optimizer::Optimizer;
use super::prefix::Shelf;
use super::report::{EpochReport, Observer};
use super::resident::Resident;
use super::schedule;
use super::settings::Settings;
use super::split::Split;
use super::splits::Splits;
use super::step::Learner;
use crate::blueprint::{FrozenSet, Role};
use crate::error::UserError;
use crate::native::{self, Scaler};
use crate::network::{Mode, Network};
use crate::spec::{Evaluation, FrozenNorm, Precision, Seeds, Switch, Training};

/// The last epochs of a budget are always evaluated: a run's last test error is the mean over them.
pub const FINAL_EPOCHS: u64 = 5;

/// One phase of training: a network, its data, and how to train.
pub struct Phase<'a> {
    /// The network, which the phase changes.
    pub network: &'a Network,
    /// The training examples.
    pub train: Resident,
    /// The test examples.
    pub test: Resident,
    /// Examples held out of training, where there are any.
    pub validation: Option<Resident>,
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
    /// Trains to the end of the budget and reports every epoch, 0 among them. What frozen layers give for every example
    /// is kept on the shelf, or found there.
    pub fn run(&self, prefixes: &mut Shelf, observer: &mut dyn Observer) -> Result<()> {
        let count = self.train.count();
        let (epochs, total) = (self.training.epochs(count), self.training.steps(count));
        let per_epoch = self.training.steps_per_epoch(count);
        let capture = self.captures();
        if capture {
            native::use_stream(self.network.device())?;
        }
        if self.frozen_norm == FrozenNorm::Target {
            fit_frozen_statistics(self.network, self.frozen, &self.train, self.settings.evaluation_batch);
        }
        let mut splits = Splits::new(self, capture, prefixes, observer)?;
        let mut trainer = self.trainer(&splits, capture);
        observer.epoch(&self.measure(&mut splits, 0, 0, epochs)?)?;
        for epoch in 1..=epochs {
            let started = Instant::now();
            let done = (epoch - 1) * per_epoch;
            let split = splits.training();
            let batches = self.batches(split, epoch);
            let steps = (batches.count() as u64).min(total - done);
            let sums = trainer.epoch(split, batches, steps, done, observer)?;
            let seconds = started.elapsed().as_secs_f64();
            if let Some(step) = sums.first_bad {
                return Err(diverged(step, epoch).into());
            }
            let step = done + steps;
            let mut report = self.measure(&mut splits, epoch, step, epochs)?;
            report.learning_rate = Some(self.rate(step - 1));
            report.running = Some(sums.running);
            report.seconds = seconds;
            report.images = (steps * self.training.batch_size as u64).min(count as u64);
            observer.epoch(&report)?;
        }
        Ok(())
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

    pub(super) fn trainer(&self, splits: &Splits, capture: bool) -> Trainer<'_> {
        let dropout = self.network.has_dropout().then_some(self.seeds.dropout);
        let sizes = [self.train.count(), self.training.batch_size];
        let learner = self.learner(splits.training().first_layer());
        Trainer::new(learner, dropout, self.network.device(), sizes, capture)
    }

    /// Whether steps are captured: only a GPU has graphs.
    pub(super) fn captures(&self) -> bool {
        self.settings.graph == Switch::Auto && self.network.device() != Device::Cpu
    }

    /// Only what trains asks for a gradient and has optimizer state.
    fn learner(&self, first_layer: usize) -> Learner<'_> {
        let mut parameters = Vec::new();
        for named in self.network.tensors() {
            let trains = named.role == Role::Parameter && !self.frozen.has(named.layer);
            let tensor = named.tensor.set_requires_grad(trains);
            if trains {
                parameters.push(tensor);
            }
        }
        let precision = self.settings.precision;
        Learner {
            network: self.network,
            optimizer: Optimizer::new(self.training.optimizer, parameters),
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

    /// Evaluates both splits where the schedule or the end of the budget asks for it.
    fn measure(&self, splits: &mut Splits, epoch: u64, step: u64, epochs: u64) -> Result<EpochReport> {
        let scheduled = self.evaluation.has(epoch);
        let wanted = scheduled || epoch + FINAL_EPOCHS > epochs;
        let started = Instant::now();
        let [train, test] =
            if wanted { splits.errors(self.network, self.settings.precision).map(Some) } else { [None, None] };
        let validation = if wanted { splits.validation_errors(self.network, self.settings.precision) } else { None };
        if train.iter().chain(&test).chain(&validation).any(|errors| !errors.loss.is_finite()) {
            return Err(diverged(step, epoch).into());
        }
        Ok(EpochReport {
            epoch,
            step,
            learning_rate: None,
            running: None,
            train,
            test,
            validation,
            scheduled,
            seconds: 0.0,
            images: 0,
            evaluation_seconds: started.elapsed().as_secs_f64(),
        })
    }
}

fn diverged(step: u64, epoch: u64) -> UserError {
    UserError::new(format!("the loss was not finite at step {step}, in epoch {epoch}: the training diverged"))
        .hint("try a third of the learning rate, or `warmup_steps`")
}
