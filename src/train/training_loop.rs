//! The training loop of a phase, from its first step to the end of its budget.

use std::time::Instant;

use anyhow::Result;

use crate::metrics::Metrics;
use crate::native;
use crate::spec::Due;
use crate::spec::{FrozenNorm, Position};
use crate::train::checkpoint_state::{Checkpointed, TrainingState};
use crate::train::data::split_inputs::SplitInputs;
use crate::train::interrupt::Stopped;
use crate::train::measure::averaged::AveragedWeights;
use crate::train::measure::evaluators::{Evaluators, MeasuredErrors};
use crate::train::measure::norm_statistics::fit_frozen_statistics;
use crate::train::measure::norms::NormMeter;
use crate::train::numbers::EpochReport;
use crate::train::numbers::Totals;
use crate::train::observer::{Diverged, Ended, Observer};
use crate::train::out_of_memory::{Activity, during};
use crate::train::phase::Phase;
use crate::train::step::epoch::{Epoch, Trainer};
use crate::train::step::learner::Learner;
use crate::train::step::measures::StepMeasures;

impl Phase<'_> {
    /// Trains to the end of the budget, from a state or from step 0, and reports every epoch, including epoch 0. The
    /// observer can stop it before any batch. Before a step, and in an evaluation after steps, the observer then gets the
    /// state, from which training continues with the same results; before the first step there is no state.
    pub fn run(&self, start: Option<TrainingState>, observer: &mut dyn Observer) -> Result<Ended> {
        match self.train(start, observer) {
            Err(error) if error.is::<Stopped>() => Ok(Ended::Stopped),
            ended => ended,
        }
    }

    fn train(&self, start: Option<TrainingState>, observer: &mut dyn Observer) -> Result<Ended> {
        let capture = self.captures();
        if capture {
            native::use_stream(self.network.device())?;
        }
        match &start {
            Some(state) => state.load(self.network)?,
            None if self.frozen_norm == FrozenNorm::Target => {
                let batch = self.settings.evaluation_batch;
                let mut interrupt = || observer.stops();
                fit_frozen_statistics(self.network, self.frozen, &self.train, batch, &mut interrupt)?;
            }
            None => {}
        }
        let splits = SplitInputs::new(self, observer)?;
        let mut learner = self.learner(splits.training().first_layer());
        let (averaged, norms) = self.meters(&mut learner)?;
        let checkpointed = averaged.iter().map(|averaged| averaged as &dyn Checkpointed);
        let checkpointed = checkpointed.chain(norms.iter().map(|norms| norms as &dyn Checkpointed)).collect();
        let trainer = self.trainer_of(learner, checkpointed, self.stepping());
        let mut under_way = UnderWay::default();
        if let Some(state) = &start {
            trainer.load(state)?;
            averaged.as_ref().map_or(Ok(()), |averaged| averaged.load(state))?;
            norms.as_ref().map_or(Ok(()), |norms| state.load(norms))?;
            under_way = UnderWay::at(state)?;
        }
        let is_new = start.is_none();
        drop(start);
        let evaluators = Evaluators::new(self, &splits, averaged.as_ref(), capture);
        EpochLoop { phase: self, splits: &splits, trainer, evaluators, norms: norms.as_ref() }
            .run(is_new, under_way, observer)
    }

    /// Averaged weights and norms, which every step updates.
    fn meters(&self, learner: &mut Learner<'_>) -> Result<(Option<AveragedWeights>, Option<NormMeter>)> {
        let wanted = self.evaluation.extra;
        let averaged = wanted.averaging.map(|half_life| {
            let steps = half_life.steps(self.training.steps(self.train.count()));
            AveragedWeights::new(self.network, &learner.trained, steps)
        });
        let averaged = averaged.transpose()?;
        let head = |path: &String| {
            self.network.tensors().any(|named| named.path == path && named.layer == self.network.freezable())
        };
        let norms = wanted.norms.then(|| {
            let is_head = learner.trained.iter().map(head).collect();
            NormMeter::new(&learner.trained, learner.optimizer.parameters(), is_head)
        });
        learner.step_measures = StepMeasures {
            averages: averaged.as_ref().map(AveragedWeights::averages),
            gradients: norms.as_ref().map(NormMeter::gradients),
        };
        Ok((averaged, norms))
    }
}

/// The loop over epochs.
struct EpochLoop<'a> {
    phase: &'a Phase<'a>,
    splits: &'a SplitInputs,
    trainer: Trainer<'a>,
    evaluators: Evaluators<'a>,
    norms: Option<&'a NormMeter>,
}

/// A point of the training between steps: the epoch, the step, and the number of epochs in the budget.
#[derive(Clone, Copy)]
struct Moment {
    epoch: u64,
    step: u64,
    epochs: u64,
}

