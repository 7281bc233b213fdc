//! What the user writes, and the validated experiment it describes.
//!
//! A spec has three representations, each converted once: a tree of typed values with positions (`tree`), the keys with
//! their types (`written`, checked against the tree in one walk), and the resolved experiment. All problems are
//! reported at once. This module does not open data sets, and does not know which devices exist.

mod augment;
mod canonical;
mod checkpoints;
mod claim;
mod claim_typed;
mod claims;
mod compute;
mod correct;
mod data;
mod defaults;
mod device;
mod evaluation;
mod evaluation_schedule;
mod experiment;
mod file;
mod frozen;
mod identity;
mod identity_key;
mod idle;
mod image_fit;
mod keys;
mod labels;
mod measures;
mod network;
mod observed;
mod page;
mod pixels;
mod problem;
mod read;
mod report;
mod resolve;
mod resolved;
mod selection;
mod settings;
mod size;
mod source;
mod supply;
mod survey;
mod sweep;
mod task;
mod training;
mod transfer;
mod transfer_choices;
mod tree;
mod typed;
mod walk;
mod written;

use std::path::Path;
use std::sync::OnceLock;

use anyhow::Result;

pub use augment::{Augmentation, Fill};
pub use checkpoints::{Branches, Checkpoints, Keep};
pub use claim::{Claim, ClaimedWeights, Over, Reached, Statement};
pub use claims::{ReportSpec, StatedClaims};
pub use compute::{Attention, Compute, MemoryFormat, Precision, PrecisionChoice, Switch};
pub use correct::Correct;
pub use data::{Data, ImageFolder, Npz, Side, SyntheticImages};
pub use device::DeviceChoice;
pub use evaluation::{Due, Evaluation, Position};
pub use evaluation_schedule::{EvaluationSchedule, FINAL_EPOCHS};
pub use experiment::Experiment;
pub use identity::NUMERICS;
pub use image_fit::Fit;
pub use labels::{Labelling, Noise};
pub use measures::{ExtraMeasures, HalfLife};
pub use page::markdown;
pub use problem::{Place, Problem, Problems};
pub use resolve::{VALID_NAME, is_valid_name};
pub use resolved::fixed_defaults;
pub use selection::{DisjointPart, Selection};
pub use settings::{CPU_EVALUATION_BATCH, Settings};
pub use size::{Draw, unbalanced, uneven};
pub use source::Source;
pub use survey::{Question, Remembered, Survey};
pub use sweep::{Cell, FROZEN_LAYERS, Slurm, Sweep};
pub use task::{Normalisation, Normalise, Seeds, Task};
pub use training::{Budget, Optimizer, Rate, Schedule, Training};
pub use transfer::Transfer;
pub use transfer_choices::{FrozenNorm, UnfrozenInit};

use crate::blueprint::Architecture;
use crate::catalogue::Dataset;
use crate::error::UserError;
use crate::text;
use identity::IdentityValues;
use observed::Observed;
use tree::Node;
use typed::{Typed, apply_override};
use written::Written;

/// The file format of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// TOML 1.0.
    Toml,
    /// JSON, without extensions.
    Json,
}

/// The text of a spec.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// File name for messages.
    pub file: &'a str,
    /// Name of the experiment if the spec has no `name`.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
    /// Its format.
    pub notation: Notation,
}

/// A valid spec.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The experiment it describes.
    pub experiment: Experiment,
    filled: Written,
    /// The seeds by purpose that the spec itself gives.
    pinned: written::Seeds,
    /// Facts about data and files whose content counts towards the run's hash.
    observed: Observed,
    /// The identity keys. Computed once: this takes most of the time of planning a cell.
    counted: OnceLock<IdentityValues>,
}

impl Spec {
    /// Loads a spec from a `.toml` or `.json` file, with `key=value` overrides. The error is `Problems` if the spec is
    /// invalid, and another type if it cannot be read. Data sets missing from the catalogue are looked up through
    /// `survey`. For a sweep, the overrides must fix every axis, which selects one cell.
    pub fn load(path: &Path, overrides: &[String], survey: &dyn Survey) -> Result<Self> {
        Typed::read(path, overrides)?.single(survey)
    }

    /// Like `load`, from text.
    pub fn parse(written: Text<'_>, overrides: &[String], survey: &dyn Survey) -> Result<Self> {
        Typed::parse(written, overrides)?.single(survey)
    }

    /// A spec whose target is an entire data set as it is, for inspection.
    pub fn whole(dataset: Dataset, survey: &dyn Survey) -> Result<Self> {
        let name = dataset.name();
        let text = format!("[target]\ndataset = \"{name}\"\ntrain_size = \"all\"\n");
        let (root, problems) = read::SpecText::new(name, &text).toml();
        if problems.is_empty() { Ok(Self::from_tree(&root, name, survey)?) } else { Err(Problems(problems).into()) }
    }

