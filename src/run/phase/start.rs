//! What a phase starts with besides the weights: the transfer report and the normalisation.

use crate::data::Normalisation;
use crate::rundir::TransferReport;
use crate::spec::{Normalise, Task};

/// The result of starting a phase.
#[derive(Default)]
pub(in crate::run) struct PhaseStart {
    /// Which layers were copied, are new, stay frozen.
    pub(in crate::run) transfer: Option<TransferReport>,
    /// The normalisation of a source that was trained by freezewise.
    pub(in crate::run) source: Option<Normalisation>,
}

/// The normalisation of a phase: that of the checkpoint if it resumes; otherwise the source's if the task asks for it;
/// otherwise `own`, from the task's data or spec.
pub(in crate::run) fn normalisation(
    task: &Task,
    own: &Normalisation,
    source: Option<&Normalisation>,
    resumed: Option<&Normalisation>,
) -> Normalisation {
    let of_source = source.filter(|_| task.normalise == Normalise::Source);
    resumed.or(of_source).unwrap_or(own).clone()
}
