//! Times a phase: its steps, its evaluation, and filling the prefix cache.

use std::time::{Duration, Instant};

use anyhow::Result;
use tch::{Kind, Tensor};

use crate::native::{self, Observation, OperatorTime};
use crate::spec::Precision;
use crate::train::cost::notes::Notes;
use crate::train::data::split_inputs::SplitInputs;
use crate::train::measure::evaluators::Evaluators;
use crate::train::phase::Phase;
use crate::train::step::epoch::{Epoch, Stepping};

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Steps per round.
    pub steps: u64,
    /// Number of rounds, each timed as a whole.
    pub rounds: usize,
}

/// The timings, in seconds.
#[derive(Clone, Debug)]
pub struct Speeds {
    /// Time of a step, for each round.
    pub step: Vec<f64>,
    /// Images per step, on average.
    pub images_per_step: f64,
    /// Time of an evaluation of all splits, for each round.
    pub evaluation: Vec<f64>,
    /// The first layer that a step runs: augmented images do not use the prefix cache.
    pub first_layer: usize,
    /// Time to fill the prefix cache, if it is used.
    pub fill: Option<f64>,
    /// Steps profiled operator by operator.
    pub observed: ObservedSteps,
}

/// Steps profiled operator by operator.
#[derive(Clone, Copy, Debug)]
pub struct ObservedSteps {
    /// Operators, and the time in them.
    pub observed: OperatorTime,
    /// Number of steps.
    pub steps: u64,
    /// Total time of the steps.
    pub time: Duration,
}

/// Steps of warm-up, and of profiling.
const WARM: u64 = 5;

impl Phase<'_> {
    /// Times training steps and evaluations. Also returns the notes of the phase.
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
            splits = Some(SplitInputs::new(self, &mut notes)?);
            Ok(())
        })?;
        let splits = splits.expect("they were made just now");
        let mut measures = Evaluators::new(self, &splits, None, capture);
        let mut trainer = self.trainer(splits.training().first_layer(), self.stepping());
        let batches = self.batches(splits.training(), 1);
        let steps = effort.steps.min(batches.count() as u64);
        let images = (0..steps as i64).map(|index| batches.length(index)).sum::<i64>();
        // Select kernels and capture graphs before timing anything.
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
            first_layer: splits.training().first_layer(),
            fill: (splits.evaluated_from() > 0).then_some(fill),
            observed: self.observed(&splits, steps.min(WARM), &mut notes)?,
        };
        Ok((speeds, notes.0))
    }

    /// Profiles some steps operator by operator.
    fn observed(&self, splits: &SplitInputs, steps: u64, notes: &mut Notes) -> Result<ObservedSteps> {
        let mut trainer = self.trainer(splits.training().first_layer(), Stepping::Eager);
        trainer.epoch(splits.training(), self.batches(splits.training(), 1), &Epoch::first(1), notes)?;
        let batches = self.batches(splits.training(), 1);
        let started = Instant::now();
        let observation = Observation::start();
        trainer.epoch(splits.training(), batches, &Epoch::first(steps), notes)?;
        Ok(ObservedSteps { observed: observation.end(), steps, time: started.elapsed() })
    }

    /// Seconds that work takes, including its work on the device.
    fn timed(&self, work: impl FnOnce() -> Result<()>) -> Result<f64> {
        let device = self.network.device();
        native::synchronize(device)?;
        let started = Instant::now();
        work()?;
        native::synchronize(device)?;
        Ok(started.elapsed().as_secs_f64())
    }
}

/// Multiply-adds per second of a large matrix product in a precision: what the device achieves through libtorch.
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
