//! `summary.json`: what the curves of a run show (by `analysis`), and parameter counts.

use serde::{Deserialize, Serialize};

use super::directory::RunDirectory;
use super::record::lenient;
use crate::analysis::{self, Bump, INTERPOLATION_EPSILON, Interpolation, Point, Regime, Spike};
use crate::metrics::Metrics;
use crate::spec::{Experiment, FINAL_EPOCHS};

/// Running statistics of batch norm lag at first, so bumps are searched only after this many steps.
pub const SETTLED_STEPS: u64 = 50;

/// The summary of a run. Errors are fractions. A field is `None` if it was not measured, or if the version that wrote
/// the file did not know it; such a summary is still valid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Number k of frozen layers.
    pub frozen_layers: Option<usize>,
    /// Number n of training examples.
    pub train_examples: Option<usize>,
    /// Number C of classes.
    pub classes: Option<usize>,
    /// Fraction of training labels that are wrong.
    pub label_noise_realised: Option<f64>,
    /// Epochs trained.
    pub epochs: u64,
    /// Optimizer steps made.
    pub steps: u64,
    /// Train error after the last epoch.
    pub last_train_error: Option<f64>,
    /// Mean test error over the evaluations in the last five epochs.
    pub last_test_error: Option<f64>,
    /// Smallest test error of any evaluation. It is selected on the test set: an oracle, not a result.
    pub oracle_min_test_error: Option<f64>,
    /// Epoch of the smallest test error.
    pub oracle_min_epoch: Option<u64>,
    /// Test error at the (first) epoch with the smallest validation error; `None` without validation examples.
    pub validation_selected_test_error: Option<f64>,
    /// That epoch.
    pub validation_selected_epoch: Option<u64>,
    /// Fraction of validation labels that are wrong: 0 if the epoch is selected by true labels; `None` without
    /// validation examples.
    pub validation_noise_realised: Option<f64>,
    /// First epoch of sustained interpolation: train error at most 1%.
    pub interpolation_epoch: Option<u64>,
    /// First and sustained interpolation for three thresholds.
    #[serde(deserialize_with = "lenient")]
    pub interpolation: Option<Vec<Interpolation>>,
    /// Over, under or undecided, under this procedure and budget.
    #[serde(deserialize_with = "lenient")]
    pub regime: Option<Regime>,
    /// The largest fall, rise and fall of the raw test error. It describes one curve and is not evidence of double
    /// descent.
    #[serde(deserialize_with = "lenient")]
    pub largest_bump: Option<Bump>,
    /// Spikes of the optimizer: train error had interpolated, jumped, and returned.
    #[serde(deserialize_with = "lenient")]
    pub spikes: Option<Vec<Spike>>,
    /// Half-life of averaged weights, in steps; `None` if not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub averaged_half_life: Option<f64>,
    /// Like `last_test_error`, for averaged weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_test_error_averaged: Option<f64>,
    /// Number of trainable parameters.
    pub trainable_parameters: Option<u64>,
    /// The same, with the network's linear tail counted by its rank at this image size.
    pub collapsed_parameters: Option<u64>,
    /// n times C.
    pub examples_times_classes: Option<u64>,
    /// Trainable parameters per example and class: an order-of-magnitude heuristic.
    pub parameters_per_example_and_class: Option<f64>,
}

