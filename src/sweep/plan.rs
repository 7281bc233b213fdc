//! A sweep as it is to be run: each cell with its directory, its budget and the source that it needs.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::cost::Cost;
use crate::error::UserError;
use crate::rundir::{Length, RunDirectory};
use crate::spec::{Problems, Spec, StatedClaims, Survey, Sweep};
use crate::text;

/// So many different problems of cells are shown.
const SHOWN: usize = 5;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// The folder of all runs.
    pub out: PathBuf,
    /// The sweep's own folder in it.
    pub folder: PathBuf,
    /// The keys of the axes.
    pub keys: Vec<String>,
    /// What its report is to show, as it is stated now.
    pub claims: StatedClaims,
    /// A cell for each point of the grid.
    pub cells: Vec<PlannedCell>,
    /// The sources that they need, each once.
    pub sources: Vec<PlannedSource>,
    /// The first cell of each network among them, by index.
    pub networks: Vec<usize>,
}

/// A cell and where it is run.
#[derive(Clone, Debug)]
pub struct PlannedCell {
    /// From its values: `frozen_layers=3,seed=0`.
    pub name: String,
    /// Its value on each axis, as text.
    pub values: Vec<String>,
    /// The arguments of `--set` that make it.
    pub overrides: Vec<String>,
    /// Its directory.
    pub directory: RunDirectory,
    /// Its budget.
    pub length: Length,
    /// What its training takes, and leaves.
    pub cost: Cost,
    /// The index of its source, if it has one that is trained.
    pub source: Option<usize>,
}

/// A source that cells share.
#[derive(Clone, Debug)]
pub struct PlannedSource {
    /// The name of its directory.
    pub hash: String,
    /// Its directory.
    pub directory: RunDirectory,
    /// The index of a cell that needs it: its spec trains it.
    pub cell: usize,
}

impl SweepPlan {
    /// Plans a sweep below `out`. Problems of cells come together, those of many cells once.
    pub fn new(sweep: &Sweep, out: &Path, survey: &dyn Survey) -> Result<Self> {
        let mut plan = Self {
            out: out.to_path_buf(),
            folder: out.join(&sweep.name),
            keys: sweep.keys.clone(),
            claims: StatedClaims { hash: sweep.report.hash(), seeds: seeds(sweep) },
            cells: Vec::with_capacity(sweep.cells.len()),
            sources: Vec::new(),
            networks: Vec::new(),
        };
        let (mut problems, mut networks) = (CellProblems::default(), Vec::new());
        for cell in &sweep.cells {
            match sweep.spec(cell, survey) {
                Ok(spec) => {
                    if !networks.contains(&spec.experiment.architecture) {
                        networks.push(spec.experiment.architecture.clone());
                        plan.networks.push(plan.cells.len());
                    }
                    plan.add(cell.name.clone(), cell.overrides(), &spec, |key| cell.value(key));
                }
                Err(error) => problems.add(&cell.name, error),
            }
        }
        problems.check(sweep.cells.len())?;
        plan.check_directories()?;
        Ok(plan)
    }

    fn add(&mut self, name: String, overrides: Vec<String>, spec: &Spec, value: impl Fn(&str) -> String) {
        let (experiment, index) = (&spec.experiment, self.cells.len());
        let source = spec.source_hash().filter(|_| experiment.trains_source()).map(|hash| {
            self.sources.iter().position(|source| source.hash == hash).unwrap_or_else(|| {
                let directory = RunDirectory::of_source(&self.out, &hash);
                self.sources.push(PlannedSource { hash, directory, cell: index });
                self.sources.len() - 1
            })
        });
        self.cells.push(PlannedCell {
            name,
            values: self.keys.iter().map(|key| value(key)).collect(),
            overrides,
            directory: RunDirectory::of_run(&self.out, &experiment.name, &spec.run_folder()),
            length: Length::of(&experiment.target),
            cost: Cost::of(experiment),
            source,
        });
    }

    /// Two cells in one directory differ in nothing that makes another run.
    fn check_directories(&self) -> Result<()> {
        let mut seen: HashMap<&Path, &str> = HashMap::new();
        for cell in &self.cells {
            if let Some(other) = seen.insert(cell.directory.path(), &cell.name) {
                let message = format!("the cells `{other}` and `{}` are the same run", cell.name);
                return Err(UserError::usage(message)
                    .hint(format!("both would be in `{}`", cell.directory.path().display()))
                    .hint("their values differ in keys that do not change which run it is, such as a budget")
                    .into());
            }
        }
        Ok(())
    }
}

/// How many different seeds the grid has.
fn seeds(sweep: &Sweep) -> usize {
    sweep.cells.iter().map(|cell| cell.value("seed")).collect::<BTreeSet<_>>().len()
}

/// Problems of cells, by their words.
#[derive(Default)]
struct CellProblems {
    problems: Vec<(String, Vec<String>)>,
    /// Whether one of them is of a spec, and not of data alone.
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
                    "in {} of {} cells, the first is `{}`",
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
        let message = format!("the sweep cannot be run\n{}", lines.join("\n"));
        Err(if self.of_specs { UserError::usage(message) } else { UserError::new(message) }.into())
    }
}
