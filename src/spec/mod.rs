//! What the user wrote, and what it means.
//!
//! A spec goes through three forms, each made once: a tree of what was typed, with places (`tree`); the keys with
//! their types (`written`), checked against the tree by one walk; and the experiment that they mean. All problems
//! are found in one go. It must not open data sets or know of devices.

mod defaults;
mod experiment;
mod identity;
mod keys;
mod meaning;
mod page;
mod problem;
mod read;
mod training;
mod tree;
mod walk;
mod written;

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

pub use experiment::{
    Augmentation, Budget, Data, DeviceChoice, Evaluation, Experiment, FrozenNorm, Optimizer, Rate, Schedule, Seeds,
    Side, Task, Training, Transfer, UnfrozenInit,
};
pub use page::markdown;
pub use problem::{Place, Problem, Problems};

use crate::error::UserError;
use read::Source;
use tree::Node;
use written::Written;

/// No spec that a person wrote is near this size; a larger file is not one.
const LARGEST: u64 = 256 * 1024;

/// A valid spec.
#[derive(Clone, Debug)]
pub struct Spec {
    /// What it means.
    pub experiment: Experiment,
    filled: Written,
}

impl Spec {
    /// Loads a spec from a `.toml` or `.json` file, with overrides `key=value`. The error is `Problems` where the
    /// spec is wrong, and another where it cannot be read.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self> {
        let text = read_file(path)?;
        let name = path.display().to_string();
        let source = Source::new(&name, &text);
        let (mut root, problems) = match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => source.toml(),
            Some("json") => source.json(),
            _ => {
                let message = format!("`{name}` is neither a `.toml` nor a `.json` file");
                return Err(UserError::usage(message).hint("a spec's ending says how it is written").into());
            }
        };
        // After a syntax error the rest of the file may be misread: then other problems would be noise.
        if !problems.is_empty() {
            return Err(Problems(problems).into());
        }
        for argument in overrides {
            apply_override(&mut root, argument)?;
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self::from_tree(&root, &stem)?)
    }

    fn from_tree(root: &Node, name: &str) -> Result<Self, Problems> {
        let keys = keys::keys();
        let (json, mut problems) = walk::Walk::new(&keys).run(root);
        let mut filled: Written = serde_json::from_value(json).unwrap_or_else(|error| {
            let place = root.place.clone();
            problems.push(Problem { place, key: String::new(), message: error.to_string(), hint: None });
            Written::default()
        });
        defaults::fill(&mut filled, name);
        let mut report = meaning::Report::new(root, problems);
        let experiment = meaning::experiment(&filled, &mut report);
        let mut problems = report.into_problems();
        if problems.is_empty() {
            return Ok(Self { experiment, filled });
        }
        problems.sort_by_key(|problem| match &problem.place {
            Place::File { line, column, .. } => (0, *line, *column),
            Place::Override(_) => (1, 0, 0),
        });
        Err(Problems(problems))
    }

    /// The spec with every value in its place; it is a spec itself, in TOML.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(&self.filled).context("cannot write the spec as TOML")
    }

    /// The part of it that trains the source.
    pub fn source_to_toml(&self) -> Result<String> {
        let mut part = toml::Table::try_from(&self.filled)?;
        part.retain(|key, _| ["image_size", "network", "source", "synthetic"].contains(&key));
        part.insert("seeds".into(), toml::toml! { source = (self.filled.seeds.source as i64) }.into());
        toml::to_string(&part).context("cannot write the source's part of the spec as TOML")
    }

    /// The run's folder under the experiment's name: what varies most, and a hash of all that counts.
    pub fn run_folder(&self) -> String {
        let experiment = &self.experiment;
        format!(
            "k{}-n{}-s{}-{}",
            experiment.transfer.frozen_layers,
            experiment.target.train_size,
            self.filled.seed,
            self.run_hash()
        )
    }

    /// The hash of what changes the run's numbers.
    pub fn run_hash(&self) -> String {
        identity::run(&self.filled, &keys::keys())
    }

    /// The hash of what changes the source's numbers.
    pub fn source_hash(&self) -> Option<String> {
        self.filled.source.as_ref().map(|_| identity::source(&self.filled, &keys::keys()))
    }

    /// The seed that the spec gives for all purposes.
    pub fn seed(&self) -> u64 {
        self.filled.seed
    }
}

/// The JSON schema of a spec.
pub fn schema() -> serde_json::Value {
    keys::schema()
}

fn read_file(path: &Path) -> Result<String> {
    let read = || -> Result<String> {
        let mut text = String::new();
        let mut file = std::fs::File::open(path)?.take(LARGEST + 1);
        file.read_to_string(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(UserError::usage(format!("it is larger than {} kB, and so no spec", LARGEST / 1024)).into());
        }
        Ok(text)
    };
    read().map_err(|error| UserError::usage(format!("cannot read the spec `{}`: {error:#}", path.display())).into())
}

fn apply_override(root: &mut Node, argument: &str) -> Result<()> {
    let malformed = || UserError::usage(format!("`--set {argument}` is not of the form `key=value`"));
    let (key, value) = argument.split_once('=').ok_or_else(malformed)?;
    let path: Vec<String> = key.trim().split('.').map(|name| name.trim().to_owned()).collect();
    if path.iter().any(String::is_empty) {
        return Err(malformed().hint("for example `--set transfer.frozen_layers=4`").into());
    }
    let in_the_way = root.set(&path, read::override_value(argument, value.trim()));
    in_the_way.map_err(|name| {
        UserError::usage(format!("`--set {argument}`: nothing can stand below a value, as `{name}` would")).into()
    })
}
