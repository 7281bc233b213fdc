//! The plan of a sweep: each cell with its directory, its budget and the source that it needs.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::cost::Cost;
use super::measured;
use crate::catalogue::Dataset;
use crate::error::UserError;
use crate::run::{Fixed, Measured};
use crate::rundir::{Length, Record, RunDirectory};
use crate::spec::{Evaluation, Precision, PrecisionChoice, Problems, Spec, StatedClaims, Survey, Sweep};
use crate::text;

/// How many different problems to show.
const SHOWN: usize = 5;

/// A planned sweep.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// Folder of all runs.
    pub out: PathBuf,
    /// The sweep's folder, inside `out`.
    pub folder: PathBuf,
    /// The keys of the axes.
    pub keys: Vec<String>,
    /// The claims that the spec states now.
    pub claims: StatedClaims,
    /// One cell per point of the grid.
    pub cells: Vec<PlannedCell>,
    /// The sources that the cells need, each once.
    pub sources: Vec<PlannedSource>,
    /// The index of the first cell of each network.
    pub networks: Vec<usize>,
    /// The data sets that the cells need, each once.
    pub datasets: Vec<Dataset>,
}

/// A cell of the grid.
#[derive(Clone, Debug)]
pub struct PlannedCell {
    /// Made from its values: `frozen_layers=3,seed=0`.
    pub name: String,
    /// Its value on each axis, as text.
    pub values: Vec<String>,
    /// Its `--set` arguments.
    pub overrides: Vec<String>,
    /// Its run directory.
    pub directory: RunDirectory,
    /// Its budget.
    pub length: Length,
    /// Its number of frozen layers.
    pub frozen_layers: usize,
    /// Whether only the head trains.
    pub only_head: bool,
    /// What it has of the measurements that its spec asks for.
    pub measured: Measured,
    /// When it is evaluated, and what is measured.
    pub evaluation: Evaluation,
    /// Its precision.
    pub precision: PrecisionChoice,
    /// Its cost in arithmetic and disk space.
    pub cost: Cost,
    /// The index of its source in the plan, if it has one that is trained.
    pub source: Option<usize>,
}

/// A source that cells share.
#[derive(Clone, Debug)]
pub struct PlannedSource {
    /// Its hash, the name of its directory.
    pub hash: String,
    /// Its directory.
    pub directory: RunDirectory,
    /// The index of a cell whose spec trains it.
    pub cell: usize,
    /// Its cost.
    pub cost: Cost,
}

impl PlannedCell {
    /// The precision that a finished run of it has, if it is not what the sweep fixed for `auto`. Its name does not tell.
    pub(super) fn other_precision(&self, run: &RunDirectory, fixed: Fixed) -> Result<Option<Precision>> {
        let settings = Record::read(run)?.and_then(|record| record.compute);
        let found = settings.map(|settings| settings.precision).filter(|_| self.precision == PrecisionChoice::Auto);
        Ok(found.filter(|precision| *precision != fixed.precision))
    }
}

impl SweepPlan {
    /// Plans a sweep in `out`. Reports the problems of all cells at once, and a problem of several cells once.
    pub fn new(sweep: &Sweep, out: &Path, survey: &dyn Survey) -> Result<Self> {
        let mut plan = Self {
            out: out.to_path_buf(),
            folder: out.join(&sweep.name),
            keys: sweep.keys.clone(),
            claims: StatedClaims { hash: sweep.report.hash(), seeds: seeds(sweep) },
            cells: Vec::with_capacity(sweep.cells.len()),
            sources: Vec::new(),
            networks: Vec::new(),
            datasets: Vec::new(),
        };
        let (mut problems, mut networks) = (CellProblems::default(), Vec::new());
        for cell in &sweep.cells {
            match sweep.spec(cell, survey) {
                Ok(spec) => {
                    if !networks.contains(&spec.experiment.architecture) {
                        networks.push(spec.experiment.architecture.clone());
                        plan.networks.push(plan.cells.len());
                    }
                    plan.add(cell.name.clone(), cell.overrides(), &spec, |key| cell.value(key))?;
                }
                Err(error) => problems.add(&cell.name, error),
            }
        }
        problems.check(sweep.cells.len())?;
        plan.check_directories()?;
        Ok(plan)
    }

