//! A task; its table resolved: data, selection and training.

use serde::{Deserialize, Serialize};

use super::data::{self, Data, Side};
use super::image_fit::Fit;
use super::labels::{self, Labelling, Noise};
use super::report::ProblemReport;
use super::selection::{self, Selection};
use super::size::{self, Draw};
use super::survey::{Question, Survey};
use super::training::{self, Training};
use super::written;
use crate::blueprint::ImageShape;
use crate::catalogue::{ELSEWHERE, Facts};
use crate::text;

/// A data set, the part of it to use, and how to train on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Where the images come from.
    pub data: Data,
    /// Which classes and which part of the data set.
    pub selection: Selection,
    /// Number C of classes.
    pub classes: usize,
    /// Number of training examples of the selected classes and part, including those held out for validation.
    pub pool: usize,
    /// Number n of training examples to draw.
    pub train_size: usize,
    /// How they are drawn.
    pub draw: Draw,
    /// Number of test examples.
    pub test_size: usize,
    /// Number of examples held out for validation.
    pub validation_size: usize,
    /// Fraction of validation labels to corrupt.
    pub validation_noise: f64,
    /// Which labels the examples have before any is corrupted.
    pub labelling: Labelling,
    /// Fraction of training labels to corrupt.
    pub label_noise: f64,
    /// What replaces corrupted labels.
    pub noise: Noise,
    /// Normalisation of pixels.
    pub normalise: Normalise,
    /// How to train.
    pub training: Training,
    /// Seeds of the task's random streams.
    pub seeds: Seeds,
}

/// How pixels are normalised.
#[derive(Clone, Debug, PartialEq)]
pub enum Normalise {
    /// By mean and deviation of the task's own training examples.
    Subset,
    /// By those of the source's training examples.
    Source,
    /// By given values per channel, for pixels in [0, 1].
    Given {
        /// Mean of each channel.
        mean: Vec<f64>,
        /// Standard deviation of each channel.
        deviation: Vec<f64>,
    },
}

/// Mean and standard deviation by which each channel is normalised, for pixels in [0, 1].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of each channel.
    pub mean: Vec<f64>,
    /// Population standard deviation of each channel.
    pub deviation: Vec<f64>,
}

/// Seeds of a task's random streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Initial weights.
    pub initial: u64,
    /// Draw of training examples.
    pub subset: u64,
    /// Label noise.
    pub noise: u64,
    /// Order of examples.
    pub order: u64,
    /// Augmentation.
    pub augment: u64,
    /// Dropout.
    pub dropout: u64,
}

/// What the resolution of both tasks shares.
pub(super) struct Context<'a> {
    pub(super) spec: &'a written::Written,
    pub(super) survey: &'a dyn Survey,
    pub(super) fit: Fit,
}

/// A task, and the known facts about its data.
pub(super) struct KnownTask {
    pub(super) task: Task,
    pub(super) facts: Facts,
}

