//! What a run does on CUDA, through the program. Without a GPU a stand-in plays one (`native/standin`): it computes on
//! the CPU, refuses what CUDA refuses and counts what CUDA charges for. `scripts/check --gpu` runs `agreement` and `moving`
//! on a real GPU, where the variable below is set, and `real`, which needs one. The others need what only the stand-in can
//! count or break.

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

/// What `cuda` is in these tests.
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

/// How a run is made: where it goes, and its overrides.
pub struct Run<'a> {
    pub place: &'a Place,
    pub out: &'a str,
    pub sets: Vec<String>,
    /// What the stand-in is told, such as `devices=2`.
    pub standin: String,
}

/// What a run on the stand-in left.
pub struct Outcome {
    pub answer: Answer,
    pub directory: PathBuf,
    /// `metrics.csv`, if it is there.
    metrics: Option<String>,
    /// The stand-in's counts, at each epoch's end and at the end of all.
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

    /// Runs `spec.toml`, on whatever device the overrides say.
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

    /// The same, which must succeed.
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

    /// The reports at the ends of the last `epochs` epochs, before the one of the end.
    pub fn epochs(&self, epochs: usize) -> &[Value] {
        let (end, before) = self.reports.split_last().expect("a report");
        assert_eq!(end["occasion"], "end");
        &before[before.len() - epochs..]
    }

    pub fn end(&self) -> &Value {
        self.reports.last().expect("a report")
    }
}

/// The variables with which the program finds its GPU.
pub fn variables(standin: &str) -> Vec<(&'static str, &str)> {
    match Gpu::here() {
        Gpu::Real => Vec::new(),
        Gpu::StandIn => vec![("FREEZEWISE_CUDA_PLUGIN", standin::library()), ("FREEZEWISE_STANDIN", standin)],
    }
}

/// A number in a report of one device.
pub fn count(report: &Value, device: usize, name: &str) -> i64 {
    report["devices"][device][name].as_i64().expect("a number")
}
