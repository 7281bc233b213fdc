//! Branches of a finished training: anneal branches and refitted heads, one row of `branches.csv` per epoch.
//!
//! They start from kept checkpoints after the training has ended, so they can be requested at any time and survive a
//! kill. Existing rows are not computed again.

use anyhow::{Context, Result};

use crate::error::UserError;
use crate::run::phase::log::RunLog;
use crate::run::phase::work::PhaseWork;
use crate::run::recovery::checkpoint::{CheckpointStore, read_kept};
use crate::run::recovery::resume::FRESH;
use crate::run::recovery::stop::stopped;
use crate::rundir::{self, BranchRow, RunDirectory};
use crate::spec::{Branches, Experiment};
use crate::text;
use crate::train::{Branch, BranchPlan, Control, EpochReport, Observer, Phase, anneal_steps};

/// The branches that the spec asks for.
pub(in crate::run) fn plans(experiment: &Experiment) -> Vec<BranchPlan> {
    let (target, Branches { at, anneal, anneal_steps: steps, refit }) = (&experiment.target, &experiment.branches);
    let per_epoch = target.training.steps_per_epoch(target.train_size);
    let whole = target.training.steps(target.train_size) / per_epoch;
    let plan = |epoch: u64| {
        let steps = steps.unwrap_or_else(|| anneal_steps(epoch * per_epoch));
        BranchPlan { epoch, anneal: anneal.then_some(steps), refit: *refit }
    };
    (1..=whole).filter(|&epoch| at.has(epoch)).map(plan).collect()
}

/// The rows on disk; none if the table cannot be read.
fn rows(directory: &RunDirectory) -> Vec<BranchRow> {
    rundir::read(&directory.branches()).unwrap_or_default()
}

fn serves(row: &BranchRow, plan: &BranchPlan) -> bool {
    row.epoch == plan.epoch
        && plan.anneal.is_none_or(|steps| row.anneal_steps == Some(steps))
        && (!plan.refit || row.refit_test_error.is_some())
}

/// The branches without a row.
pub(in crate::run) fn missing(directory: &RunDirectory, experiment: &Experiment) -> Vec<BranchPlan> {
    let plans = plans(experiment);
    if plans.is_empty() {
        return plans;
    }
    let rows = rows(directory);
    plans.into_iter().filter(|plan| !rows.iter().any(|row| serves(row, plan))).collect()
}

/// An error if a missing branch starts from one of the `behind` epochs already trained and its checkpoint was not kept.
pub(in crate::run) fn check(
    directory: &RunDirectory,
    experiment: &Experiment,
    store: &CheckpointStore<'_>,
    behind: u64,
) -> Result<()> {
    let mut gone = Vec::new();
    for plan in missing(directory, experiment) {
        if plan.epoch <= behind && !store.keep(plan.epoch)? {
            gone.push(plan.epoch.to_string());
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let epochs = if gone.len() == 1 { "epoch" } else { "epochs" };
    Err(UserError::usage(format!(
        "`branches.at` needs checkpoints that the run in `{}` did not keep: {epochs} {}",
        directory.path().display(),
        gone.join(", ")
    ))
    .hint("choose epochs that `checkpoint.keep` kept, or none")
    .hint(FRESH)
    .into())
}

/// Computes the missing branches of a finished training.
pub(in crate::run) fn run(work: &PhaseWork<'_>, phase: &Phase<'_>, run_log: &mut RunLog<'_>) -> Result<()> {
    let (directory, experiment) = (work.directory, work.experiment);
    let per_epoch = work.task.training.steps_per_epoch(work.task.train_size);
    for plan in missing(directory, experiment) {
        let what = match plan.anneal {
            Some(steps) => format!("an anneal branch of {}", text::counted(steps as usize, "step", "steps")),
            None => "a refitted head".to_owned(),
        };
        run_log.note(&format!("from epoch {}: {what}", plan.epoch))?;
        let checkpoint = read_kept(directory, plan.epoch, &work.hash)?;
        let mut watcher = Watcher { work, run_log };
        let branch = phase.branch(&checkpoint.state, plan, &mut watcher)?;
        let Some(branch) = branch else {
            let place = format!("in the branch from epoch {}", plan.epoch);
            return Err(stopped(&work.stop.reason().unwrap_or_default(), &place).into());
        };
        work.lock.check()?;
        let (same, mut all): (Vec<_>, Vec<_>) = rows(directory).into_iter().partition(|row| row.epoch == plan.epoch);
        all.push(with_earlier(row(plan, branch, per_epoch), plan, same.into_iter().next()));
        all.sort_by_key(|row| row.epoch);
        rundir::write_rows(&directory.branches(), &all).context("cannot write the branches")?;
    }
    Ok(())
}

fn row(plan: BranchPlan, branch: Branch, per_epoch: u64) -> BranchRow {
    let Branch { annealed, refitted } = branch;
    BranchRow {
        phase: "target".to_owned(),
        epoch: plan.epoch,
        step: plan.epoch * per_epoch,
        anneal_steps: plan.anneal,
        anneal_train_error: annealed.map(|errors| errors.train_error),
        anneal_test_loss: annealed.map(|errors| errors.test_loss),
        anneal_test_error: annealed.map(|errors| errors.test_error),
        refit_train_error: refitted.map(|refitted| refitted.plain[0]),
        refit_test_error: refitted.map(|refitted| refitted.plain[1]),
        tuned_train_error: refitted.map(|refitted| refitted.tuned[0]),
        tuned_test_error: refitted.map(|refitted| refitted.tuned[1]),
        tuned_penalty: refitted.map(|refitted| refitted.penalty),
    }
}

/// A row with what an earlier one of the same epoch has and this plan did not ask for.
fn with_earlier(row: BranchRow, plan: BranchPlan, earlier: Option<BranchRow>) -> BranchRow {
    let Some(earlier) = earlier else { return row };
    match plan {
        BranchPlan { anneal: None, .. } => BranchRow {
            anneal_steps: earlier.anneal_steps,
            anneal_train_error: earlier.anneal_train_error,
            anneal_test_loss: earlier.anneal_test_loss,
            anneal_test_error: earlier.anneal_test_error,
            ..row
        },
        BranchPlan { refit: false, .. } => BranchRow {
            refit_train_error: earlier.refit_train_error,
            refit_test_error: earlier.refit_test_error,
            tuned_train_error: earlier.tuned_train_error,
            tuned_test_error: earlier.tuned_test_error,
            tuned_penalty: earlier.tuned_penalty,
            ..row
        },
        _ => row,
    }
}

/// Passes a branch's notes to the run's log, and stop requests to the branch.
struct Watcher<'a, 'b> {
    work: &'a PhaseWork<'a>,
    run_log: &'a mut RunLog<'b>,
}

impl Observer for Watcher<'_, '_> {
    fn step(&mut self, _: u64) {}

    fn note(&mut self, sentence: &str) -> Result<()> {
        self.run_log.note(sentence)
    }

    fn epoch(&mut self, _: &EpochReport) -> Result<()> {
        Ok(())
    }

    fn control(&mut self) -> Control {
        if self.stops() { Control::Stop } else { Control::GoOn }
    }

    fn stops(&mut self) -> bool {
        self.work.stop.reason().is_some()
    }
}