impl EpochLoop<'_> {
    fn run(mut self, is_new: bool, mut under_way: UnderWay, observer: &mut dyn Observer) -> Result<Ended> {
        let epochs = self.phase.training.epochs(self.phase.train.count());
        if is_new {
            let start = Moment { epoch: 0, step: 0, epochs };
            let (measured, evaluation_seconds) = self.measure(start, observer)?;
            observer.epoch(&self.report(start, TrainedEpoch::default(), measured, evaluation_seconds)?)?;
        }
        for number in under_way.position.epochs + 1..=epochs {
            let part = std::mem::take(&mut under_way);
            if self.epoch(number, part, observer)? == Ended::Stopped {
                return Ok(Ended::Stopped);
            }
        }
        Ok(Ended::Complete)
    }

    /// Trains and measures an epoch, or the rest of one; saves the state after the last.
    fn epoch(&mut self, number: u64, part: UnderWay, observer: &mut dyn Observer) -> Result<Ended> {
        let started = Instant::now();
        let (phase, split) = (self.phase, self.splits.training());
        let (count, batch_size) = (phase.train.count(), phase.training.batch_size);
        let (epochs, total) = (phase.training.epochs(count), phase.training.steps(count));
        let per_epoch = phase.training.steps_per_epoch(count);
        let (behind, done) = (number - 1, (number - 1) * per_epoch);
        let to = per_epoch.min(total - done);
        let from = part.position.steps;
        let epoch = Epoch { behind, done, from, to, totals: part.totals, seconds: part.seconds };
        if let Some(norms) = self.norms.filter(|_| from == 0) {
            norms.start();
        }
        let batches = phase.batches(split, number);
        let ended = during(Activity::Training, || self.trainer.epoch(split, batches, &epoch, observer))?;
        if ended? == Ended::Stopped {
            return Ok(Ended::Stopped);
        }
        let (totals, bad) = self.trainer.totals(split, to);
        let seconds = part.seconds + started.elapsed().as_secs_f64();
        if let Some(bad) = bad {
            let updates = done + bad;
            return Err(Diverged { step: updates + 1, epoch: number, updates }.into());
        }
        let moment = Moment { epoch: number, step: done + to, epochs };
        let measured = self.measure(moment, observer);
        if measured.as_ref().is_err_and(anyhow::Error::is::<Stopped>) {
            // The epoch's steps are done but not measured: a resumed run takes no step and measures.
            observer.save(&self.trainer.state(split, Position { epochs: behind, steps: to }, seconds)?)?;
        }
        let (measured, evaluation_seconds) = measured?;
        let trained = TrainedEpoch { steps: to, images: (to * batch_size as u64).min(count as u64), totals, seconds };
        observer.epoch(&self.report(moment, trained, measured, evaluation_seconds)?)?;
        if number == epochs {
            // An epoch that the budget cut short is not finished: a longer budget continues it.
            let whole = to == per_epoch;
            let position =
                if whole { Position { epochs: number, steps: 0 } } else { Position { epochs: behind, steps: to } };
            observer.save(&self.trainer.state(split, position, if whole { 0.0 } else { seconds })?)?;
        }
        Ok(Ended::Complete)
    }

    /// Measures what is due; returns it with the seconds that it took.
    fn measure(&mut self, moment: Moment, observer: &mut dyn Observer) -> Result<(MeasuredErrors, f64)> {
        let Moment { epoch, step, epochs } = moment;
        let due = Due::after(epoch, epochs, self.phase.evaluation);
        let started = Instant::now();
        let measured =
            during(Activity::Evaluating, || self.evaluators.measure(due, [epoch, epochs], &mut || observer.stops()))??;
        self.evaluators.not_captured().iter().try_for_each(|cause| {
            observer.note(&format!(
                "an evaluation cannot be captured as a CUDA graph and runs operator by operator: {cause}"
            ))
        })?;
        if !measured.is_finite() {
            return Err(Diverged { step, epoch, updates: step }.into());
        }
        Ok((measured, started.elapsed().as_secs_f64()))
    }

    /// Assembles the report of an epoch; every measure fills in its own columns.
    fn report(
        &self,
        moment: Moment,
        trained: TrainedEpoch,
        measured: MeasuredErrors,
        evaluation_seconds: f64,
    ) -> Result<EpochReport> {
        let TrainedEpoch { steps, images, totals, seconds } = trained;
        let mut metrics = Metrics {
            epoch: moment.epoch,
            step: moment.step,
            learning_rate: (steps > 0).then(|| self.phase.rate(moment.step - 1)),
            train_error_running: (images > 0).then(|| totals.wrong / images as f64),
            ..Metrics::default()
        };
        measured.fill(&mut metrics);
        self.norms.map_or(Ok(()), |norms| norms.fill(steps, &mut metrics))?;
        Ok(EpochReport { metrics, correct: measured.correct, seconds, images, evaluation_seconds })
    }
}

/// The training of an epoch.
#[derive(Clone, Copy, Default)]
struct TrainedEpoch {
    steps: u64,
    images: u64,
    totals: Totals,
    seconds: f64,
}

/// Where a training resumes; by default at step 0.
#[derive(Clone, Copy, Default)]
struct UnderWay {
    position: Position,
    /// Seconds and sums of the epoch so far.
    seconds: f64,
    totals: Totals,
}

impl UnderWay {
    fn at(state: &TrainingState) -> Result<Self> {
        let totals = if state.steps > 0 { state.totals()? } else { Totals::default() };
        let position = Position { epochs: state.epochs, steps: state.steps };
        Ok(Self { position, seconds: state.seconds, totals })
    }
}
