//! Whether the images of either task have pixels enough for what is done to them.

use super::experiment::{Experiment, Source, Task};
use super::meaning::Report;
use super::procedure::Fill;
use crate::blueprint::Blueprint;
use crate::text;

/// Reports every task whose images are too small.
pub(super) fn check(experiment: &Experiment, blueprint: Option<&Blueprint>, report: &mut Report<'_>) {
    let side = experiment.image.height.min(experiment.image.width);
    let source = match &experiment.source {
        Some(Source::Task(task)) => Some(("source", &**task)),
        Some(Source::Weights(_)) | None => None,
    };
    for (prefix, task) in [("target", &experiment.target)].into_iter().chain(source) {
        reflection(prefix, task, side, report);
        cutout(prefix, task, side, report);
        if blueprint.is_some_and(Blueprint::normalises_one_pixel) {
            batches(prefix, task, report);
        }
    }
}

/// An image has so many pixels to be mirrored at its edge.
fn reflection(prefix: &str, task: &Task, side: usize, report: &mut Report<'_>) {
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
fn cutout(prefix: &str, task: &Task, side: usize, report: &mut Report<'_>) {
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
fn batches(prefix: &str, task: &Task, report: &mut Report<'_>) {
    let size = task.training.batch_size;
    if task.train_size % size.max(1) == 1 || size == 1 {
        report.add(
            &format!("{prefix}.train.batch_size"),
            format!(
                "{} in batches of {size} end in a batch of one image, which batch norm cannot normalise at this image size",
                text::counted(task.train_size, "example", "examples")
            ),
            "let `train_size` leave another rest when it is divided by `batch_size`",
        );
    }
}
