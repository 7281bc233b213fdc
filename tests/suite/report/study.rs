//! Directories of runs as from a sweep, with given numbers.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use freezewise::report::{WrittenReport, write};
use freezewise::spec::ReportSpec;
use serde_json::json;

/// Errors after an epoch.
#[derive(Clone, Copy, Default)]
pub struct Errors {
    pub train: f64,
    pub test: f64,
    /// Of averaged weights.
    pub averaged: Option<f64>,
    pub validation: Option<f64>,
}

/// A row of `branches.csv`.
#[derive(Clone, Copy)]
pub struct Branch {
    pub epoch: u64,
    pub annealed: f64,
    pub refitted: f64,
}

/// A run with a network of two layers.
#[derive(Clone)]
pub struct FakeRun {
    pub layers: usize,
    pub seed: usize,
    /// The seed of its source; runs with the same seed and data set share the source.
    pub source: usize,
    pub epochs: u64,
    /// Additional or changed keys of the spec, with values in TOML.
    pub keys: Vec<(&'static str, String)>,
    pub branches: Vec<Branch>,
}

impl FakeRun {
    /// The name of its directory. As in real names, the budget is not part of it.
    pub fn name(&self) -> String {
        let is_budget = |line: &&str| line.starts_with("target.train.epochs") || line.starts_with("evaluate.");
        let spec: Vec<String> = self.spec().lines().filter(|line| !is_budget(line)).map(str::to_owned).collect();
        let digest = spec.concat().bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        format!("k{}-n400-s{}-{:010x}", self.layers, self.seed, digest & 0xff_ffff_ffff)
    }

    pub fn new(layers: usize, seed: usize) -> Self {
        Self { layers, seed, source: seed, epochs: 40, keys: Vec::new(), branches: Vec::new() }
    }

    #[allow(clippy::needless_pass_by_value)] // Numbers and texts are passed as they are.
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.keys.push((key, value.to_string()));
        self
    }

    fn spec(&self) -> String {
        let mut keys: BTreeMap<&str, String> = [
            ("seed", self.seed.to_string()),
            ("seeds.source", self.source.to_string()),
            ("image_size", "8".to_owned()),
            ("source.dataset", "\"synthetic\"".to_owned()),
            ("source.train.epochs", "1".to_owned()),
            ("source.train.learning_rate", "0.01".to_owned()),
            ("target.dataset", "\"synthetic\"".to_owned()),
            ("target.train_size", "400".to_owned()),
            ("target.train.epochs", self.epochs.to_string()),
            ("target.train.learning_rate", "0.003".to_owned()),
            ("transfer.frozen_layers", self.layers.to_string()),
        ]
        .into();
        keys.extend(self.keys.iter().cloned());
        keys.retain(|_, value| !value.is_empty());
        keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect::<Vec<_>>().concat()
    }

    /// The name of its source's directory, from data set and seed.
    fn source_hash(&self) -> Option<String> {
        let of = |wanted: &str| self.keys.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.as_str());
        let dataset = of("source.dataset").unwrap_or("synthetic");
        let size = of("source.train_size").unwrap_or_default();
        (!dataset.is_empty()).then(|| format!("{dataset}-{size}-{}", self.source))
    }
}

/// A folder of sweeps.
pub struct Study(tempfile::TempDir);

impl Study {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a run to a sweep's folder, with these errors by epoch.
    pub fn run(&self, sweep: &str, run: &FakeRun, errors: impl Fn(u64) -> Errors) -> PathBuf {
        let spec = run.spec();
        let folder = self.path(sweep).join(run.name());
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("a file");
        file("spec.toml", spec);
        let record = json!({
            "status": "finished", "epochs": run.epochs, "steps": run.epochs * 100, "device": "cpu",
            "source_hash": run.source_hash(),
            "transfer": {
                "copied": ["stem", "block"], "new": ["head"], "frozen": [], "frozen_norm": "source",
                "trainable_parameters": 9
            }
        });
        file("run.json", record.to_string());
        file("summary.json", json!({ "frozen_layers": run.layers, "train_examples": 400 }).to_string());
        file("metrics.csv", metrics(run.epochs, errors));
        if !run.branches.is_empty() {
            let mut table = "phase,epoch,step,anneal_test_error,refit_test_error\n".to_owned();
            for Branch { epoch, annealed, refitted } in &run.branches {
                writeln!(table, "target,{epoch},{},{annealed},{refitted}", epoch * 100).expect("a string takes all");
            }
            file("branches.csv", table);
        }
        folder
    }

    /// Writes claims of a sweep, stated before its first cell or after it.
    pub fn state(&self, sweep: &str, claims: &str, beforehand: bool) {
        let spec = self.path(sweep).join("sweep.toml");
        let text = format!("[target]\ndataset = \"synthetic\"\n{claims}[sweep.axes]\nseed = [0]\n");
        std::fs::write(&spec, text).expect("a file");
        let hash = if beforehand { ReportSpec::load(&spec).expect("a spec").hash() } else { "0".to_owned() };
        let names = std::fs::read_dir(self.path(sweep)).expect("a folder").filter_map(|entry| {
            let entry = entry.expect("an entry");
            entry.path().is_dir().then(|| entry.file_name().to_string_lossy().into_owned())
        });
        let cell = |name: String| {
            let record = std::fs::read_to_string(self.path(sweep).join(&name).join("run.json")).expect("a record");
            let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
            let length = json!({ "epochs": record["epochs"], "steps": record["steps"] });
            let seed = name.split("-s").nth(1).and_then(|rest| rest.split('-').next()).expect("a seed").to_owned();
            (name.clone(), json!({ "name": name, "values": [seed], "length": length }))
        };
        let cells: BTreeMap<String, serde_json::Value> = names.map(cell).collect();
        let sheet = json!({
            "format": 1, "numerics": 4, "axes": ["seed"], "claims": { "hash": hash, "seeds": 8 }, "cells": cells
        });
        std::fs::write(self.path(sweep).join("sweep.json"), sheet.to_string()).expect("a file");
    }

    /// The report of all sweeps.
    pub fn report(&self) -> WrittenReport {
        write(&[self.0.path()], &self.path("report")).expect("a report")
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path("report").join(name)).expect(name)
    }
}

fn metrics(epochs: u64, errors: impl Fn(u64) -> Errors) -> String {
    let mut table = "phase,epoch,step,train_error,test_error,test_error_averaged,validation_error\n".to_owned();
    for epoch in 0..=epochs {
        let Errors { train, test, averaged, validation } = errors(epoch);
        let field = |error: Option<f64>| error.map(|error| error.to_string()).unwrap_or_default();
        let step = epoch * 100;
        writeln!(table, "target,{epoch},{step},{train},{test},{},{}", field(averaged), field(validation))
            .expect("a string takes all");
    }
    table
}

/// Replaces text in a file of a run.
pub fn change(run: &Path, file: &str, from: &str, to: &str) {
    let path = run.join(file);
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).expect("a file");
}
