//! Checks that the images are large enough for augmentation and batch norm.

use super::augment::Fill;
use super::experiment::Experiment;
use super::report::ProblemReport;
use super::source::Source;
use super::task::Task;
use super::training::Budget;
use super::transfer_choices::FrozenNorm;
use crate::blueprint::Blueprint;
use crate::text;

/// Reports every task whose images are too small.
pub(super) fn check(experiment: &Experiment, blueprint: Option<&Blueprint>, report: &mut ProblemReport<'_>) {
    let side = experiment.image.height.min(experiment.image.width);
    let source = match &experiment.source {
        Some(Source::Task(task)) => Some(("source", &**task)),
        Some(Source::Weights(_)) | None => None,
    };
    for (prefix, task) in [("target", &experiment.target)].into_iter().chain(source) {
        reflection(prefix, task, side, report);
        cutout(prefix, task, side, report);
        let (frozen, norm) = (&experiment.transfer.frozen, experiment.transfer.frozen_norm);
        // Frozen layers of the target use other statistics, which are known in advance.
        let by_batch = |layer| prefix == "source" || norm == FrozenNorm::Batch || !frozen.has(layer);
        if blueprint.is_some_and(|blueprint| blueprint.normalises_one_pixel(by_batch)) {
            batches(prefix, task, report);
        }
    }
}

/// Reflection padding must be smaller than the image.
fn reflection(prefix: &str, task: &Task, side: usize, report: &mut ProblemReport<'_>) {
    let augmentation = task.training.augmentation;
    if augmentation.crop_fill == Fill::Reflect && augmentation.crop_padding >= side {
        let padding = augmentation.crop_padding;
        report.add(
            &format!("{prefix}.train.crop_padding"),
            format!("`crop_fill = \"reflect\"` cannot pad images of {side} pixels by {padding}"),
            "use less padding, or `crop_fill = \"zero\"`",
        );
    }
}

/// A centred square as large as the image erases all of it; one twice as large does so wherever it falls.
fn cutout(prefix: &str, task: &Task, side: usize, report: &mut ProblemReport<'_>) {
    let square = task.training.augmentation.cutout;
    if square >= side {
        report.add(
            &format!("{prefix}.train.cutout_size"),
            format!("a cutout of {square} pixels can erase a whole image of {side}"),
            format!("set `cutout_size` below {side}; {} is half of the side", side.div_ceil(2)),
        );
    }
}

/// Batch norm cannot normalise a single value, as in a last batch of one image whose feature map is one pixel.
fn batches(prefix: &str, task: &Task, report: &mut ProblemReport<'_>) {
    let size = task.training.batch_size.max(1);
    let steps = match task.training.budget {
        Budget::Epochs(_) => u64::MAX,
        Budget::Steps(steps) => steps,
    };
    let ends_in_one = task.train_size % size == 1 && steps >= task.train_size.div_ceil(size) as u64;
    if ends_in_one || size == 1 {
        report.add(
            &format!("{prefix}.train.batch_size"),
            format!(
                "{} in batches of {size} end in a batch of one image, which batch norm cannot normalise at this image size",
                text::counted(task.train_size, "example", "examples")
            ),
            "change `batch_size` or `train_size` so that the last batch has two images or more",
        );
    }
}
