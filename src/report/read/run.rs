//! Reads one run.

use std::path::Path;

use super::curves::Curves;
use super::frozen_layers::FrozenLayers;
use super::measure::{Measure, RunMeasure, View};
use super::similarity::SimilarityFacts;
use super::values::{self, ParsedSpec, SeedValues};
use crate::analysis::{self, INTERPOLATION_EPSILON, Interpolation, Point, Regime};
use crate::rundir::{self, BranchRow, Length, Record, RunDirectory, SpecValues, Status, Summary};
use crate::spec::{FINAL_EPOCHS, HalfLife};

const HALF_LIFE: &str = "evaluate.averaged_half_life";

/// A finished run.
#[derive(Clone, Debug)]
pub(in crate::report) struct Run {
    pub(in crate::report) directory: RunDirectory,
    /// Its path relative to the given folder, for messages.
    pub(in crate::report) place: String,
    /// The keys of its setting, without seeds and frozen layers.
    pub(in crate::report) values: SpecValues,
    pub(in crate::report) seeds: SeedValues,
    /// How its controls were measured.
    pub(in crate::report) measurements: SpecValues,
    /// The key of its schedule of evaluations, if its spec says so.
    pub(in crate::report) schedule: Option<String>,
    pub(in crate::report) frozen: FrozenLayers,
    /// n.
    pub(in crate::report) train_examples: Option<usize>,
    pub(in crate::report) test_examples: Option<usize>,
    pub(in crate::report) curves: Curves,
    pub(in crate::report) summary: Summary,
    pub(in crate::report) branches: Vec<BranchRow>,
    pub(in crate::report) similarity: Option<SimilarityFacts>,
    pub(in crate::report) environment: MadeOn,
    /// The hash of its source, if it has a trained one.
    pub(in crate::report) source_hash: Option<String>,
    /// Its budget.
    pub(in crate::report) length: Length,
}

/// The device and versions that a run was made with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct MadeOn {
    pub(in crate::report) device: String,
    pub(in crate::report) threads: usize,
    pub(in crate::report) freezewise: String,
    pub(in crate::report) libtorch: String,
    pub(in crate::report) arithmetic: String,
}

impl Run {
    /// Reads a directory. The error is the reason to leave it out.
    pub(in crate::report) fn read(directory: RunDirectory, place: String) -> Result<Self, String> {
        let record = Record::read(&directory).map_err(|error| format!("{error:#}"))?;
        let record = record.ok_or_else(|| first_line(&directory.error()))?;
        check_finished(&record)?;
        let text = std::fs::read_to_string(directory.spec());
        let text = text.map_err(|error| format!("cannot read `spec.toml`: {error}"))?;
        let ParsedSpec { values, seeds, measurements, schedule } = values::parse(&text)?;
        let mut curves = Curves::read(&directory.metrics())?;
        let settled = averaged_from(&measurements, &record);
        for measure in [Measure::TestAveraged, Measure::TrainAveraged] {
            curves.cut_before(measure, settled);
        }
        if curves.last_epoch != record.length.epochs {
            let (found, budget) = (curves.last_epoch, record.length.epochs);
            return Err(format!("`metrics.csv` ends at epoch {found}, but the budget is {budget} epochs"));
        }
        if curves.of(Measure::Test).is_empty() {
            return Err("`metrics.csv` has no test error".to_owned());
        }
        let mut summary = Summary::read(&directory).unwrap_or_default();
        check_summary(&summary)?;
        if settled > curves.first_final_epoch() {
            summary.last_test_error_averaged = None;
        }
        let count = summary.frozen_layers.or_else(|| in_name(&directory.name(), 'k'));
        let count = count.ok_or("the number of frozen layers is neither in its summary nor in its name")?;
        let layers = |transfer: &rundir::TransferReport| transfer.copied.len() + transfer.new.len() - 1;
        let all = record.transfer.as_ref().filter(|transfer| !transfer.new.is_empty()).map(layers);
        let branches = directory.branches();
        let branches = if branches.is_file() { rundir::read(&branches).unwrap_or_default() } else { Vec::new() };
        Ok(Self {
            place,
            values,
            seeds,
            measurements,
            schedule,
            frozen: FrozenLayers { count, all },
            train_examples: summary.train_examples.or_else(|| in_name(&directory.name(), 'n')),
            test_examples: record.data.as_ref().map(|data| data.test_examples),
            curves,
            summary,
            branches,
            similarity: SimilarityFacts::read(&directory),
            environment: made_on(&record),
            source_hash: record.source_hash,
            length: record.length,
            directory,
        })
    }

