//! Judges all stated claims together, and adds exploratory findings.

use super::finding::{Finding, Standing};
use super::stated::{self, Stated};
use super::{pair, unstated};
use crate::analysis::inference::{SIGNIFICANCE, claims_carried, holm};
use crate::report::read::{FROZEN_LAYERS, SweepFolder};
use crate::report::setting::Setting;
use crate::report::words::{capital, p_value};
use crate::spec::{Claim, Statement};
use crate::text;

/// All findings, and a sentence about how many claims the seeds can carry.
pub(in crate::report) struct Judgement {
    pub(in crate::report) findings: Vec<Finding>,
    pub(in crate::report) power: String,
}

enum Case<'a> {
    Bump(Box<Stated<'a>>),
    Pair(pair::Judged),
    Failed(String),
}

/// Judges all claims of all sweeps, and explores settings without a claim.
pub(in crate::report) fn judge(settings: &[Setting], sweeps: &[SweepFolder]) -> Judgement {
    let claims: Vec<(&SweepFolder, &Claim)> =
        sweeps.iter().flat_map(|sweep| sweep.claims.claims.iter().map(move |claim| (sweep, claim))).collect();
    let cases: Vec<Case> = claims.iter().map(|(sweep, claim)| case(claim, sweep, settings)).collect();
    // A claim that could not be tested still counts in the correction.
    let p_values: Vec<f64> = cases
        .iter()
        .map(|case| match case {
            Case::Bump(bump) => bump.measured.evidence.p,
            Case::Pair(pair) => pair.p,
            Case::Failed(_) => 1.0,
        })
        .collect();
    let corrected = holm(&p_values);
    let mut findings = Vec::new();
    for ((case, p), (sweep, claim)) in cases.iter().zip(corrected).zip(&claims) {
        let mut finding = finding(case, claim, p, sweeps);
        if !sweep.stated_beforehand() {
            finding.standing = Standing::Exploratory;
            let reason = "exploratory: stated after the first cell started, or by a version that did not record it";
            finding.reasons.push(reason.to_owned());
        }
        findings.push(finding);
    }
    for setting in settings {
        let is_stated =
            cases.iter().any(|case| matches!(case, Case::Bump(bump) if std::ptr::eq(bump.setting, setting)));
        let titled = |mut finding: Finding| {
            if !setting.title.is_empty() {
                finding.sentence = format!("{}: {}", capital(&setting.title), finding.sentence);
            }
            finding
        };
        if !is_stated {
            findings.extend(unstated::over_layers(setting, settings, sweeps).map(titled));
        }
        let epochs = setting.cells.iter().filter_map(|cell| unstated::over_epochs(cell, setting, sweeps));
        // Of several cells only those that show something; the table has the others.
        let shown = epochs.filter(|finding| !finding.checks.is_empty() || setting.cells.len() == 1);
        findings.extend(shown.map(titled));
    }
    Judgement { findings, power: power(settings, claims.iter().filter(|(sweep, _)| sweep.stated_beforehand()).count()) }
}

fn power(settings: &[Setting], stated: usize) -> String {
    let least = settings.iter().flat_map(|setting| &setting.cells).map(|cell| cell.runs.len()).min().unwrap_or(0);
    let carried = claims_carried(least, SIGNIFICANCE);
    format!(
        "Each cell has at least {}: they can carry {}, with Holm's correction at {}%. {} stated beforehand.",
        text::counted(least, "seed", "seeds"),
        text::counted(carried as usize, "one-sided claim", "one-sided claims"),
        SIGNIFICANCE * 100.0,
        if stated == 1 { "1 claim was".to_owned() } else { format!("{stated} claims were") },
    )
}

fn fits(claim: &Claim, sweep: &SweepFolder, setting: &Setting) -> bool {
    let of_sweep = setting.runs().any(|run| run.directory.path().parent() == Some(sweep.folder.as_path()));
    let asked = claim.setting.iter().filter(|(key, _)| *key != FROZEN_LAYERS);
    let equal = |(key, value): (&String, &String)| setting.values.get(key).is_some_and(|own| same(own, value));
    of_sweep && asked.into_iter().all(equal)
}

fn same(one: &str, other: &str) -> bool {
    one == other
        || matches!((one.parse::<f64>(), other.parse::<f64>()), (Ok(one), Ok(other)) if one.total_cmp(&other).is_eq())
}

fn case<'a>(claim: &Claim, sweep: &SweepFolder, settings: &'a [Setting]) -> Case<'a> {
    let layers = claim.setting.get(FROZEN_LAYERS).map(String::as_str);
    let fitting = |setting: &Setting| fits(claim, sweep, setting);
    let only = || -> Result<&'a Setting, String> {
        let mut found = settings.iter().filter(|setting| fitting(setting));
        match (found.next(), found.count()) {
            (Some(only), 0) => Ok(only),
            (None, _) => Err("no finished run has its setting".to_owned()),
            (_, more) => Err(format!("{} settings match: narrow it down with `setting`", more + 1)),
        }
    };
    let bump = |bump: Result<Stated<'a>, String>| bump.map(|bump| Case::Bump(Box::new(bump)));
    let case = match &claim.statement {
        Statement::FrozenLayers { sites, least_size } => {
            bump(only().and_then(|setting| stated::over_layers(setting, settings, sites, *least_size)))
        }
        Statement::Epochs { sites, least_size } => {
            bump(only().and_then(|setting| stated::over_epochs(setting, layers, *sites, *least_size)))
        }
        Statement::Delay { key, reference, delayed, of } => {
            pair::later(settings, &fitting, (key, [reference, delayed], layers), *of).map(Case::Pair)
        }
        Statement::Order { key, values: [one, other], at: [first, second] } => {
            pair::reversed(settings, &fitting, (key, [one, other]), [first, second]).map(Case::Pair)
        }
        Statement::Equivalence { key, values: [one, other], margin } => {
            pair::on_par(settings, &fitting, (key, [one, other], layers), *margin).map(Case::Pair)
        }
    };
    case.unwrap_or_else(Case::Failed)
}

fn finding(case: &Case, claim: &Claim, corrected: f64, sweeps: &[SweepFolder]) -> Finding {
    match case {
        Case::Failed(reason) => Finding {
            standing: Standing::NotShown,
            sentence: format!("A stated claim ({}) could not be tested: {reason}.", kind(&claim.statement)),
            reasons: Vec::new(),
            checks: Vec::new(),
        },
        Case::Pair(judged) => {
            let holds = pair::holds(corrected, judged.seeds);
            let mut reasons = Vec::new();
            if corrected > SIGNIFICANCE {
                reasons.push(format!("not significant after Holm's correction: {}", p_value(corrected)));
            }
            if judged.seeds < crate::analysis::inference::LEAST_SEEDS {
                reasons.push(format!("a claim needs at least eight independent seeds, found {}", judged.seeds));
            }
            let standing = if holds { Standing::Holds } else { Standing::NotShown };
            let sentence = format!("{}; {}.", capital(&judged.sentence), p_value(corrected));
            Finding { standing, sentence, reasons, checks: Vec::new() }
        }
        Case::Bump(bump) => stated::finding(bump, corrected, sweeps),
    }
}

fn kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::FrozenLayers { .. } => "frozen-layers",
        Statement::Epochs { .. } => "epochs",
        Statement::Delay { .. } => "delay",
        Statement::Order { .. } => "order",
        Statement::Equivalence { .. } => "equivalence",
    }
}
