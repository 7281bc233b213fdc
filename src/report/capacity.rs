//! The capacity of each number of frozen layers, read from runs with several training-set sizes n.
//!
//! A setting is a set of runs that differ only in seeds, frozen layers and n. Keys of the training procedure that are a
//! function of n, such as a budget that keeps the number of steps, do not split it. Train error is taken where training
//! ended; if it was still falling there, capacity may be larger.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::read::{self, LeftOut, Run, is_in_use, moving};
use crate::analysis::{
    self, Capacity, CapacityOverSeeds, CapacityReading, Regime, SizedError, capacity_over_seeds, regime_at,
};
use crate::error::UserError;
use crate::text;

/// Confidence of the intervals over seeds.
const CONFIDENCE: f64 = 0.95;
/// The key of n.
const SIZE: &str = "target.train_size";
/// Tables of the training procedure, whose keys may be a function of n. Keys of the data may not.
const PROCEDURE: [&str; 2] = ["target.train.", "evaluate."];

/// Capacities of the runs in some directories.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapacityTable {
    /// ε, the threshold of train error.
    pub epsilon: f64,
    /// The keys that differ between settings.
    pub keys: Vec<String>,
    /// Keys whose value is a function of n.
    pub follow_n: Vec<String>,
    /// A row for each setting and number of frozen layers.
    pub rows: Vec<CapacityRow>,
    /// Runs that were not used, and why.
    pub left_out: Vec<String>,
}

/// One number of frozen layers in one setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapacityRow {
    /// k.
    pub frozen_layers: usize,
    /// The setting's values of `keys`; empty if it lacks one.
    pub values: Vec<String>,
    /// All n.
    pub sizes: Vec<usize>,
    /// Each seed.
    pub seeds: Vec<SeedCapacity>,
    /// Mean and interval of log n over seeds.
    pub over_seeds: CapacityOverSeeds,
    /// The capacity of the mean train error over seeds, at each n that all seeds have.
    pub of_mean_error: Option<CapacityReading>,
    /// The random streams that differ between its runs; the interval covers only these.
    pub moving: Vec<&'static str>,
}

/// One seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeedCapacity {
    /// Its label, such as `seed 3`.
    pub seed: String,
    /// Its capacity.
    #[serde(flatten)]
    pub reading: CapacityReading,
    /// Its train errors.
    pub errors: Vec<SizedError>,
    /// The n at which train error was above ε and had not levelled off, or has too few evaluations to tell. With a
    /// longer budget, capacity may be larger.
    pub undecided: Vec<usize>,
    /// The n that other seeds of the row have and this one lacks.
    pub missing: Vec<usize>,
    /// Mean gradient norm of the last epoch at the n above the crossing, if `evaluate.norms` was on.
    pub gradient_norm: Option<f64>,
}

impl CapacityRow {
    /// Whether train error had levelled off for every seed and n above ε.
    pub fn is_converged(&self) -> bool {
        self.seeds.iter().all(|seed| seed.undecided.is_empty())
    }

    /// The n at which it had not for some seed.
    pub fn undecided(&self) -> BTreeSet<usize> {
        self.seeds.iter().flat_map(|seed| seed.undecided.iter().copied()).collect()
    }
}

/// A setting's values, and k.
type CellKey = (Vec<String>, usize);
/// The runs of a cell, by seed and n.
type SeedCurves = BTreeMap<String, BTreeMap<usize, Run>>;

/// Reads the capacities of the runs in some folders, for the threshold `epsilon` of train error.
pub fn capacities(folders: &[&Path], epsilon: f64) -> Result<CapacityTable> {
    let read::ReadRuns { runs, mut left_out, .. } = read::read(folders)?;
    let mut sized: Vec<(usize, Run)> = Vec::new();
    for run in runs {
        match run.train_examples {
            Some(n) => sized.push((n, run)),
            None => left_out.push(LeftOut { place: run.place, reason: "its n is unknown".to_owned() }),
        }
    }
    let (keys, follow_n) = keys(&sized);
    let mut places: BTreeMap<CellKey, SeedCurves> = BTreeMap::new();
    for (n, run) in sized {
        let values = keys.iter().map(|key| run.values.get(key).cloned().unwrap_or_default()).collect();
        let sizes = places.entry((values, run.frozen.count)).or_default().entry(run.seeds.label()).or_default();
        if let std::collections::btree_map::Entry::Vacant(e) = sizes.entry(n) {
            e.insert(run);
        } else {
            let reason = format!("another run with n = {n} has the same seeds ({})", run.seeds.label());
            left_out.push(LeftOut { place: run.place, reason });
        }
    }
    let mut rows: Vec<CapacityRow> = Vec::new();
    for ((values, frozen_layers), seeds) in places {
        rows.extend(row(values, frozen_layers, &seeds, epsilon, &mut left_out));
    }
    rows.sort_by(|one, other| {
        let orders = one.values.iter().zip(&other.values).map(|(one, other)| text::natural(one, other));
        orders.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| one.frozen_layers.cmp(&other.frozen_layers))
    });
    left_out.sort();
    let left_out: Vec<String> = left_out.iter().map(|out| format!("{}: {}", out.place, out.reason)).collect();
    if rows.is_empty() {
        let error = UserError::new("none of the runs is finished and has a train error");
        return Err(left_out.into_iter().take(3).fold(error, UserError::hint).into());
    }
    Ok(CapacityTable { epsilon, keys, follow_n, rows, left_out })
}

