//! Judges the claims that sweeps state, together, and adds exploratory findings.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::checks::{checklist, survived};
use super::claimed::claimed;
use super::commands::Commands;
use super::control::{is_control_of, is_control_of_any};
use super::effect::EffectUnit;
use super::finding::{Finding, Standing};
use super::pair::Judged;
use super::sources::{Sources, source_hashes};
use super::stated::{self, Stated, does_not_hold};
use super::subject::MeasuredAt;
use super::{delay, equivalence, larger_bump, order, unstated};
use crate::analysis::inference::{LEAST_SEEDS, SIGNIFICANCE, claims_carried, holm};
use crate::report::read::{SweepFolder, View};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::{capital, list, p_value};
use crate::spec::{Claim, FROZEN_LAYERS, Statement};
use crate::text;

/// All findings, and a sentence about how many claims the seeds can carry.
pub(in crate::report) struct Judgement {
    pub(in crate::report) findings: Vec<Finding>,
    pub(in crate::report) power: String,
}

/// A claim and the sweeps that state it. A control of a sweep that is run from the same spec states it again.
struct StatedClaim<'a> {
    claim: &'a Claim,
    sweep: &'a SweepFolder,
    /// The settings of the sweep's own runs. Other folders may have runs of the same settings, such as the seeds from which
    /// the places were chosen.
    own: &'a [Setting],
    again: Vec<&'a SweepFolder>,
}

enum Case<'a> {
    Bump(Box<Stated<'a>>),
    Pair(Box<Judged<'a>>),
    Failed(String),
}

impl Case<'_> {
    fn is_about(&self, setting: &Setting) -> bool {
        let settings: &[&Setting] = match self {
            Self::Bump(bump) => &bump.subject.settings,
            Self::Pair(pair) => &pair.subject.settings,
            Self::Failed(_) => &[],
        };
        settings.iter().any(|own| own.values == setting.values)
    }

    /// Sets the name of its part in the specs of its controls.
    fn named(mut self, name: String) -> Self {
        match &mut self {
            Self::Bump(bump) => bump.subject.name = name,
            Self::Pair(pair) => pair.subject.name = name,
            Self::Failed(_) => {}
        }
        self
    }
}

/// Judges all claims of all sweeps, and explores settings without a claim.
pub(in crate::report) fn judge(settings: &[Setting], sweeps: &[SweepFolder], commands: &Commands) -> Judgement {
    let own = |sweep: &SweepFolder| -> Vec<Setting> {
        settings.iter().filter_map(|setting| setting.only(|run| sweep.has(run))).collect()
    };
    let own: Vec<Vec<Setting>> = sweeps.iter().map(own).collect();
    let claims = distinct(sweeps, &own);
    let cases: Vec<Case> = claims
        .iter()
        .enumerate()
        .map(|(index, stated)| case(stated.claim, stated.own, settings).named(format!("claim-{}", index + 1)))
        .collect();
    // A claim that could not be tested still counts in the correction.
    let p_values: Vec<f64> = cases
        .iter()
        .map(|case| match case {
            Case::Bump(bump) => bump.measured.evidence.p,
            Case::Pair(pair) => pair.p,
            Case::Failed(_) => 1.0,
        })
        .collect();
    let (mut findings, mut stated_beforehand) = (Vec::new(), 0);
    for ((case, p), stated) in cases.iter().zip(holm(&p_values)).zip(&claims) {
        let mut finding = finding(case, p, commands);
        finding.claimed = claimed(stated.claim, stated.sweep);
        match not_as_stated(stated) {
            None => stated_beforehand += 1,
            Some(reason) => {
                finding.standing = Standing::Exploratory;
                finding.reasons.push(format!("exploratory: {reason}"));
            }
        }
        if !stated.again.is_empty() {
            let names: Vec<String> = stated.again.iter().map(|sweep| sweep.name()).collect();
            finding.reasons.push(format!("{} also state it; it is tested and counted once", list(&names)));
        }
        findings.push(finding);
    }
    let is_claimed = |setting: &Setting| cases.iter().any(|case| case.is_about(setting));
    for setting in settings.iter().filter(|setting| !is_control_of_any(setting, settings, is_claimed)) {
        findings.extend(looked_for(setting, settings, &cases, commands));
    }
    Judgement { findings, power: power(settings, stated_beforehand) }
}

