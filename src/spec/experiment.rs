//! A validated experiment: every value is resolved, and no key with a default is optional any more.

use super::checkpoints::{Branches, Checkpoints};
use super::compute::Compute;
use super::device::DeviceChoice;
use super::evaluation::Evaluation;
use super::image_fit::Fit;
use super::source::Source;
use super::task::Task;
use super::transfer::Transfer;
use crate::blueprint::{Architecture, Blueprint, ImageShape};
use crate::catalogue::Dataset;

/// One experiment: source, target, network and frozen layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Name of the folder that holds the run.
    pub name: String,
    /// The device to train on.
    pub device: DeviceChoice,
    /// Precision, memory layout and kernels.
    pub compute: Compute,
    /// CPU threads; `None`: the number allotted by the environment, known only at run time.
    pub threads: Option<usize>,
    /// The network.
    pub architecture: Architecture,
    /// Shape of the images of both tasks.
    pub image: ImageShape,
    /// How images of another aspect ratio are fitted.
    pub fit: Fit,
    /// Origin of the transferred weights; `None`: training from scratch.
    pub source: Option<Source>,
    /// The task to fine-tune on.
    pub target: Task,
    /// What is transferred and what stays frozen.
    pub transfer: Transfer,
    /// When the target is evaluated.
    pub evaluation: Evaluation,
    /// When to write checkpoints.
    pub checkpoints: Checkpoints,
    /// Branches from the target's checkpoints.
    pub branches: Branches,
}

impl Experiment {
    /// The source's task, unless its weights come from a file.
    pub fn trained_source(&self) -> Option<&Task> {
        match &self.source {
            Some(Source::Task(task)) => Some(task),
            _ => None,
        }
    }

    /// The data sets of the source, if one is trained, and of the target.
    pub fn datasets(&self) -> impl Iterator<Item = Dataset> {
        self.trained_source().into_iter().chain([&self.target]).map(|task| task.data.dataset())
    }

    /// The network for a task.
    ///
    /// # Panics
    ///
    /// If the sizes are inconsistent, which validation of the spec rules out.
    pub fn blueprint(&self, task: &Task) -> Blueprint {
        let blueprint = Blueprint::new(&self.architecture, self.transfer.granularity, self.image, task.classes);
        blueprint.expect("validation rejects inconsistent sizes")
    }
}