    /// A measure of the run, if available. What a summary from an older version lacks is computed from the curves.
    pub(in crate::report) fn outcome(&self, outcome: RunMeasure) -> Option<f64> {
        let (curves, last) = (&self.curves, self.curves.last_epoch);
        let branch = || self.branches.iter().find(|row| row.epoch == last);
        match outcome {
            RunMeasure::Last => self.summary.last_test_error.or_else(|| final_mean(curves, Measure::Test)),
            RunMeasure::LastAveraged => {
                self.summary.last_test_error_averaged.or_else(|| final_mean(curves, Measure::TestAveraged))
            }
            RunMeasure::ValidationSelected => self.summary.validation_selected_test_error,
            RunMeasure::OracleMin => self
                .summary
                .oracle_min_test_error
                .or_else(|| curves.of(Measure::Test).iter().map(|point| point.error).min_by(f64::total_cmp)),
            RunMeasure::LastTrain => {
                self.summary.last_train_error.or_else(|| Some(curves.of(Measure::Train).last()?.error))
            }
            RunMeasure::Annealed => branch()?.anneal_test_error,
            RunMeasure::Refitted => branch()?.refit_test_error,
        }
    }

    /// Train error by epoch, including the end of the budget if the schedule of evaluations skipped it.
    pub(in crate::report) fn train_curve(&self) -> Vec<Point> {
        let mut curve = self.curves.of(Measure::Train).to_vec();
        let last = self.curves.last_epoch;
        if curve.last().is_none_or(|point| point.epoch < last)
            && let Some(error) = self.summary.last_train_error
        {
            curve.push(Point { epoch: last, error });
        }
        curve
    }

    /// Its regime, under its training procedure and budget; from the curve, because an older version may have written
    /// another into the summary.
    pub(in crate::report) fn regime(&self) -> Regime {
        analysis::regime(&self.train_curve())
    }

    /// Test error by epoch.
    pub(in crate::report) fn test_errors(&self, view: View) -> Vec<Point> {
        match view {
            View::Raw => self.curves.of(Measure::Test).to_vec(),
            View::Averaged => self.curves.of(Measure::TestAveraged).to_vec(),
            View::Annealed => self.branch_curve(|row| row.anneal_test_error),
            View::Refitted => self.branch_curve(|row| row.refit_test_error),
            View::Validation => self.curves.of(Measure::Validation).to_vec(),
        }
    }

    /// Train error by epoch; empty for validation.
    pub(in crate::report) fn train_errors(&self, view: View) -> Vec<Point> {
        match view {
            View::Raw => self.train_curve(),
            View::Averaged => self.curves.of(Measure::TrainAveraged).to_vec(),
            View::Annealed => self.branch_curve(|row| row.anneal_train_error),
            View::Refitted => self.branch_curve(|row| row.refit_train_error),
            View::Validation => Vec::new(),
        }
    }

    fn branch_curve(&self, error: impl Fn(&BranchRow) -> Option<f64>) -> Vec<Point> {
        let point = |row: &BranchRow| Some(Point { epoch: row.epoch, error: error(row)? });
        let mut points: Vec<Point> = self.branches.iter().filter_map(point).collect();
        points.sort_by_key(|point| point.epoch);
        points
    }

    /// Whether averaged weights were measured, settled or not.
    pub(in crate::report) fn is_averaged(&self) -> bool {
        let asked = self.measurements.get(HALF_LIFE).is_some_and(|half_life| !half_life.is_empty());
        asked || !self.curves.of(Measure::TestAveraged).is_empty()
    }

    /// Removes the errors of averaged weights.
    pub(in crate::report) fn forget_averaged(&mut self) {
        self.curves.forget(Measure::TestAveraged);
        self.curves.forget(Measure::TrainAveraged);
        self.summary.last_test_error_averaged = None;
    }

    /// Removes the errors of anneal branches.
    pub(in crate::report) fn forget_annealed(&mut self) {
        for row in &mut self.branches {
            (row.anneal_train_error, row.anneal_test_loss, row.anneal_test_error) = (None, None, None);
        }
    }

