//! Where a task's labels come from, and how they are corrupted.

use std::path::PathBuf;

use super::report::ProblemReport;
use super::written::{self, NoiseKind};

/// Which labels the examples have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labelling {
    /// Those of the data set.
    DataSet,
    /// Random labels, drawn for each index of the data set.
    Random,
}

/// What replaces a corrupted label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noise {
    /// A uniformly random wrong label.
    Uniform,
    /// A uniformly random label, possibly the true one.
    UniformAll,
    /// The label of another corrupted example.
    Permutation,
    /// The next class.
    Pairs,
    /// All labels come from a file.
    File(PathBuf),
}

/// Which labels a task has. Random labels exclude all keys that corrupt labels.
pub(super) fn labelling(task: &written::Task, prefix: &str, report: &mut ProblemReport<'_>) -> Labelling {
    if task.labels != written::Labelling::Random {
        return Labelling::DataSet;
    }
    let corrupting = [
        ("label_noise", task.label_noise > 0.0),
        ("validation_noise", task.validation_noise > 0.0),
        ("label_file", task.label_file.is_some()),
    ];
    for (key, written) in corrupting {
        if written {
            let message = format!("`labels = \"random\"` leaves no true label for `{key}` to replace");
            report.add(&format!("{prefix}.{key}"), message, "remove one of them");
        }
    }
    Labelling::Random
}

/// How training and validation labels are corrupted.
pub(super) fn noise(task: &written::Task, prefix: &str, report: &mut ProblemReport<'_>) -> Noise {
    if task.validation_noise > 0.0 && task.validation_size == 0 {
        let key = format!("{prefix}.validation_noise");
        let message = format!("`{key}` has no effect without `validation_size`");
        report.add(&key, message, "set `validation_size = 1000`, or remove the key");
    }
    if let Some(path) = &task.label_file {
        // A resolved spec contains the defaults of these keys even with a `label_file`.
        let written = [
            ("label_noise", task.label_noise != 0.0),
            ("label_noise_kind", task.label_noise_kind != NoiseKind::Uniform),
        ];
        for (key, written) in written {
            let key = format!("{prefix}.{key}");
            if written {
                let message = format!("`{key}` has no effect with `label_file`, which gives every label");
                report.add(&key, message, "remove one of them");
            }
        }
        return Noise::File(path.into());
    }
    if task.label_noise == 0.0 && task.validation_noise == 0.0 && task.label_noise_kind != NoiseKind::Uniform {
        let key = format!("{prefix}.label_noise_kind");
        let message = format!("`{key}` has no effect without `label_noise`");
        report.add(&key, message, "set `label_noise = 0.2`, or remove the key");
    }
    match task.label_noise_kind {
        NoiseKind::Uniform => Noise::Uniform,
        NoiseKind::UniformAll => Noise::UniformAll,
        NoiseKind::Permutation => Noise::Permutation,
        NoiseKind::Pairs => Noise::Pairs,
    }
}
