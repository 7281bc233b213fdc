//! How fast a spec trains on this machine: nothing is written, and no source is trained, since what the weights are
//! takes no time.

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
use crate::run::phase::event::{Event, EventSink};
use crate::run::recovery::stop::Stop;
use crate::run::request::{Beginning, Places, Request};
use crate::spec::{EvaluationSchedule, FrozenNorm, Spec};
use crate::train::{DeviceSplits, Effort, ObservedSteps, Phase, Settings, Speeds, product_rate};

/// What a bench found. Times are seconds; each has its least, median and largest over the rounds.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    /// The device's name.
    pub device: String,
    /// CPU threads.
    pub threads: usize,
    /// How it computes.
    pub compute: Settings,
    /// k.
    pub frozen_layers: usize,
    /// n.
    pub train_examples: usize,
    /// Test examples.
    pub test_examples: usize,
    /// A training step.
    pub step_seconds: Spread,
    /// Training images a second.
    pub images_per_second: Spread,
    /// One evaluation of all training and test examples.
    pub evaluation_seconds: Spread,
    /// The share of evaluation in an epoch after which it is done.
    pub evaluation_share: f64,
    /// Computing the frozen layers' outputs, where they are kept.
    pub cache_fill_seconds: Option<f64>,
    /// The share of a step that passes outside of libtorch's operators: this program, the bindings, autograd's set-up.
    pub host_share: f64,
    /// Seconds of a step that do.
    pub host_seconds_per_step: f64,
    /// Operators of a step, each with all that it calls counted as one.
    pub operators_per_step: f64,
    /// Multiply-adds of a step, forward and backward.
    pub multiply_adds_per_step: f64,
    /// The rate of those as a share of the rate of a large matrix product in the same precision on the same device.
    pub share_of_product_rate: f64,
    /// The most memory that was held.
    pub peak_memory_bytes: Option<u64>,
    /// What the phase had to say.
    pub notes: Vec<String>,
}

/// Least, median and largest of some measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Least.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// Largest.
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

/// What a bench is to find.
#[derive(Clone, Copy, Debug)]
pub enum Asking {
    /// How fast it goes, measured with some effort.
    Times(Effort),
    /// What it asks of the device.
    Counts,
}

/// What it found.
#[derive(Clone, Debug)]
pub enum Bench {
    /// How fast it goes.
    Times(Box<BenchReport>),
    /// What it asks of the device.
    Counts(Box<CountReport>),
}

/// Measures the target's phase of a spec, or counts it: where a stand-in plays the GPU there are no times, and it is
/// counted whatever was asked.
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

/// Does work with the target's phase of a spec, as it is before its first step.
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
    compute.notes.iter().for_each(|note| events.on_event(&Event::Note(note)));
    let (task, frozen) = (&experiment.target, &experiment.transfer.frozen);
    let mut data = compute.load(experiment, task, &request, events)?;
    let (device, kind) = (compute.device.device, Kind::Float);
    let blueprint = experiment.blueprint(task);
    let mut network = Network::new(&blueprint, device, kind, task.seeds.initial);
    network.lay_out(compute.settings.layout)?;
    // Statistics of the source or of the target take the same time, once they are there.
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
    let first = if speeds.fill.is_some() { frozen.leading() } else { 0 };
    let work = Work::of(blueprint, frozen, first).step() as f64 * speeds.images_per_step;
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