/// The keys besides n that differ between runs: those that split settings, and those that are a function of n.
fn keys(runs: &[(usize, Run)]) -> (Vec<String>, Vec<String>) {
    let names: BTreeSet<&String> = runs.iter().flat_map(|(_, run)| run.values.keys()).collect();
    let differs = |key: &&&String| {
        let mut values = runs.iter().map(|(_, run)| run.values.get(**key));
        let first = values.next();
        **key != SIZE && values.any(|value| Some(value) != first)
    };
    let follows = |key: &String| {
        let mut by_size: BTreeMap<usize, Option<&String>> = BTreeMap::new();
        let of_procedure = PROCEDURE.iter().any(|table| key.starts_with(table));
        of_procedure
            && runs.iter().all(|(n, run)| *by_size.entry(*n).or_insert(run.values.get(key)) == run.values.get(key))
    };
    let (follow, apart): (Vec<String>, Vec<String>) =
        names.iter().filter(differs).map(|key| (*key).clone()).partition(follows);
    (apart, follow)
}

fn row(
    values: Vec<String>,
    frozen_layers: usize,
    by_seed: &SeedCurves,
    epsilon: f64,
    left_out: &mut Vec<LeftOut>,
) -> Option<CapacityRow> {
    let sizes: BTreeSet<usize> = by_seed.values().flat_map(|sizes| sizes.keys().copied()).collect();
    let mut seeds = Vec::new();
    for (seed, runs) in by_seed {
        match seed_capacity(seed, runs, &sizes, epsilon) {
            Ok(found) => seeds.push(found),
            Err(reason) => left_out.push(LeftOut { place: format!("k = {frozen_layers}, {seed}"), reason }),
        }
    }
    if seeds.is_empty() {
        return None;
    }
    seeds.sort_by(|one, other| text::natural(&one.seed, &other.seed));
    let capacities: Vec<Capacity> = seeds.iter().map(|seed| seed.reading.capacity).collect();
    let runs: Vec<&Run> = by_seed.values().flat_map(BTreeMap::values).collect();
    let mut moving = moving(&runs.iter().map(|run| &run.seeds));
    moving.retain(|purpose| runs.iter().any(|run| is_in_use(purpose, &run.values)));
    Some(CapacityRow {
        frozen_layers,
        values,
        of_mean_error: of_mean_error(&seeds, &sizes, epsilon),
        sizes: sizes.into_iter().collect(),
        over_seeds: capacity_over_seeds(&capacities, CONFIDENCE),
        seeds,
        moving,
    })
}

fn seed_capacity(
    seed: &str,
    runs: &BTreeMap<usize, Run>,
    sizes: &BTreeSet<usize>,
    epsilon: f64,
) -> Result<SeedCapacity, String> {
    let measured: Vec<(usize, f64, &Run)> =
        runs.iter().filter_map(|(&n, run)| Some((n, run.outcome(read::RunMeasure::LastTrain)?, run))).collect();
    let errors: Vec<SizedError> = measured.iter().map(|&(n, error, _)| SizedError { n, error }).collect();
    let reading = analysis::capacity(&errors, epsilon).map_err(|error| error.to_string())?;
    let undecided = measured
        .iter()
        .filter(|(_, error, run)| *error > epsilon && regime_at(&run.train_curve(), epsilon) == Regime::Undecided);
    let next = match reading.capacity {
        Capacity::Between { missed, .. } => missed,
        Capacity::Above { n } | Capacity::Below { n } => n,
    };
    Ok(SeedCapacity {
        seed: seed.to_owned(),
        reading,
        undecided: undecided.map(|(n, ..)| *n).collect(),
        missing: sizes.iter().copied().filter(|n| errors.iter().all(|point| point.n != *n)).collect(),
        gradient_norm: runs.get(&next).and_then(|run| run.directory.last_row()?.gradient_norm),
        errors,
    })
}

fn of_mean_error(seeds: &[SeedCapacity], sizes: &BTreeSet<usize>, epsilon: f64) -> Option<CapacityReading> {
    let mean = |n: usize| -> Option<SizedError> {
        let of = |seed: &SeedCapacity| seed.errors.iter().find(|point| point.n == n).map(|point| point.error);
        let errors = seeds.iter().map(of).collect::<Option<Vec<f64>>>()?;
        Some(SizedError { n, error: errors.iter().sum::<f64>() / errors.len() as f64 })
    };
    let means: Vec<SizedError> = sizes.iter().filter_map(|&n| mean(n)).collect();
    analysis::capacity(&means, epsilon).ok()
}
