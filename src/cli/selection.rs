//! Which cells of a sweep to run.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::error::UserError;
use crate::sweep::SweepPlan;
use crate::text;

/// Which cells to run.
#[derive(Debug, Args)]
pub(super) struct CellSelection {
    /// Run only the cells of one task of a job array, counted from 0
    #[arg(long, value_name = "I", group = "task", conflicts_with_all = ["shard", "index_env"])]
    index: Option<usize>,

    /// Like `--index`, with the index from an environment variable such as `SLURM_ARRAY_TASK_ID` or
    /// `JOB_COMPLETION_INDEX`
    #[arg(long, value_name = "NAME", group = "task", conflicts_with = "shard")]
    index_env: Option<String>,

    /// Cells per task, with `--index` or `--index-env`
    #[arg(long, value_name = "M", requires = "task", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// Run only every N-th cell, starting with the I-th (from 1)
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,

    /// What to run
    #[arg(long, value_name = "WHAT", default_value = "cells")]
    only: Only,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Cells, and the sources they need
    Cells,
    /// Only the sources
    Sources,
}

fn shard(typed: &str) -> Result<(usize, usize), String> {
    let parts = typed.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    parts.filter(|(index, of)| (1..=*of).contains(index)).ok_or_else(|| "expected I/N with I from 1 to N".to_owned())
}

impl CellSelection {
    /// The indices of the chosen cells in a plan; for `--only sources`, one cell per source.
    pub(super) fn cells(&self, plan: &SweepPlan) -> Result<Vec<usize>> {
        let all: Vec<usize> = match self.only {
            Only::Cells => (0..plan.cells.len()).collect(),
            Only::Sources => plan.sources.iter().map(|source| source.cell).collect(),
        };
        if let Some((index, of)) = self.shard {
            return Ok(all.into_iter().skip(index - 1).step_by(of).collect());
        }
        let Some(index) = self.task()? else { return Ok(all) };
        let each = self.count as usize;
        let tasks = all.len().div_ceil(each);
        if index >= tasks {
            let message = format!("there is no task {index}: the sweep has {}", text::counted(tasks, "task", "tasks"));
            return Err(UserError::usage(message).hint("tasks are counted from 0").into());
        }
        Ok(all.into_iter().skip(index * each).take(each).collect())
    }

    fn task(&self) -> Result<Option<usize>> {
        let Some(name) = &self.index_env else { return Ok(self.index) };
        let Some(value) = crate::environment::text(name) else {
            return Err(UserError::usage(format!("the environment variable `{name}` is not set")).into());
        };
        let index =
            value.parse().map_err(|_| UserError::usage(format!("expected a number in `{name}`, found `{value}`")))?;
        Ok(Some(index))
    }

    pub(super) fn only_sources(&self) -> bool {
        self.only == Only::Sources
    }
}
