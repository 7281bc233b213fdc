//! What the user wrote, and what it means.
//!
//! A spec goes through three forms, each made once: a tree of what was typed, with places (`tree`); the keys with
//! their types (`written`), checked against the tree by one walk; and the experiment that they mean. All problems
//! are found in one go. It must not open data sets or know of devices.

mod augment;
mod canonical;
mod checkpoints;
mod claim_typed;
mod claims;
mod compute;
mod data;
mod defaults;
mod experiment;
mod file;
mod frozen;
mod identity;
mod identity_key;
mod idle;
mod keys;
mod labels;
mod meaning;
mod measures;
mod network;
mod observed;
mod page;
mod pixels;
mod problem;
mod procedure;
mod read;
mod report;
mod resolved;
mod schedules;
mod selection;
mod settings;
mod size;
mod supply;
mod survey;
mod sweep;
mod task;
mod training;
mod tree;
mod typed;
mod walk;
mod written;

use std::path::Path;
use std::sync::OnceLock;

use anyhow::Result;

pub use checkpoints::{Branches, Checkpoints, Keep};
pub use claims::{Claim, Over, Reached, ReportSpec, StatedClaims, Statement};
pub use compute::{Attention, Compute, Layout, Precision, PrecisionChoice, Switch};
pub use data::{Data, Npz, Pictures, Side};
pub use experiment::{
    DeviceChoice, Draw, Experiment, Fit, FrozenNorm, Labelling, Noise, Normalisation, Normalise, Part, Seeds,
    Selection, Source, Task, Transfer, UnfrozenInit,
};
pub use identity::NUMERICS;
pub use measures::{Correct, ExtraMeasures, HalfLife};
pub use page::markdown;
pub use problem::{Place, Problem, Problems};
pub use procedure::{
    Augmentation, Budget, Due, Evaluation, EvaluationSchedule, FINAL_EPOCHS, Fill, Optimizer, Position, Rate, Schedule,
    Training,
};
pub use settings::{CPU_EVALUATION_BATCH, Settings};
pub use size::{unbalanced, uneven};
pub use survey::{Question, Remembered, Survey};
pub use sweep::{Cell, Slurm, Sweep};

use crate::blueprint::Architecture;
use crate::catalogue::Dataset;
use crate::error::UserError;
use crate::text;
use identity::Counted;
use observed::Observed;
use tree::Node;
use typed::{Typed, apply_override};
use written::Written;

/// How a spec is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// TOML 1.0.
    Toml,
    /// JSON, to the letter.
    Json,
}

/// A spec as text.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// What its problems call the file.
    pub file: &'a str,
    /// The experiment's name where the spec gives none.
    pub name: &'a str,
    /// What it says.
    pub text: &'a str,
    /// And how.
    pub notation: Notation,
}

/// A valid spec.
#[derive(Clone, Debug)]
pub struct Spec {
    /// What it means.
    pub experiment: Experiment,
    filled: Written,
    /// What was seen of data and files, whose content counts in the name of a run.
    observed: Observed,
    /// What makes it this run: found once, for it takes most of the time of planning a cell.
    counted: OnceLock<Counted>,
}

impl Spec {
    /// Loads a spec from a `.toml` or `.json` file, with overrides `key=value`. The error is `Problems` where the
    /// spec is wrong, and another where it cannot be read. What the catalogue does not know is asked of `survey`. Of a
    /// sweep it is the cell whose axes the overrides give values; where they leave one open, that is an error.
    pub fn load(path: &Path, overrides: &[String], survey: &dyn Survey) -> Result<Self> {
        Typed::read(path, overrides)?.single(survey)
    }

    /// The same from text that was read already.
    pub fn parse(written: Text<'_>, overrides: &[String], survey: &dyn Survey) -> Result<Self> {
        Typed::parse(written, overrides)?.single(survey)
    }