impl Context<'_> {
    /// Resolves a filled table.
    pub(super) fn task(
        &self,
        task: &written::Task,
        side: Side,
        seeds: Seeds,
        report: &mut ProblemReport<'_>,
    ) -> KnownTask {
        let prefix = side.name();
        let data = data::data(self.spec, task, side, report);
        let facts = self.facts(&data, prefix, report);
        let selection = selection::selection(task, &facts, prefix, report);
        let examples = size::train_size(task, &selection, &facts, prefix, report);
        let training = training::training(&task.train, examples.drawn, &format!("{prefix}.train"), report);
        let task = Task {
            noise: labels::noise(task, prefix, report),
            normalise: self.normalise(task, side, report),
            data,
            classes: selection.label_count(),
            pool: examples.pool,
            train_size: examples.drawn,
            draw: examples.draw,
            test_size: test_size(&selection, &facts),
            validation_size: task.validation_size as usize,
            validation_noise: task.validation_noise,
            labelling: labels::labelling(task, prefix, report),
            selection,
            label_noise: task.label_noise,
            training,
            seeds,
        };
        KnownTask { task, facts }
    }

    /// Facts about the data, from the catalogue or from disk.
    fn facts(&self, data: &Data, prefix: &str, report: &mut ProblemReport<'_>) -> Facts {
        let classes = if let Data::Synthetic(images) = data { images.classes } else { 0 };
        let known = Facts::known(data.dataset(), classes);
        // Image files may be damaged, whatever is published of them; one's own data without a place were complained of.
        let is_known = match data.path() {
            Some(path) => path.as_os_str().is_empty(),
            None => !data.dataset().has_image_files(),
        };
        if is_known {
            return known.unwrap_or_else(stand_in);
        }
        let side = self.spec.image_size.map(|side| side as usize);
        match self.survey.facts(&Question { data, side, fit: self.fit }) {
            Ok(Some(facts)) => return facts,
            Ok(None) if self.survey.may_be_absent(&data.name()) => {}
            Ok(None) => {
                let own = data.path().map_or_else(|| data.name(), |path| path.display().to_string());
                let hint = text::foreign_path(&own).map(str::to_owned).or_else(|| self.survey.packed(data));
                let hint = hint.unwrap_or_else(|| {
                    let fetch = data.dataset().entry().map(|entry| entry.fetch() + "\n    ");
                    fetch.unwrap_or_default() + ELSEWHERE
                });
                report.add_of_data(&format!("{prefix}.dataset"), format!("`{own}` is not in the data folder"), hint);
            }
            Err(error) => {
                let hint = error.downcast_ref::<crate::error::UserError>().map(|error| error.hints().join("\n    "));
                report.add_of_data(&format!("{prefix}.dataset"), format!("{error:#}"), hint.unwrap_or_default());
            }
        }
        known.unwrap_or_else(stand_in)
    }

    fn normalise(&self, task: &written::Task, side: Side, report: &mut ProblemReport<'_>) -> Normalise {
        let prefix = side.name();
        let given = task.normalisation == Some(written::Normalise::Given);
        for (key, list) in [
            ("normalisation_mean", &task.normalisation_mean),
            ("normalisation_deviation", &task.normalisation_deviation),
        ] {
            if given != list.is_some() {
                let (has, needs) = if given {
                    ("needs", "set one number per channel")
                } else {
                    ("is required by", "set it, or remove the key")
                };
                report.add(&format!("{prefix}.{key}"), format!("`normalisation = \"given\"` {has} `{key}`"), needs);
            }
            if given && list.as_ref().is_some_and(Vec::is_empty) {
                report.add(&format!("{prefix}.{key}"), format!("`{key}` is empty"), "set one number per channel");
            }
            let deviation = key.ends_with("deviation");
            if list.iter().flatten().any(|&value| !(0.0..=1.0).contains(&value) || (deviation && value == 0.0)) {
                report.add(
                    &format!("{prefix}.{key}"),
                    format!("`{key}` is outside the range of pixel values"),
                    "pixel values range from 0 to 1, and a deviation is above 0",
                );
            }
        }
        let trained = self.spec.source.as_ref().is_some_and(|source| source.weights.is_none());
        match task.normalisation {
            Some(written::Normalise::Given) => Normalise::Given {
                mean: task.normalisation_mean.clone().unwrap_or_default(),
                deviation: task.normalisation_deviation.clone().unwrap_or_default(),
            },
            Some(written::Normalise::Source) => {
                if side == Side::Source || !trained {
                    let message =
                        "`normalisation = \"source\"` needs a target with a source that is trained, not loaded";
                    report.add(
                        &format!("{prefix}.normalisation"),
                        message,
                        "with `source.weights`, use `given` and the values that the weights were trained with",
                    );
                }
                Normalise::Source
            }
            Some(written::Normalise::Subset) | None => Normalise::Subset,
        }
    }
}

/// Number of test examples of the selected classes.
fn test_size(selection: &Selection, facts: &Facts) -> usize {
    match &facts.test_per_class {
        Some(sizes) => selection.classes.iter().map(|&class| sizes[class]).sum(),
        None => facts.test_size * selection.classes.len() / facts.class_count.max(1),
    }
}

/// Placeholder facts for data that cannot be inspected, chosen to pass every check. The number of training examples is
/// one more than a prime, so no batch size leaves a last batch of one.
fn stand_in() -> Facts {
    Facts {
        shape: ImageShape { channels: 3, height: 32, width: 32 },
        class_count: 1000,
        classes: None,
        superclasses: None,
        train_size: 1_000_000_008,
        test_size: 0,
        train_per_class: None,
        test_per_class: None,
        digest: None,
    }
}