    fn add(&mut self, name: String, overrides: Vec<String>, spec: &Spec, value: impl Fn(&str) -> String) -> Result<()> {
        let directory = RunDirectory::of_run(&self.out, &spec.experiment.name, &spec.run_folder());
        let measured = measured::of_cell(spec, &directory)?;
        let (experiment, index) = (&spec.experiment, self.cells.len());
        let source = experiment.trained_source().zip(spec.source_hash()).map(|(task, hash)| {
            self.sources.iter().position(|source| source.hash == hash).unwrap_or_else(|| {
                let directory = RunDirectory::of_source(&self.out, &hash);
                let cost = Cost::of_source(experiment, task);
                self.sources.push(PlannedSource { hash, directory, cell: index, cost });
                self.sources.len() - 1
            })
        });
        for dataset in experiment.datasets() {
            if !self.datasets.contains(&dataset) {
                self.datasets.push(dataset);
            }
        }
        self.cells.push(PlannedCell {
            name,
            values: self.keys.iter().map(|key| value(key)).collect(),
            overrides,
            directory,
            length: Length::of(&experiment.target),
            frozen_layers: experiment.transfer.frozen.count(),
            only_head: experiment.transfer.frozen.is_all(),
            measured,
            evaluation: experiment.evaluation,
            precision: experiment.compute.precision,
            cost: Cost::of(experiment),
            source,
        });
        Ok(())
    }

    /// An error if two cells have the same directory: they differ only in keys that do not change the run.
    fn check_directories(&self) -> Result<()> {
        let mut seen: HashMap<&Path, &str> = HashMap::new();
        for cell in &self.cells {
            if let Some(other) = seen.insert(cell.directory.path(), &cell.name) {
                let message = format!("the cells `{other}` and `{}` are the same run", cell.name);
                return Err(UserError::usage(message)
                    .hint(format!("both belong in `{}`", cell.directory.path().display()))
                    .hint("they differ only in keys that do not change the run, such as its budget")
                    .into());
            }
        }
        Ok(())
    }
}

/// The number of different seeds in the grid.
fn seeds(sweep: &Sweep) -> usize {
    sweep.cells.iter().map(|cell| cell.value("seed")).collect::<BTreeSet<_>>().len()
}

/// Problems by their text, each with its cells.
#[derive(Default)]
struct CellProblems {
    problems: Vec<(String, Vec<String>)>,
    /// Whether any problem is in a spec rather than in data.
    of_specs: bool,
}

impl CellProblems {
    fn add(&mut self, cell: &str, problems: Problems) {
        for problem in problems.0 {
            self.of_specs |= !problem.of_data;
            let text = problem.to_string();
            match self.problems.iter_mut().find(|(known, _)| *known == text) {
                Some((_, cells)) => cells.push(cell.to_owned()),
                None => self.problems.push((text, vec![cell.to_owned()])),
            }
        }
    }

    fn check(&self, count: usize) -> Result<()> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let mut lines: Vec<String> = Vec::new();
        for (text, cells) in self.problems.iter().take(SHOWN) {
            let share = match cells.len() {
                all if all == count => format!("in all {}", text::counted(count, "cell", "cells")),
                1 => format!("in the cell `{}`", cells[0]),
                some => format!(
                    "in {} of {} cells, first in `{}`",
                    text::grouped(some as u64),
                    text::grouped(count as u64),
                    cells[0]
                ),
            };
            lines.push(format!("{text}\n    {share}"));
        }
        if self.problems.len() > SHOWN {
            lines.push(format!("and {} more", self.problems.len() - SHOWN));
        }
        let problems = text::counted(self.problems.len(), "problem", "problems");
        let message = format!("{problems} in the cells of the sweep\n{}", lines.join("\n"));
        Err(if self.of_specs { UserError::usage(message) } else { UserError::new(message) }.into())
    }
}