    /// The amount of measurements, to choose between two copies of a run.
    pub(in crate::report) fn measured(&self) -> (usize, usize) {
        let points = Measure::ALL.iter().map(|measure| self.curves.of(*measure).len()).sum();
        (points, self.branches.len())
    }

    /// The epochs at which it first interpolates, and from which on.
    pub(in crate::report) fn interpolation(&self) -> Interpolation {
        analysis::interpolation(&self.train_curve(), INTERPOLATION_EPSILON)
    }

    /// The mean train error of the last five epochs, if it was measured after each.
    pub(in crate::report) fn final_train_error(&self) -> Option<f64> {
        let wanted = FINAL_EPOCHS.min(self.curves.last_epoch) as usize;
        let is_final = |point: &&Point| point.epoch >= self.curves.first_final_epoch();
        let measured = self.curves.of(Measure::Train).iter().filter(is_final).count();
        (measured == wanted).then(|| final_mean(&self.curves, Measure::Train)).flatten()
    }
}

/// The first epoch at which averaged weights have settled; 0 if the half-life is unknown.
fn averaged_from(measurements: &SpecValues, record: &Record) -> u64 {
    let half_life = measurements.get(HALF_LIFE).and_then(|text| {
        // As in a spec: a whole number of steps, or a share of the budget.
        let steps = text.parse::<u64>().map(HalfLife::Steps).ok();
        steps.or_else(|| text.parse::<f64>().map(HalfLife::Share).ok())
    });
    let steps = half_life.map_or(0.0, |half_life| HalfLife::SETTLED * half_life.steps(record.length.steps));
    let per_epoch = record.length.steps as f64 / record.length.epochs.max(1) as f64;
    if per_epoch > 0.0 { (steps / per_epoch).ceil() as u64 } else { 0 }
}

fn check_finished(record: &Record) -> Result<(), String> {
    let reason = || record.reason.as_deref().unwrap_or("no reason was recorded").lines().next().unwrap_or_default();
    match record.status {
        Status::Finished => Ok(()),
        Status::Running => Err("still running, or ended without a recorded exit status".to_owned()),
        Status::Stopped => Err("stopped before the end of its budget".to_owned()),
        Status::Diverged => Err(format!("diverged: {}", reason())),
        Status::Failed => Err(format!("failed: {}", reason())),
    }
}

/// An error if a value of the summary is not an error rate.
fn check_summary(summary: &Summary) -> Result<(), String> {
    let errors = [
        ("last_test_error", summary.last_test_error),
        ("last_test_error_averaged", summary.last_test_error_averaged),
        ("last_train_error", summary.last_train_error),
        ("oracle_min_test_error", summary.oracle_min_test_error),
        ("validation_selected_test_error", summary.validation_selected_test_error),
    ];
    let wrong = errors.into_iter().find(|(_, error)| error.is_some_and(|error| !(0.0..=1.0).contains(&error)));
    wrong.map_or(Ok(()), |(name, _)| Err(format!("`{name}` of `summary.json` is not in [0, 1]")))
}

fn first_line(error: &Path) -> String {
    let text = std::fs::read_to_string(error).unwrap_or_default();
    text.lines().next().map_or_else(|| "no `run.json`".to_owned(), |line| format!("failed: {line}"))
}

/// The mean over the evaluations in the last five epochs, without epoch 0.
fn final_mean(curves: &Curves, measure: Measure) -> Option<f64> {
    let is_final = |point: &&Point| point.epoch >= curves.first_final_epoch();
    let errors: Vec<f64> = curves.of(measure).iter().filter(is_final).map(|point| point.error).collect();
    (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
}

/// A fact in a directory's name, such as `k4-n4000-s0-…`.
fn in_name(name: &str, letter: char) -> Option<usize> {
    name.split('-').take(3).find_map(|part| part.strip_prefix(letter)?.parse().ok())
}

fn made_on(record: &Record) -> MadeOn {
    let cpu = || if record.cpu.is_empty() { "cpu".to_owned() } else { format!("cpu: {}", record.cpu) };
    MadeOn {
        device: if record.device == "cpu" { cpu() } else { record.device.clone() },
        threads: record.threads,
        freezewise: record.freezewise.clone(),
        libtorch: record.libtorch.clone(),
        arithmetic: record.compute.map(|compute| compute.sentence()).unwrap_or_default(),
    }
}
