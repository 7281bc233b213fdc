//! How images get the shape that the network takes.

use super::report::ProblemReport;
use super::written::{self, Written};

/// How images of another aspect ratio are fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Not at all: every image must have the shape.
    Exact,
    /// The centre is cropped.
    Crop,
    /// The whole image is scaled without keeping its aspect ratio.
    Squeeze,
}

pub(super) fn fit(spec: &Written, report: &mut ProblemReport<'_>) -> Fit {
    match (spec.image_size, spec.image_fit) {
        (None, written::Fit::Crop) => Fit::Exact,
        (Some(_), written::Fit::Crop) => Fit::Crop,
        (size, written::Fit::Squeeze) => {
            if size.is_none() {
                let message = "`image_fit` has no effect without `image_size`";
                report.add("image_fit", message, "remove it, or set `image_size`");
            }
            Fit::Squeeze
        }
    }
}