/// Why a claim is not one that was stated beforehand, if it is not.
fn not_as_stated(stated: &StatedClaim) -> Option<String> {
    let Some(recorded) = stated.sweep.stated.as_ref().filter(|_| stated.sweep.stated_beforehand()) else {
        return Some("stated after the first cell started, or by a version that did not record it".to_owned());
    };
    if let Some(seeds) = stated.sweep.seeds().filter(|seeds| *seeds != recorded.seeds) {
        let (now, then) = (text::counted(seeds, "seed", "seeds"), recorded.seeds);
        return Some(format!("the sweep has {now}, and had {then} when the claim was stated"));
    }
    // Otherwise one could stop at the seeds that one likes.
    let runs = stated.own.iter().flat_map(Setting::runs);
    let (ended, planned) = stated.sweep.ended(&runs.map(|run| run.directory.name()).collect());
    (ended < planned).then(|| format!("{ended} of {planned} cells are finished"))
}

/// The largest bumps of a setting, without those that a claim is about.
fn looked_for(setting: &Setting, all: &[Setting], cases: &[Case], commands: &Commands) -> Vec<Finding> {
    let is_stated = |over_layers: bool, layers: Option<usize>| {
        cases.iter().filter(|case| case.is_about(setting)).any(|case| match case {
            Case::Bump(stated) => {
                (stated.subject.place == MeasuredAt::End) == over_layers
                    && layers.is_none_or(|layers| stated.subject.layers.contains(&layers))
            }
            Case::Pair(_) | Case::Failed(_) => false,
        })
    };
    let mut findings = Vec::new();
    if !is_stated(true, None) {
        findings.extend(unstated::over_layers(setting, all, commands));
    }
    let cells = setting.cells.iter().filter(|cell| !is_stated(false, Some(cell.frozen.count)));
    let cells: Vec<&SeedGroup> = cells.collect();
    let epochs = cells.iter().filter_map(|cell| unstated::over_epochs(cell, setting, all, cells.len(), commands));
    // With several cells, only those that show a bump; the others are in the table.
    findings.extend(epochs.filter(|finding| !finding.checks.is_empty() || setting.cells.len() == 1));
    if !setting.title.is_empty() {
        for finding in &mut findings {
            finding.sentence = format!("{}: {}", capital(&setting.title), finding.sentence);
        }
    }
    findings
}

/// Each claim once, with the first sweep that states it. An equal claim of another study is another claim.
fn distinct<'a>(sweeps: &'a [SweepFolder], own: &'a [Vec<Setting>]) -> Vec<StatedClaim<'a>> {
    let mut found: Vec<StatedClaim> = Vec::new();
    for (sweep, own) in sweeps.iter().zip(own) {
        for claim in &sweep.claims.claims {
            match found.iter_mut().find(|known| known.claim == claim && is_again(claim, known.own, own)) {
                Some(known) => known.again.push(sweep),
                None => found.push(StatedClaim { claim, sweep, own, again: Vec::new() }),
            }
        }
    }
    found
}

/// Whether a sweep that states a claim again has only controls or copies of the runs of the first one.
fn is_again(claim: &Claim, first: &[Setting], other: &[Setting]) -> bool {
    let paths = |setting: &'_ Setting| -> BTreeSet<PathBuf> {
        setting.runs().map(|run| run.directory.path().to_path_buf()).collect()
    };
    let known = |setting: &Setting| {
        let is_copy = |own: &Setting| own.values == setting.values && paths(setting).is_subset(&paths(own));
        first.iter().any(|own| is_copy(own) || is_control_of(own, setting))
    };
    other.iter().filter(|setting| fits(claim, setting)).all(known)
}

fn power(settings: &[Setting], stated: usize) -> String {
    let independent = |cell: &SeedGroup| Sources::independent_seeds(&source_hashes(&cell.runs));
    let least = settings.iter().flat_map(|setting| &setting.cells).map(independent).min().unwrap_or(0);
    let carried = claims_carried(least, SIGNIFICANCE);
    // The smallest p-value of exact sign flips: all signs agree once in 2^m.
    let smallest = p_value(0.5f64.powi(i32::try_from(least).unwrap_or(i32::MAX)));
    format!(
        "Each cell has at least {} (smallest possible {smallest}): enough for {} with exact sign flips over seeds and \
         Holm's correction at {}%. {} stated beforehand.",
        text::counted(least, "independent seed", "independent seeds"),
        text::counted(carried as usize, "one-sided claim", "one-sided claims"),
        SIGNIFICANCE * 100.0,
        if stated == 1 { "1 claim was".to_owned() } else { format!("{stated} claims were") },
    )
}

