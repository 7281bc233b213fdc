//! How fast a phase goes: its steps, its evaluation, and what is kept of its frozen layers.

use std::time::{Duration, Instant};

use anyhow::Result;
use tch::{Kind, Tensor};

use crate::native::{self, Observation, OperatorTime};
use crate::spec::Precision;
use crate::train::cost::notes::Notes;
use crate::train::data::splits::Splits;
use crate::train::measure::evaluators::Evaluators;
use crate::train::phase::Phase;
use crate::train::step::epoch::{Epoch, Stepping};

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Steps in a round.
    pub steps: u64,
    /// Rounds, each timed as a whole.
    pub rounds: usize,
}

/// What was measured. Times are seconds.
#[derive(Clone, Debug)]
pub struct Speeds {
    /// Of each round, a step.
    pub step: Vec<f64>,
    /// Images in those steps, each.
    pub images_per_step: f64,
    /// Of each round, an evaluation of the training and the test examples.
    pub evaluation: Vec<f64>,
    /// Computing what is kept of the frozen layers, where it is kept.
    pub fill: Option<f64>,
    /// Some steps one operator after the other.
    pub observed: ObservedSteps,
}

/// Steps with an observer.
#[derive(Clone, Copy, Debug)]
pub struct ObservedSteps {
    /// What it saw.
    pub observed: OperatorTime,
    /// How many steps there were.
    pub steps: u64,
    /// What they took.
    pub time: Duration,
}

/// Steps before anything is timed, and of those that are observed.
const WARM: u64 = 5;

impl Phase<'_> {
    /// Trains and evaluates for a while, and times it. Returns what the phase has to say as well.
    ///
    /// # Panics
    /// If `effort` has no steps or rounds.
    pub fn speeds(&self, effort: Effort) -> Result<(Speeds, Vec<String>)> {
        let mut notes = Notes::default();
        let capture = self.captures();
        if capture {
            native::use_stream(self.network.device())?;
        }
        assert!(effort.steps > 0 && effort.rounds > 0, "there is something to time");
        let mut splits = None;
        let fill = self.timed(|| {
            splits = Some(Splits::new(self, &mut notes)?);
            Ok(())
        })?;
        let splits = splits.expect("they were made just now");
        let mut measures = Evaluators::new(self, &splits, None, capture);
        let mut trainer = self.trainer(splits.training().first_layer(), self.stepping());
        let batches = self.batches(splits.training(), 1);
        let steps = effort.steps.min(batches.count() as u64);
        let images = (0..steps as i64).map(|index| batches.length(index)).sum::<i64>();
        // Kernels are chosen and graphs captured before anything is timed.
        for epoch in 1..=2 {
            let batches = self.batches(splits.training(), epoch);
            trainer.epoch(splits.training(), batches, &Epoch::first(steps.min(WARM)), &mut notes)?;
            measures.errors(&mut || false)?;
        }
        let (mut step, mut evaluation) = (Vec::new(), Vec::new());
        for round in 0..effort.rounds as u64 {
            step.push(self.timed(|| {
                let batches = self.batches(splits.training(), 3 + round);
                trainer.epoch(splits.training(), batches, &Epoch::first(steps), &mut notes).map(|_| ())
            })?);
            evaluation.push(self.timed(|| {
                measures.errors(&mut || false)?;
                Ok(())
            })?);
        }
        let step = step.into_iter().map(|seconds| seconds / steps as f64).collect();
        let speeds = Speeds {
            step,
            images_per_step: images as f64 / steps as f64,
            evaluation,
            fill: (splits.evaluated_from() > 0).then_some(fill),
            observed: self.observed(&splits, steps.min(WARM), &mut notes)?,
        };
        Ok((speeds, notes.0))
    }

    /// Some steps, one operator after the other.
    fn observed(&self, splits: &Splits, steps: u64, notes: &mut Notes) -> Result<ObservedSteps> {
        let mut trainer = self.trainer(splits.training().first_layer(), Stepping::Eager);
        trainer.epoch(splits.training(), self.batches(splits.training(), 1), &Epoch::first(1), notes)?;
        let batches = self.batches(splits.training(), 1);
        let started = Instant::now();
        let observation = Observation::start();
        trainer.epoch(splits.training(), batches, &Epoch::first(steps), notes)?;
        Ok(ObservedSteps { observed: observation.end(), steps, time: started.elapsed() })
    }

    /// Seconds that work takes, all that it hands to the device included.
    fn timed(&self, work: impl FnOnce() -> Result<()>) -> Result<f64> {
        let device = self.network.device();
        native::synchronize(device)?;
        let started = Instant::now();
        work()?;
        native::synchronize(device)?;
        Ok(started.elapsed().as_secs_f64())
    }
}

/// Multiply-adds a second of a large matrix product in a precision: what a device gives to a program like this one.
pub fn product_rate(device: tch::Device, precision: Precision) -> Result<f64> {
    const SIDE: i64 = 2048;
    const ROUNDS: usize = 5;
    let kind = native::autocast_kind(precision).unwrap_or(Kind::Float);
    let matrix = || Tensor::ones([SIDE, SIDE], (kind, device));
    let (one, other) = (matrix(), matrix());
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        native::synchronize(device)?;
        let started = Instant::now();
        let _product = one.matmul(&other);
        native::synchronize(device)?;
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok((SIDE * SIDE * SIDE) as f64 / best)
}