impl Summary {
    /// The summary in a directory, if there is a valid one.
    pub fn read(directory: &RunDirectory) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(directory.summary()).ok()?).ok()
    }

    /// Summarises the rows of a run, which must include the evaluation of the last epoch. Leaves out what rows do not
    /// contain, `validation_noise_realised`.
    pub fn new(experiment: &Experiment, rows: &[Metrics], label_noise_realised: f64) -> Option<Self> {
        // Evaluations outside the schedule only serve the last errors: otherwise five crowded points at the end of the
        // curve would change the largest bump.
        let scheduled = || rows.iter().filter(|row| experiment.evaluation.has(row.epoch));
        let last = rows.last()?;
        // The end of the budget counts as one more point, so that a verdict never contradicts the last train error.
        let measured = |row: &&Metrics| experiment.evaluation.has_train(row.epoch) || row.epoch == last.epoch;
        let train = curve(rows.iter().filter(measured), |row| row.train_error);
        // Epoch 0 is before the first step, and not part of any budget.
        let is_final = |epoch: u64| epoch > 0 && epoch + FINAL_EPOCHS > last.epoch;
        // The last epochs of a shorter budget were evaluated too, but are not part of this one.
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
            frozen_layers: Some(frozen.count()),
            train_examples: Some(target.train_size),
            classes: Some(target.classes),
            label_noise_realised: Some(label_noise_realised),
            epochs: last.epoch,
            steps: last.step,
            last_train_error: Some(last.train_error?),
            last_test_error: Some(final_errors.iter().sum::<f64>() / final_errors.len() as f64),
            oracle_min_test_error: Some(oracle.error),
            oracle_min_epoch: Some(oracle.epoch),
            validation_selected_test_error: selected.and_then(|row| row.test_error),
            validation_selected_epoch: selected.map(|row| row.epoch),
            validation_noise_realised: None,
            interpolation_epoch: at(INTERPOLATION_EPSILON).sustained_epoch,
            interpolation: Some([0.1, 0.01, 0.001].map(at).to_vec()),
            regime: Some(analysis::regime(&train)),
            largest_bump: analysis::largest_bump(&settled),
            spikes: Some(analysis::spikes(&train, INTERPOLATION_EPSILON)),
            averaged_half_life: experiment.evaluation.extra.averaging.map(|half_life| half_life.steps(last.step)),
            last_test_error_averaged: mean(rows.iter().filter(|row| is_final(row.epoch)), |row| {
                row.test_error_averaged
            }),
            trainable_parameters: Some(trainable),
            collapsed_parameters: Some(blueprint.collapsed_parameters(frozen)),
            examples_times_classes: Some(examples_times_classes),
            parameters_per_example_and_class: Some(trainable as f64 / examples_times_classes as f64),
        })
    }
}

/// The mean of a measure over the rows that have it.
fn mean<'a>(rows: impl Iterator<Item = &'a Metrics>, measure: impl Fn(&Metrics) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = rows.filter_map(measure).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn curve<'a>(rows: impl IntoIterator<Item = &'a Metrics>, error: impl Fn(&Metrics) -> Option<f64>) -> Vec<Point> {
    rows.into_iter().filter_map(|row| Some(Point { epoch: row.epoch, error: error(row)? })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Facts;
    use crate::spec::{Notation, Question, Spec, Survey, Text};

    struct NoOne;

    impl Survey for NoOne {
        fn facts(&self, _: &Question<'_>) -> anyhow::Result<Option<Facts>> {
            Ok(None)
        }
    }

    /// The summary of train errors by epoch, with evaluations scheduled every hundred epochs.
    fn summary(train_errors: &[(u64, f64)]) -> Summary {
        let text = "[target]\ndataset = \"synthetic\"\ntrain_size = 8\n[target.train]\nepochs = 1\n\
                    [evaluate]\nevery = 100\n";
        let written = Text { file: "spec.toml", name: "spec", text, notation: Notation::Toml };
        let spec = Spec::parse(written, &[], &NoOne).expect("a spec");
        let row = |&(epoch, error): &(u64, f64)| Metrics {
            epoch,
            step: epoch,
            train_error: Some(error),
            test_error: Some(0.5),
            ..Metrics::default()
        };
        let rows: Vec<Metrics> = train_errors.iter().map(row).collect();
        Summary::new(&spec.experiment, &rows, 0.0).expect("a summary")
    }

    #[test]
    fn verdicts_match_the_last_train_error() {
        let fitted = summary(&[(0, 0.9), (100, 0.01), (150, 0.0)]);
        assert_eq!((fitted.last_train_error, fitted.interpolation_epoch), (Some(0.0), Some(100)));
        assert_eq!(fitted.regime, Some(Regime::Over));
        let at_the_end = summary(&[(0, 0.9), (100, 0.3), (150, 0.0)]);
        assert_eq!((at_the_end.interpolation_epoch, at_the_end.regime), (None, Some(Regime::Undecided)));
        let spiked = summary(&[(0, 0.9), (100, 0.0), (150, 0.2)]);
        assert_eq!((spiked.interpolation_epoch, spiked.regime), (None, Some(Regime::Undecided)));
    }

    #[test]
    fn the_end_of_an_earlier_budget_is_not_part_of_the_curve() {
        let extended = summary(&[(0, 0.9), (50, 0.0), (100, 0.3), (150, 0.2)]);
        assert_eq!(extended.interpolation, summary(&[(0, 0.9), (100, 0.3), (150, 0.2)]).interpolation);
    }
}
