//! Whether the images of either task have pixels enough for what is done to them.

use super::experiment::{Experiment, FrozenNorm, Source, Task};
use super::meaning::ProblemReport;
use super::procedure::{Budget, Fill};
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
        // Of frozen layers, the target's, other statistics are known.
        let by_batch = |layer| prefix == "source" || norm == FrozenNorm::Batch || !frozen.has(layer);
        if blueprint.is_some_and(|blueprint| blueprint.normalises_one_pixel(by_batch)) {
            batches(prefix, task, report);
        }
    }
}

/// An image has so many pixels to be mirrored at its edge.
fn reflection(prefix: &str, task: &Task, side: usize, report: &mut ProblemReport<'_>) {
    let augmentation = task.training.augmentation;
    if augmentation.crop_fill == Fill::Reflect && augmentation.crop_padding >= side {
        let padding = augmentation.crop_padding;
        report.add(
            &format!("{prefix}.train.crop_padding"),
            format!("images of {side} pixels cannot be mirrored beyond their edge for {padding}"),
            "pad by less, or with `crop_fill = \"zero\"`",
        );
    }
}

/// A square as large as the image leaves nothing of it where it falls on the middle; one twice as large, nowhere.
fn cutout(prefix: &str, task: &Task, side: usize, report: &mut ProblemReport<'_>) {
    let square = task.training.augmentation.cutout;
    if square >= side {
        report.add(
            &format!("{prefix}.train.cutout_size"),
            format!("a square of {square} pixels can blank the whole of an image of {side}"),
            format!("give `cutout_size` less than {side}; {} is half of the side", side.div_ceil(2)),
        );
    }
}

/// Batch norm cannot normalise one value: a last batch of one image, where the feature map is one pixel.
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
