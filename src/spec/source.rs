//! Where the transferred weights come from.

use std::path::PathBuf;

use super::keys;
use super::report::ProblemReport;
use super::task::Task;
use super::written::Written;

/// Origin of the transferred weights.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A network pretrained on a task.
    Task(Box<Task>),
    /// A safetensors file.
    Weights(PathBuf),
}

/// The weights file of `[source]`, if the spec names one. Other keys of the table then have no effect.
pub(super) fn weights(spec: &Written, report: &mut ProblemReport<'_>) -> Option<Source> {
    let weights = spec.source.as_ref()?.weights.as_ref()?;
    for key in keys::names_in("source").into_iter().filter(|name| name != "weights") {
        let key = format!("source.{key}");
        if report.wrote(&key) {
            let message = format!("`{key}` has no effect with `source.weights`, which replaces source training");
            report.add(&key, message, "remove one of them");
        }
    }
    Some(Source::Weights(weights.into()))
}