/// Whether a claim is about a setting of its sweep.
fn fits(claim: &Claim, setting: &Setting) -> bool {
    let mut asked = claim.setting.iter().filter(|(key, _)| *key != FROZEN_LAYERS);
    asked.all(|(key, value)| setting.values.get(key).is_some_and(|own| text::is_same_value(own, value)))
}

/// A claim about settings in `own`, with controls in `all`.
fn case<'a>(claim: &Claim, own: &'a [Setting], all: &[Setting]) -> Case<'a> {
    let layers = claim.setting.get(FROZEN_LAYERS).map(String::as_str);
    let view: View = claim.weights.into();
    let fitting = |setting: &Setting| fits(claim, setting);
    let only = || -> Result<&'a Setting, String> {
        let mut found = own.iter().filter(|setting| fitting(setting));
        match (found.next(), found.count()) {
            (Some(only), 0) => Ok(only),
            (None, _) => Err("no finished run has its setting".to_owned()),
            (_, more) => Err(format!("{} settings match: narrow it down with `setting`", more + 1)),
        }
    };
    let bump = |bump: Result<Stated<'a>, String>| bump.map(|bump| Case::Bump(Box::new(bump)));
    let pair = |pair: Result<Judged<'a>, String>| pair.map(|pair| Case::Pair(Box::new(pair)));
    let case = match &claim.statement {
        Statement::FrozenLayers { sites, least_size } => {
            bump(only().and_then(|setting| stated::over_layers(setting, all, sites, *least_size, view)))
        }
        Statement::Epochs { sites, least_size } => {
            bump(only().and_then(|setting| stated::over_epochs(setting, all, layers, *sites, *least_size, view)))
        }
        Statement::LargerBump { over, key, reference, larger, sites, least_size } => {
            let (values, least_size) = ([reference.as_str(), larger.as_str()], *least_size);
            let claimed = larger_bump::ClaimedDifference { over: *over, key, values, layers, view, sites, least_size };
            pair(larger_bump::judge((own, all), &fitting, &claimed))
        }
        Statement::Delay { key, reference, delayed, of, least_size } => {
            let (values, least_size) = ([reference.as_str(), delayed.as_str()], least_size.unwrap_or(0.0));
            let claimed = delay::ClaimedDelay { key, values, layers, view, of: *of, least_size };
            pair(delay::judge((own, all), &fitting, &claimed))
        }
        Statement::Order { key, values: [one, other], at: [first, second] } => {
            pair(order::judge((own, all), &fitting, (key, [one, other]), [first, second], view))
        }
        Statement::Equivalence { key, values: [one, other], margin } => {
            pair(equivalence::judge((own, all), &fitting, (key, [one, other], layers), *margin, view))
        }
    };
    case.unwrap_or_else(Case::Failed)
}

fn finding(case: &Case, corrected: f64, commands: &Commands) -> Finding {
    match case {
        Case::Failed(reason) => Finding {
            standing: Standing::NotShown,
            claimed: String::new(),
            sentence: format!("It could not be tested: {reason}."),
            reasons: Vec::new(),
            checks: Vec::new(),
        },
        Case::Pair(judged) => of_pair(judged, corrected, commands),
        Case::Bump(bump) => stated::finding(bump, corrected, commands),
    }
}

fn of_pair(judged: &Judged, corrected: f64, commands: &Commands) -> Finding {
    let mut reasons = Vec::new();
    if corrected > SIGNIFICANCE {
        reasons.push(format!("not significant after Holm's correction: {}", p_value(corrected)));
    }
    if judged.independent < LEAST_SEEDS {
        let count = judged.independent;
        reasons.push(format!("a claim needs at least {LEAST_SEEDS} independent pairs, found {count}"));
    }
    reasons.extend(judged.shortfalls.iter().cloned());
    let standing = if reasons.is_empty() { Standing::Holds } else { Standing::NotShown };
    let verdict = match reasons.as_slice() {
        [] => "Holds".to_owned(),
        reasons => does_not_hold(reasons),
    };
    let reasons = judged.limits.clone();
    let checks = checklist(&judged.subject, (&judged.effect.into(), judged.unit), &judged.controls, commands);
    let statement = capital(&format!("{}{}", judged.subject.view.prefix(), judged.sentence));
    // Controls tell nothing of an effect that is not there.
    let is_effect = judged.effect.size > 0.0 || judged.unit == EffectUnit::WithinMargin;
    let under_controls = if is_effect { survived(&checks) } else { String::new() };
    let sentence = format!("{verdict}: {statement}; {}{under_controls}.", p_value(corrected));
    Finding { standing, claimed: String::new(), sentence, reasons, checks }
}
