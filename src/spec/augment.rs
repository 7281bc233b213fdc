//! Data augmentation: its keys resolved, and combinations that conflict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::ProblemReport;
use super::written::{Augment, Train};

/// Data augmentation of training images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Padding in pixels on each side before a random crop; 0: no crop.
    pub crop_padding: usize,
    /// What to pad with.
    pub crop_fill: Fill,
    /// Whether to flip images horizontally, with probability 1/2.
    pub flip: bool,
    /// Smallest area of a random box that is resized to the full image, as a fraction; `None`: no box.
    pub resized_area: Option<f64>,
    /// Largest relative change of brightness, contrast and saturation; 0: no jitter.
    pub jitter: f64,
    /// Side of the erased square in pixels; 0: no cutout.
    pub cutout: usize,
}

/// Padding of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// Black.
    #[default]
    Zero,
    /// The image, mirrored at its edge.
    Reflect,
}

impl Augmentation {
    /// Whether there is any augmentation.
    pub fn is_some(self) -> bool {
        self != Self::default()
    }
}

/// The augmentation requested by a list of names.
pub(super) fn augmentation(train: &Train) -> Augmentation {
    let has = |name: Augment| train.augment.contains(&name);
    let size = |name, size: Option<u64>| if has(name) { size.unwrap_or_default() as usize } else { 0 };
    Augmentation {
        crop_padding: size(Augment::Crop, train.crop_padding),
        crop_fill: match train.crop_fill {
            Some(Fill::Reflect) if has(Augment::Crop) => Fill::Reflect,
            _ => Fill::Zero,
        },
        flip: has(Augment::Flip),
        resized_area: train.resized_area.filter(|_| has(Augment::ResizedCrop)),
        jitter: train.jitter_strength.filter(|_| has(Augment::Jitter)).unwrap_or_default(),
        cutout: size(Augment::Cutout, train.cutout_size),
    }
}

/// Reports duplicates, conflicts, and keys without effect.
pub(super) fn check(train: &Train, prefix: &str, report: &mut ProblemReport<'_>) {
    let list = &train.augment;
    let key = format!("{prefix}.augment");
    if (1..list.len()).any(|index| list[..index].contains(&list[index])) {
        report.add(&key, "an augmentation is listed twice", "list each once");
    }
    if list.contains(&Augment::Crop) && list.contains(&Augment::ResizedCrop) {
        report.add(&key, "`crop` and `resized-crop` both crop the image", "keep one of them");
    }
    let rules = [
        ("crop_padding", train.crop_padding.is_some(), Augment::Crop, "crop"),
        ("crop_fill", train.crop_fill.is_some(), Augment::Crop, "crop"),
        ("resized_area", train.resized_area.is_some(), Augment::ResizedCrop, "resized-crop"),
        ("jitter_strength", train.jitter_strength.is_some(), Augment::Jitter, "jitter"),
        ("cutout_size", train.cutout_size.is_some(), Augment::Cutout, "cutout"),
    ];
    for (key, written, needed, name) in rules {
        if written && !list.contains(&needed) {
            let message = format!("`{prefix}.{key}` has no effect without `augment = [\"{name}\"]`");
            let hint = format!("set `augment = [\"{name}\"]`, or remove the key");
            report.add(&format!("{prefix}.{key}"), message, hint);
        }
    }
}

/// Fills the defaults of the listed augmentations.
pub(super) fn fill(train: &mut Train) {
    for augment in train.augment.clone() {
        match augment {
            Augment::Crop => {
                train.crop_padding.get_or_insert(4);
                train.crop_fill.get_or_insert(Fill::Zero);
            }
            Augment::Flip => {}
            // The default of torchvision's `RandomResizedCrop`.
            Augment::ResizedCrop => {
                train.resized_area.get_or_insert(0.08);
            }
            Augment::Jitter => {
                train.jitter_strength.get_or_insert(0.4);
            }
            // DeVries and Taylor (arXiv 1708.04552) for CIFAR-10.
            Augment::Cutout => {
                train.cutout_size.get_or_insert(16);
            }
        }
    }
}
