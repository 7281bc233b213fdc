//! `summary.json`: what the curves of a run show, by `analysis`, beside the counts of parameters.

use serde::{Deserialize, Serialize};

use super::metrics::Row;
use crate::analysis::{self, Bump, INTERPOLATION_EPSILON, Interpolation, Point, Regime};
use crate::spec::Experiment;
use crate::train::FINAL_EPOCHS;

/// Batch norm's running statistics lag at first; bumps are looked for after so many steps.
const SETTLED_STEPS: u64 = 50;

/// The summary of a run. Errors are fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// k.
    pub frozen_layers: usize,
    /// n.
    pub train_examples: usize,
    /// C.
    pub classes: usize,
    /// The share of training labels that is wrong.
    pub label_noise_realised: f64,
    /// Epochs trained.
    pub epochs: u64,
    /// Steps trained.
    pub steps: u64,
    /// At the end.
    pub last_train_error: f64,
    /// Mean over the evaluations in the last five epochs.
    pub last_test_error: f64,
    /// The least test error of any evaluation, which only the test set can tell: an oracle, not a result.
    pub oracle_min_test_error: f64,
    /// Its epoch.
    pub oracle_min_epoch: u64,
    /// The test error at the epoch of the least validation error, the first such; absent without validation examples.
    #[serde(default)]
    pub validation_selected_test_error: Option<f64>,
    /// That epoch.
    #[serde(default)]
    pub validation_selected_epoch: Option<u64>,
    /// The epoch from which on the training labels are fitted, sustained, within 1%.
    pub interpolation_epoch: Option<u64>,
    /// The same for three thresholds, first and sustained.
    pub interpolation: Vec<Interpolation>,
    /// Over, under or undecided, under this procedure and budget.
    pub regime: Regime,
    /// The raw test error's largest fall, rise and fall: a description of one curve, not evidence of double descent.
    pub largest_bump: Option<Bump>,
    /// Parameters that train.
    pub trainable_parameters: u64,
    /// The same, the network's linear tail counted by its rank at this image size.
    #[serde(default)]
    pub collapsed_parameters: u64,
    /// n times C.
    pub examples_times_classes: u64,
    /// Their ratio: a heuristic of order of magnitude.
    pub parameters_per_example_and_class: f64,
}

impl Summary {
    /// Sums up the rows of a run, which hold at least the evaluation of the last epoch.
    pub(super) fn new(experiment: &Experiment, rows: &[Row], label_noise_realised: f64) -> Option<Self> {
        // What the schedule did not ask for is there for the last errors alone: verdicts on the curve would else change
        // with five crowded points at its end.
        let scheduled = || rows.iter().filter(|row| experiment.evaluation.has(row.epoch));
        let train = curve(rows.iter().filter(|row| experiment.evaluation.has_train(row.epoch)), |row| row.train_error);
        let last = rows.last()?;
        // Epoch 0 is before the first step, and part of no budget.
        let is_final = |epoch: u64| epoch > 0 && epoch + FINAL_EPOCHS > last.epoch;
        // The last epochs of a shorter budget were evaluated too, and are no part of this one.
        let wanted = || rows.iter().filter(|row| experiment.evaluation.has(row.epoch) || is_final(row.epoch));
        let test = curve(wanted(), |row| row.test_error);
        let final_errors: Vec<f64> =
            test.iter().filter(|point| is_final(point.epoch)).map(|point| point.error).collect();
        let oracle = test.iter().min_by(|one, other| one.error.total_cmp(&other.error))?;
        let selected = wanted()
            .filter(|row| row.test_error.is_some())
            .filter_map(|row| Some((row.validation_error?, row)))
            .min_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, row)| row);
        let settled: Vec<Point> = curve(scheduled().filter(|row| row.step >= SETTLED_STEPS), |row| row.test_error);
        let target = &experiment.target;
        let (blueprint, frozen) = (experiment.blueprint(target), &experiment.transfer.frozen);
        let trainable = blueprint.trainable_parameters(frozen);
        let examples_times_classes = (target.train_size * target.classes) as u64;
        let at = |epsilon| analysis::interpolation(&train, epsilon);
        Some(Self {
            frozen_layers: frozen.count(),
            train_examples: target.train_size,
            classes: target.classes,
            label_noise_realised,
            epochs: last.epoch,
            steps: last.step,
            last_train_error: last.train_error?,
            last_test_error: final_errors.iter().sum::<f64>() / final_errors.len() as f64,
            oracle_min_test_error: oracle.error,
            oracle_min_epoch: oracle.epoch,
            validation_selected_test_error: selected.and_then(|row| row.test_error),
            validation_selected_epoch: selected.map(|row| row.epoch),
            interpolation_epoch: at(INTERPOLATION_EPSILON).sustained_epoch,
            interpolation: [0.1, 0.01, 0.001].map(at).to_vec(),
            regime: analysis::regime(&train),
            largest_bump: analysis::largest_bump(&settled),
            trainable_parameters: trainable,
            collapsed_parameters: blueprint.collapsed_parameters(frozen),
            examples_times_classes,
            parameters_per_example_and_class: trainable as f64 / examples_times_classes as f64,
        })
    }
}

fn curve<'a>(rows: impl IntoIterator<Item = &'a Row>, error: impl Fn(&Row) -> Option<f64>) -> Vec<Point> {
    rows.into_iter().filter_map(|row| Some(Point { epoch: row.epoch, error: error(row)? })).collect()
}
