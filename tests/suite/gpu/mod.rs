//! Runs on CUDA. Without a GPU a stand-in simulates one (`native/standin`): it computes on the CPU, refuses what CUDA
//! refuses, and counts operations that are costly on CUDA. `scripts/check --gpu` runs `agreement` and `moving` on a
//! real GPU (with the variable below), and `real`, which needs one. The other tests need counts or failures that only
//! the stand-in provides.

mod agreement;
mod counts;
pub mod covering;
mod devices;
mod failures;
mod memory;
mod moving;
mod plugins;
mod prefix;
mod real;
mod refused;
mod standin;
mod sweeps;

use std::path::PathBuf;

use serde_json::Value;

use super::program::{Answer, Place};

/// The device behind `cuda` in these tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Gpu {
    StandIn,
    Real,
}

impl Gpu {
    pub fn here() -> Self {
        if std::env::var_os("FREEZEWISE_TEST_GPU").is_some() { Self::Real } else { Self::StandIn }
    }
}

/// A run: its output folder and overrides.
pub struct Run<'a> {
    pub place: &'a Place,
    pub out: &'a str,
    pub sets: Vec<String>,
    /// Settings of the stand-in, such as `devices=2`.
    pub standin: String,
}

/// The results of a run.
pub struct Outcome {
    pub answer: Answer,
    pub directory: PathBuf,
    /// Content of `metrics.csv`, if it exists.
    metrics: Option<String>,
    /// The stand-in's counts at the end of each epoch and at the end of the process.
    pub reports: Vec<Value>,
}

impl<'a> Run<'a> {
    pub fn new(place: &'a Place, out: &'a str, sets: &[&str]) -> Self {
        let sets = sets.iter().map(|&set| set.to_owned()).collect();
        Self { place, out, sets, standin: "devices=2".into() }
    }

    pub fn with(mut self, standin: &str) -> Self {
        self.standin = format!("devices=2,{standin}");
        self
    }

    /// Runs `spec.toml` on the device in the overrides.
    pub fn start(&self) -> Outcome {
        let mut arguments = vec!["run", "spec.toml", "--quiet", "--out", self.out];
        arguments.extend(self.sets.iter().flat_map(|set| ["--set", set]));
        let report = self.place.path(&format!("{}.report", self.out));
        let standin = format!("{},report={}", self.standin, report.display());
        let answer = self.place.freezewise_with(&variables(&standin), &arguments);
        let lines = std::fs::read_to_string(&report).unwrap_or_default();
        let reports = lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let _ = std::fs::remove_file(&report);
        let directory = self.place.path(answer.stdout.trim());
        let metrics = std::fs::read_to_string(directory.join("metrics.csv")).ok();
        Outcome { answer, directory, metrics, reports }
    }

    /// Like `start`; panics if the run fails.
    pub fn done(&self) -> Outcome {
        let outcome = self.start();
        assert_eq!(outcome.answer.code, 0, "{:?}: {}", self.sets, outcome.answer.stderr);
        outcome
    }
}

impl Outcome {
    pub fn metrics(&self) -> &str {
        self.metrics.as_deref().expect("metrics.csv")
    }

    /// The reports at the ends of the last `epochs` epochs.
    pub fn epochs(&self, epochs: usize) -> &[Value] {
        let (end, before) = self.reports.split_last().expect("a report");
        assert_eq!(end["occasion"], "end");
        &before[before.len() - epochs..]
    }

    pub fn end(&self) -> &Value {
        self.reports.last().expect("a report")
    }
}

/// Environment variables that make the program use the stand-in.
pub fn variables(standin: &str) -> Vec<(&'static str, &str)> {
    match Gpu::here() {
        Gpu::Real => Vec::new(),
        Gpu::StandIn => vec![("FREEZEWISE_CUDA_PLUGIN", standin::library()), ("FREEZEWISE_STANDIN", standin)],
    }
}

/// The count `name` of one device in a report.
pub fn count(report: &Value, device: usize, name: &str) -> i64 {
    report["devices"][device][name].as_i64().expect("a number")
}
