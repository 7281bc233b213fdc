//! Resolves the schedules of evaluation, checkpoints and branches.

use super::checkpoints::{Branches, Checkpoints, Keep};
use super::meaning::ProblemReport;
use super::measures::{ExtraMeasures, HalfLife};
use super::procedure::{Evaluation, EvaluationSchedule, Training};
use super::written;

pub(super) fn evaluation(written: &written::Evaluate, report: &mut ProblemReport<'_>) -> Evaluation {
    let rhythm = |written| match written {
        written::CountOrLog::Every(every) => EvaluationSchedule::Every(every),
        written::CountOrLog::Word(_) => EvaluationSchedule::Log,
    };
    let test = rhythm(written.every);
    let train = written.train_every.map_or(test, rhythm);
    let within = match (test, train) {
        (EvaluationSchedule::Every(test), EvaluationSchedule::Every(train)) => train.is_multiple_of(test),
        (_, EvaluationSchedule::Log) => true,
        _ => false,
    };
    if !within {
        let hint = match test {
            EvaluationSchedule::Every(every) => {
                format!("use a multiple of {every} (`evaluate.every`), or `log`")
            }
            EvaluationSchedule::Log | EvaluationSchedule::End => {
                "use `log`, as in `evaluate.every`, or remove it".to_owned()
            }
        };
        let message = "`train_every` includes epochs that `evaluate.every` does not evaluate";
        report.add("evaluate.train_every", message, hint);
    }
    Evaluation { test, train, measures: measures(written) }
}

fn measures(written: &written::Evaluate) -> ExtraMeasures {
    ExtraMeasures {
        correct: written.correct,
        correct_train: written.correct_train,
        averaging: written.averaged_half_life.map(|half_life| match half_life {
            written::HalfLife::Steps(steps) => HalfLife::Steps(steps),
            written::HalfLife::Share(share) => HalfLife::Share(share),
        }),
        norms: written.norms,
    }
}

pub(super) fn checkpoints(written: &written::Checkpoints, branches: &Branches) -> Checkpoints {
    Checkpoints {
        every_epochs: written.every_epochs,
        every_seconds: written.every_seconds,
        time_share: written.time_share,
        keep: keep(&written.keep),
        keep_final: written.keep_final,
        branches: branches.at.clone(),
    }
}

fn keep(written: &written::Keep) -> Keep {
    match written {
        written::Keep::Epochs(epochs) => Keep::Epochs(epochs.clone()),
        written::Keep::Word(_) => Keep::Log,
    }
}

pub(super) fn branches(
    written: &written::Branches,
    training: &Training,
    examples: usize,
    report: &mut ProblemReport<'_>,
) -> Branches {
    let branches = Branches {
        at: keep(&written.at),
        anneal: written.anneal,
        anneal_steps: written.anneal_steps,
        refit: written.refit,
    };
    let whole = training.steps(examples) / training.steps_per_epoch(examples).max(1);
    if let Keep::Epochs(epochs) = &branches.at {
        if let Some(beyond) = epochs.iter().find(|&&epoch| epoch > whole) {
            let message = format!("epoch {beyond} is beyond the budget of {whole} whole epochs");
            report.add("branches.at", message, "list epochs from 1 to the end of the budget");
        }
        if !epochs.is_empty() && !branches.anneal && !branches.refit {
            let message = "branches do nothing: `branches.anneal` and `branches.refit` are both false";
            report.add("branches.at", message, "enable one of them, or remove `branches.at`");
        }
    }
    branches
}
