//! Counts what a spec's training asks of a device: operators, waits, uploads, bytes, arithmetic. Nothing is timed, so
//! the result is the same on every machine.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use crate::blueprint::Blueprint;
use crate::native::{Amounts, OperatorCounts, TrainingPart};
use crate::run::bench::bound::{Bound, Load, bounds};
use crate::run::bench::work::Work;
use crate::run::compute::ComputeSetup;
use crate::train::{DeviceSplit, Phase, PhaseCounts, Settings};

/// The counts of a training.
#[derive(Clone, Debug, Serialize)]
pub struct CountReport {
    /// The device's name.
    pub device: String,
    /// Precision, memory layout and the other settings.
    pub compute: Settings,
    /// k.
    pub frozen_layers: usize,
    /// Whether the prefix cache is used, for steps and for evaluation.
    pub kept: [bool; 2],
    /// Images in a step.
    pub images_per_step: usize,
    /// Steps of an epoch on full batches.
    pub whole_steps: usize,
    /// A training step on a full batch, operator by operator.
    pub step: WorkCount,
    /// An epoch with an evaluation of every split.
    pub epoch: WorkCount,
    /// Lower bounds on some GPUs by their data sheets; computed, not measured.
    pub bound_not_measured: Vec<Bound>,
    /// Notes of the phase.
    pub notes: Vec<String>,
}

/// The counts of a step or an epoch.
#[derive(Clone, Debug, Serialize)]
pub struct WorkCount {
    /// By part; parts that do nothing are omitted.
    pub parts: BTreeMap<TrainingPart, PartWork>,
    /// Operators that launch a kernel.
    pub launches: i64,
    /// Operators that launch a kernel outside forward and backward.
    pub launches_outside: i64,
    /// Floating-point operations of convolutions, matrix products and attention; two per multiply-add.
    pub flops: u64,
    /// Bytes of inputs and outputs of operators that launch a kernel.
    pub moved_bytes: i64,
    /// Peak memory beyond that at the start.
    pub peak_bytes: u64,
}

impl WorkCount {
    fn load(&self) -> Load {
        Load { flops: self.flops, moved_bytes: self.moved_bytes }
    }
}

/// The counts of one part.
#[derive(Clone, Debug, Serialize)]
pub struct PartWork {
    /// Operators, waits, uploads, bytes.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// Floating-point operations.
    pub flops: u64,
}

/// Counts the target phase of a spec.
pub(in crate::run) fn count(compute: &ComputeSetup, blueprint: &Blueprint, phase: &Phase<'_>) -> Result<CountReport> {
    let (counted, notes) = phase.counts()?;
    Ok(report(compute, blueprint, phase, &counted, notes))
}

fn report(
    compute: &ComputeSetup,
    blueprint: &Blueprint,
    phase: &Phase<'_>,
    counted: &PhaseCounts,
    notes: Vec<String>,
) -> CountReport {
    let frozen = phase.frozen;
    let [training, evaluating] = counted.first_layers.map(|first| Work::of(blueprint, frozen, first));
    let trained = |images: usize| {
        let flops = |multiply_adds: u64| 2 * multiply_adds * images as u64;
        BTreeMap::from([
            (TrainingPart::Forward, flops(training.forward)),
            (TrainingPart::Backward, flops(training.backward)),
        ])
    };
    let examples = phase.train.count() + phase.test.count() + phase.validation.as_ref().map_or(0, DeviceSplit::count);
    let mut epoch = trained(phase.train.count());
    epoch.insert(TrainingPart::Evaluation, 2 * evaluating.forward * examples as u64);
    let step = asked(&counted.step, &trained(counted.images_per_step), counted.step_peak_bytes);
    let epoch = asked(&counted.epoch, &epoch, counted.epoch_peak_bytes);
    CountReport {
        device: compute.device.name.clone(),
        compute: compute.settings,
        frozen_layers: frozen.count(),
        kept: counted.first_layers.map(|first| first > 0),
        images_per_step: counted.images_per_step,
        whole_steps: counted.whole_steps,
        bound_not_measured: bounds(compute.settings.precision, step.load(), epoch.load()),
        step,
        epoch,
        notes,
    }
}

fn asked(counts: &OperatorCounts, flops: &BTreeMap<TrainingPart, u64>, peak_bytes: u64) -> WorkCount {
    let of = |part: &TrainingPart| flops.get(part).copied().unwrap_or(0);
    let parts: BTreeMap<TrainingPart, PartWork> = counts
        .0
        .iter()
        .map(|(part, amounts)| (*part, PartWork { amounts: amounts.clone(), flops: of(part) }))
        .collect();
    let launches = |outside: bool| {
        let counted = parts
            .iter()
            .filter(|(part, _)| !outside || !matches!(part, TrainingPart::Forward | TrainingPart::Backward));
        counted.map(|(_, asked)| asked.amounts.launches()).sum()
    };
    WorkCount {
        launches: launches(false),
        launches_outside: launches(true),
        flops: flops.values().sum(),
        moved_bytes: counts.total().moved_bytes,
        peak_bytes,
        parts,
    }
}
