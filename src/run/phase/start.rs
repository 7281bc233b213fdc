//! What a phase starts from, beside the weights that its network has by then.

use crate::data::Normalisation;
use crate::rundir::TransferReport;
use crate::spec::{Normalise, Task};

/// What came of the start of a phase.
#[derive(Default)]
pub(in crate::run) struct PhaseStart {
    /// What went over from a source, and what stays frozen.
    pub(in crate::run) transfer: Option<TransferReport>,
    /// By which a source that was trained here made its images its input.
    pub(in crate::run) source: Option<Normalisation>,
}

/// By what a phase makes its images its input: a training that resumes as it began; else as its source did, where the task
/// asks for that; else by `own`, which the task's data or its spec give.
pub(in crate::run) fn normalisation(
    task: &Task,
    own: &Normalisation,
    source: Option<&Normalisation>,
    resumed: Option<&Normalisation>,
) -> Normalisation {
    let of_source = source.filter(|_| task.normalise == Normalise::Source);
    resumed.or(of_source).unwrap_or(own).clone()
}
