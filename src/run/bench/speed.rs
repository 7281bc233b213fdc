//! Times a spec's training on this machine. Nothing is written, and no source is trained: the values of the weights do
//! not affect speed.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tch::Kind;

use crate::blueprint::{Blueprint, FrozenSet};
use crate::native::{self, Nature};
use crate::network::Network;
use crate::run::bench::count::{CountReport, count};
use crate::run::bench::work::Work;
use crate::run::compute::ComputeSetup;
use crate::run::phase::event::{EventSink, RunEvent};
use crate::run::recovery::stop::Stop;
use crate::run::request::{Beginning, Places, Request};
use crate::spec::{EvaluationSchedule, FrozenNorm, Spec};
use crate::train::{DeviceSplits, Effort, ObservedSteps, Phase, Settings, Speeds, product_rate};

/// The timings. Times are in seconds, each with minimum, median and maximum over the rounds.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    /// The device's name.
    pub device: String,
    /// CPU threads.
    pub threads: usize,
    /// Precision, memory layout and the other settings.
    pub compute: Settings,
    /// k.
    pub frozen_layers: usize,
    /// n.
    pub train_examples: usize,
    /// Test examples.
    pub test_examples: usize,
    /// Time of a training step.
    pub step_seconds: Spread,
    /// Training images per second.
    pub images_per_second: Spread,
    /// Time of one evaluation of all training and test examples.
    pub evaluation_seconds: Spread,
    /// Fraction of an epoch that is evaluation, if the epoch ends with one.
    pub evaluation_share: f64,
    /// Time to fill the prefix cache, if it is used.
    pub cache_fill_seconds: Option<f64>,
    /// Fraction of a step outside libtorch's operators: this program, the bindings, autograd's set-up.
    pub host_share: f64,
    /// Seconds of a step outside libtorch's operators.
    pub host_seconds_per_step: f64,
    /// Operators per step; an operator and those that it calls count as one.
    pub operators_per_step: f64,
    /// Multiply-adds per step, forward and backward.
    pub multiply_adds_per_step: f64,
    /// Multiply-adds per second, divided by those of a large matrix product in the same precision on this device.
    pub share_of_product_rate: f64,
    /// Peak memory.
    pub peak_memory_bytes: Option<u64>,
    /// Notes of the phase.
    pub notes: Vec<String>,
}

/// Minimum, median and maximum of some measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Minimum.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// Maximum.
    pub max: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
        let [lower, upper] = [(sorted.len() - 1) / 2, sorted.len() / 2].map(|middle| sorted[middle]);
        Self { min, median: f64::midpoint(lower, upper), max }
    }

    fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let ends = [change(self.min), change(self.max)];
        Self { min: ends[0].min(ends[1]), median: change(self.median), max: ends[0].max(ends[1]) }
    }
}

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub enum Asking {
    /// Times, over this many steps and rounds.
    Times(Effort),
    /// Counts of operators, transfers, bytes and arithmetic.
    Counts,
}

/// The result of a bench.
#[derive(Clone, Debug)]
pub enum Bench {
    /// Timings.
    Times(Box<BenchReport>),
    /// Counts.
    Counts(Box<CountReport>),
}

/// Times or counts the target phase of a spec. On the stand-in GPU it always counts, because times mean nothing there.
pub fn bench(spec: &Spec, places: Places<'_>, asking: Asking, events: &mut dyn EventSink) -> Result<Bench> {
    on_target(spec, places, events, |compute, blueprint, phase| {
        let stand_in = compute.device.gpu.as_ref().is_some_and(|gpu| gpu.nature == Nature::StandIn);
        let effort = match asking {
            Asking::Times(effort) if !stand_in => effort,
            _ => return Ok(Bench::Counts(Box::new(count(compute, blueprint, phase)?))),
        };
        let (speeds, notes) = phase.speeds(effort)?;
        let product = product_rate(compute.device.device, compute.settings.precision)?;
        let examples = [phase.train.count(), phase.test.count()];
        let report = report(compute, blueprint, phase.frozen, &speeds, examples, product, notes);
        Ok(Bench::Times(Box::new(report)))
    })
}

/// Calls `work` with the target phase of a spec, before its first step.
fn on_target<T>(
    spec: &Spec,
    places: Places<'_>,
    events: &mut dyn EventSink,
    work: impl FnOnce(&ComputeSetup, &Blueprint, &Phase<'_>) -> Result<T>,
) -> Result<T> {
    let experiment = &spec.experiment;
    let stop = Stop::never();
    let (beginning, wait) = (Beginning::Resume, Duration::ZERO);
    let request = Request { places, beginning, wait, fixed: None, tensorboard: false, stop: &stop };
    let compute = ComputeSetup::start(experiment, None)?;
    compute.notes.iter().for_each(|note| events.on_event(&RunEvent::Note(note)));
    let (task, frozen) = (&experiment.target, &experiment.transfer.frozen);
    let mut data = compute.load(experiment, task, &request, events)?;
    let (device, kind) = (compute.device.device, Kind::Float);
    let blueprint = experiment.blueprint(task);
    let mut network = Network::new(&blueprint, device, kind, task.seeds.initial);
    network.lay_out(compute.settings.layout)?;
    // Statistics of the source and of the target take the same time once computed.
    let frozen_norm = match experiment.transfer.frozen_norm {
        FrozenNorm::Batch => FrozenNorm::Batch,
        FrozenNorm::Source | FrozenNorm::Target => FrozenNorm::Source,
    };
    let normalisation = data.normalisation.clone();
    let DeviceSplits { train, test, validation } = DeviceSplits::take(&mut data, &normalisation, device, kind)?;
    let phase = Phase {
        network: &network,
        train,
        test,
        validation,
        training: &task.training,
        seeds: task.seeds,
        frozen,
        frozen_norm,
        evaluation: EvaluationSchedule::Every(1).into(),
        settings: compute.settings,
    };
    work(&compute, &blueprint, &phase)
}

fn report(
    compute: &ComputeSetup,
    blueprint: &Blueprint,
    frozen: &FrozenSet,
    speeds: &Speeds,
    [train_examples, test_examples]: [usize; 2],
    product: f64,
    notes: Vec<String>,
) -> BenchReport {
    let step = Spread::of(&speeds.step);
    let evaluation = Spread::of(&speeds.evaluation);
    let epoch = step.median * (train_examples as f64 / speeds.images_per_step).ceil();
    let ObservedSteps { observed, steps, time } = speeds.observed;
    let outside = time.saturating_sub(observed.time).as_secs_f64();
    let work = Work::of(blueprint, frozen, speeds.first_layer).step() as f64 * speeds.images_per_step;
    BenchReport {
        device: compute.device.name.clone(),
        threads: compute.threads,
        compute: compute.settings,
        frozen_layers: frozen.count(),
        train_examples,
        test_examples,
        step_seconds: step,
        images_per_second: step.map(|seconds| speeds.images_per_step / seconds),
        evaluation_seconds: evaluation,
        evaluation_share: evaluation.median / (evaluation.median + epoch),
        cache_fill_seconds: speeds.fill,
        host_share: outside / time.as_secs_f64(),
        host_seconds_per_step: outside / steps as f64,
        operators_per_step: observed.operators as f64 / steps as f64,
        multiply_adds_per_step: work,
        share_of_product_rate: work / step.median / product,
        peak_memory_bytes: native::peak_bytes(compute.device.device),
        notes,
    }
}