    /// A spec whose target is the whole of a data set as it is, for who wants to look at it.
    pub fn whole(dataset: Dataset, survey: &dyn Survey) -> Result<Self> {
        let name = dataset.name();
        let text = format!("[target]\ndataset = \"{name}\"\ntrain_size = \"all\"\n");
        let (root, problems) = read::Source::new(name, &text).toml();
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
        defaults::fill(&mut filled, name);
        let mut report = meaning::Report::new(root, problems);
        let (experiment, mut observed) = meaning::experiment(&filled, survey, &mut report);
        for (key, path) in files_of(&filled) {
            match identity::digest_of_file(Path::new(path)) {
                Ok(digest) => observed.add_file(key, digest),
                Err(error) => {
                    let hint = text::tilde(path).unwrap_or("the path is from the folder that the command runs in");
                    report.add(&key, format!("cannot read `{path}`: {error}"), hint);
                }
            }
        }
        let mut problems = report.into_problems();
        if problems.is_empty() {
            return Ok(Self { experiment, filled, observed, counted: OnceLock::new() });
        }
        problems.sort_by_key(|problem| match &problem.place {
            Place::File { line, column, .. } => (0, *line, *column),
            Place::Override(_) => (1, 0, 0),
        });
        Err(Problems(problems))
    }

    /// The run's folder under the experiment's name: what varies most, and a hash of all that counts.
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

    /// The hash of what changes the run's numbers.
    pub fn run_hash(&self) -> String {
        identity::run(&self.filled, self.counted())
    }

    fn counted(&self) -> &Counted {
        self.counted.get_or_init(|| identity::counted(&self.filled, &self.experiment, &self.observed))
    }

    /// The hash of what changes the source's numbers.
    pub fn source_hash(&self) -> Option<String> {
        self.filled.source.as_ref().map(|_| identity::source(&self.filled, &self.experiment, self.counted()))
    }

    /// The seed that the spec gives for all purposes.
    pub fn seed(&self) -> u64 {
        self.filled.seed
    }
}

/// The files that a spec names by paths of the machine, by their keys.
fn files_of(spec: &Written) -> Vec<(String, &str)> {
    let source = spec.source.as_ref();
    let files = [
        ("target.label_file", spec.target.label_file.as_deref()),
        ("source.label_file", source.and_then(|source| source.task.label_file.as_deref())),
        ("source.weights", source.and_then(|source| source.weights.as_deref())),
    ];
    files.into_iter().filter_map(|(key, path)| Some((key.to_owned(), path?))).collect()
}

/// The architecture of a name with `network.*=value` overrides, apart from any experiment.
pub fn architecture(name: &str, overrides: &[String]) -> Result<Architecture> {
    let place = Place::Override(format!("network.architecture={name}"));
    let mut root = Node { place, value: tree::Value::Table(Vec::new()) };
    let foreign = overrides.iter().find(|argument| !argument.trim_start().starts_with("network."));
    if let Some(argument) = foreign {
        return Err(UserError::usage(format!("`--set {argument}` sets no key of `network`")).into());
    }
    for argument in std::iter::once(&format!("network.architecture={name}")).chain(overrides) {
        apply_override(&mut root, argument)?;
    }
    let (json, problems) = walk::Walk::new(keys::all()).run(&root);
    let mut filled: Written = serde_json::from_value(json)?;
    network::fill(&mut filled.network);
    let mut report = meaning::Report::new(&root, problems);
    let architecture = network::architecture(&filled.network, &mut report);
    let problems = report.into_problems();
    if problems.is_empty() { Ok(architecture) } else { Err(Problems(problems).into()) }
}

/// The device of a name such as `cuda:1`.
pub fn device(name: &str) -> Result<DeviceChoice> {
    let message = || UserError::usage(format!("`{name}` is not a device")).hint("such as `cpu`, `cuda` or `cuda:1`");
    meaning::device_named(name).ok_or_else(|| message().into())
}

/// The JSON schema of a spec.
pub fn schema() -> serde_json::Value {
    let mut schema = keys::schema();
    schema["properties"]["sweep"] = sweep::schema();
    schema["properties"]["report"] = claims::schema();
    schema
}
