//! What a spec's training asks of a device, counted: operators, waits, uploads, bytes, arithmetic. Nothing is written and
//! nothing is timed, so it says the same on every machine.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use crate::blueprint::Blueprint;
use crate::native::{Amounts, OperatorCounts, TrainingPart};
use crate::run::bench::bound::{Bound, Load, bounds};
use crate::run::bench::work::Work;
use crate::run::compute::ComputeSetup;
use crate::train::{DeviceSplit, Phase, PhaseCounts, Settings};

/// What was counted.
#[derive(Clone, Debug, Serialize)]
pub struct CountReport {
    /// The device's name.
    pub device: String,
    /// How it computes.
    pub compute: Settings,
    /// k.
    pub frozen_layers: usize,
    /// Whether what the frozen layers give is kept, for steps and for evaluation.
    pub kept: [bool; 2],
    /// Images in a step.
    pub images_per_step: usize,
    /// Steps of an epoch on batches of so many.
    pub whole_steps: usize,
    /// A training step on a whole batch, operator by operator.
    pub step: WorkCount,
    /// An epoch with an evaluation of every split.
    pub epoch: WorkCount,
    /// The least time that it takes on some GPUs, by their published figures: computed, never measured.
    pub bound_not_measured: Vec<Bound>,
    /// What the phase had to say.
    pub notes: Vec<String>,
}

/// What a step or an epoch asks for.
#[derive(Clone, Debug, Serialize)]
pub struct WorkCount {
    /// By part; those that ask for nothing are left out.
    pub parts: BTreeMap<TrainingPart, PartWork>,
    /// Operators that launch work.
    pub launches: i64,
    /// Those outside forward and backward.
    pub launches_outside: i64,
    /// Floating-point operations of convolutions, matrix products and attention; two for a multiply-add.
    pub flops: u64,
    /// Bytes of the inputs and the outputs of operators that launch work.
    pub moved_bytes: i64,
    /// The most bytes that were held beyond those at the start.
    pub peak_bytes: u64,
}

impl WorkCount {
    fn load(&self) -> Load {
        Load { flops: self.flops, moved_bytes: self.moved_bytes }
    }
}

/// What a part asks for.
#[derive(Clone, Debug, Serialize)]
pub struct PartWork {
    /// Operators, waits, uploads, bytes.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// Floating-point operations.
    pub flops: u64,
}

/// Counts the target's phase of a spec.
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