    fn from_tree(root: &Node, name: &str, survey: &dyn Survey) -> Result<Self, Problems> {
        let (json, mut problems) = walk::Walk::new(keys::all()).run(root);
        let mut filled: Written = serde_json::from_value(json).unwrap_or_else(|error| {
            let place = root.place.clone();
            problems.push(Problem {
                place,
                key: String::new(),
                message: error.to_string(),
                hint: None,
                of_data: false,
            });
            Written::default()
        });
        let pinned = filled.seeds.clone();
        defaults::fill(&mut filled, name);
        let mut report = report::ProblemReport::new(root, problems);
        let (experiment, mut observed) = resolve::experiment(&filled, survey, &mut report);
        for (key, path) in files_of(&filled) {
            match identity::digest_of_file(Path::new(path)) {
                Ok(digest) => observed.add_file(key, digest),
                Err(error) => {
                    let hint = text::foreign_path(path).unwrap_or("the path is relative to the working directory");
                    report.add(&key, format!("cannot read `{path}`: {error}"), hint);
                }
            }
        }
        let mut problems = report.into_problems();
        if problems.is_empty() {
            return Ok(Self { experiment, filled, pinned, observed, counted: OnceLock::new() });
        }
        problems.sort_by_key(|problem| match &problem.place {
            Place::File { line, column, .. } => (0, *line, *column),
            Place::Override(_) => (1, 0, 0),
        });
        Err(Problems(problems))
    }

    /// The run's folder name: the values that most often vary, and the run's hash.
    pub fn run_folder(&self) -> String {
        let experiment = &self.experiment;
        format!(
            "k{}-n{}-s{}-{}",
            experiment.transfer.frozen.count(),
            experiment.target.train_size,
            canonical::shared_seed(experiment),
            self.run_hash()
        )
    }

    /// Hash of everything that changes the run's results.
    pub fn run_hash(&self) -> String {
        identity::run(&self.filled, self.counted())
    }

    fn counted(&self) -> &IdentityValues {
        self.counted.get_or_init(|| identity::counted(&self.filled, &self.experiment, &self.observed))
    }

    /// Hash of everything that changes the source's results.
    pub fn source_hash(&self) -> Option<String> {
        self.filled.source.as_ref().map(|_| identity::source(&self.filled, &self.experiment, self.counted()))
    }
}

/// Files that a spec names by a path on this machine, with their keys.
fn files_of(spec: &Written) -> Vec<(String, &str)> {
    let source = spec.source.as_ref();
    let files = [
        ("target.label_file", spec.target.label_file.as_deref()),
        ("source.label_file", source.and_then(|source| source.task.label_file.as_deref())),
        ("source.weights", source.and_then(|source| source.weights.as_deref())),
    ];
    files.into_iter().filter_map(|(key, path)| Some((key.to_owned(), path?))).collect()
}

/// The architecture with this name, with `network.*=value` overrides, outside of any experiment.
pub fn architecture(name: &str, overrides: &[String]) -> Result<Architecture> {
    let place = Place::Override(format!("network.architecture={name}"));
    let mut root = Node { place, value: tree::Value::Table(Vec::new()) };
    let foreign = overrides.iter().find(|argument| !argument.trim_start().starts_with("network."));
    if let Some(argument) = foreign {
        return Err(UserError::usage(format!("`--set {argument}` does not set a key of `network`")).into());
    }
    for argument in std::iter::once(&format!("network.architecture={name}")).chain(overrides) {
        apply_override(&mut root, argument)?;
    }
    let (json, problems) = walk::Walk::new(keys::all()).run(&root);
    let mut filled: Written = serde_json::from_value(json)?;
    filled.network.fill();
    let mut report = report::ProblemReport::new(&root, problems);
    network::check(&filled.network, &mut report);
    let architecture = filled.network.architecture.at(&filled.network);
    let problems = report.into_problems();
    if problems.is_empty() { Ok(architecture) } else { Err(Problems(problems).into()) }
}

/// The names of all architectures.
pub fn architectures() -> Vec<String> {
    keys::words_of("network", "architecture")
}

/// The device with this name, such as `cuda:1`.
pub fn device(name: &str) -> Result<DeviceChoice> {
    let message =
        || UserError::usage(format!("`{name}` is not a device")).hint("expected `auto`, `cpu`, `cuda` or `cuda:N`");
    device::device_named(name).ok_or_else(|| message().into())
}

/// The JSON schema of a spec.
pub fn schema() -> serde_json::Value {
    let mut schema = keys::schema();
    schema["properties"]["sweep"] = sweep::schema();
    schema["properties"]["report"] = claims::schema();
    schema
}
