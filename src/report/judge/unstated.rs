//! Exploratory findings: the largest bump, wherever it is. Never a claim.

use super::bump::{self, MOST_SEEDS, MeasuredBump};
use super::checks::{checklist, of_seeds, survived};
use super::commands::Commands;
use super::control::{self, Remeasure};
use super::descent::FirstDescent;
use super::effect::{EffectUnit, SizedEffect};
use super::finding::{Check, Finding, Standing};
use super::sources::{Sources, independent_rows};
use super::stated::{self, bump_under};
use super::subject::{MeasuredAt, Subject};
use crate::analysis::CompleteCurves;
use crate::analysis::inference::{Effect, LEAST_SEEDS, SIGNIFICANCE, UnstatedBump, unstated_bump};
use crate::report::read::{RunMeasure, View};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::{p_value, percent, points};
use crate::text;

/// The largest bump over frozen layers, wherever it is.
pub(super) fn over_layers(setting: &Setting, all: &[Setting], commands: &Commands) -> Option<Finding> {
    let curves = setting.over_layers(RunMeasure::Last);
    if curves.grid.len() < 3 {
        return None;
    }
    let cells: Vec<&SeedGroup> = curves.grid.iter().filter_map(|layers| setting.cell_at(*layers)).collect();
    let frozen = |index: usize| cells[index].frozen;
    let sparse = setting.sparse();
    let mut reasons: Vec<String> = sparse.iter().map(|cell| left_out(cell)).collect();
    reasons.extend(
        curves.left_out.iter().map(|seed| format!("{} left out: it lacks a number of frozen layers", seed.name)),
    );
    if curves.errors.len() < 2 {
        return Some(picture(&curves, &cells, reasons));
    }
    let (sources, mut rows) = independent_rows(&setting.sources_of(&curves.names), curves.errors).ok()?;
    reasons.extend(sources.limit(rows.len()).filter(|_| sources == Sources::Clusters));
    reasons.extend(untested(rows.len(), sources));
    rows.truncate(MOST_SEEDS);
    let found = unstated_bump(&rows).ok()?;
    let sites = found.sites.map(|index| frozen(index).count);
    let mean = |index: usize| rows.iter().map(|row| row[index]).sum::<f64>() / rows.len() as f64;
    let place = |index: usize| format!("{} {}", percent(mean(index)), frozen(index).phrase());
    let places = found.sites.in_order().map(place).join(", ");
    let subject = Subject {
        settings: vec![setting],
        layers: sites.in_order().to_vec(),
        place: MeasuredAt::End,
        view: View::Raw,
        key: None,
        peak: Some(format!("k = {}", frozen(found.sites.peak).short())),
        name: "layers".to_owned(),
    };
    let measured = bump::over_layers(setting, View::Raw, &sites).ok();
    let checks = checks(&found, &subject, all, measured.as_ref(), commands, &|settings, view, _| {
        bump::over_layers(settings[0], view, &sites).ok().map(|found| (&found.evidence).into())
    });
    let to_valley = |row: &Vec<f64>| row[..=found.sites.first_valley].to_vec();
    let descent = FirstDescent::of(&rows.iter().map(to_valley).collect::<Vec<_>>());
    reasons.extend((descent != FirstDescent::Measured && found.largest > 0.0).then(|| descent.words().to_owned()));
    reasons.extend(limits(&found, rows.len()));
    Some(finding(&found, "frozen layers", &places, (rows.len(), sources), reasons, checks))
}

/// The largest bump over epochs of a cell, wherever it is. The p-value is that of the smallest of `looked_at` cells (Bonferroni).
pub(super) fn over_epochs(
    cell: &SeedGroup,
    setting: &Setting,
    all: &[Setting],
    looked_at: usize,
    commands: &Commands,
) -> Option<Finding> {
    let grid = bump::grid(&cell.runs.iter().collect::<Vec<_>>(), View::Raw)?;
    let found = unstated_bump(&grid.rows).ok()?;
    let found = UnstatedBump { p: (found.p * looked_at as f64).min(1.0), ..found };
    let sites = found.sites.map(|index| Some(grid.epochs[index]));
    let seeds = grid.rows.len();
    let mean = |index: usize| grid.rows.iter().map(|row| row[index]).sum::<f64>() / seeds as f64;
    let place = |index: usize| format!("{} at epoch {}", percent(mean(index)), text::grouped(grid.epochs[index]));
    let places = found.sites.in_order().map(place).join(", ");
    let subject = Subject {
        settings: vec![setting],
        layers: vec![cell.frozen.count],
        place: MeasuredAt::Epochs(sites.in_order().into_iter().flatten().collect()),
        view: View::Raw,
        key: None,
        peak: sites.peak.map(|epoch| format!("epoch {}", text::grouped(epoch))),
        name: format!("epochs-k{}", cell.frozen.count),
    };
    let measured = bump::over_epochs(cell, View::Raw, &sites).ok();
    let checks = checks(&found, &subject, all, measured.as_ref(), commands, &|settings, view, check| {
        bump_under(settings[0].cell_at(cell.frozen.count)?, view, check, &sites)
    });
    let over = format!("epochs {}", cell.frozen.phrase());
    let several = format!("one of {looked_at} cells that were looked at: its p-value is multiplied by {looked_at}");
    let notes = [
        untested(grid.independent, grid.sources),
        limits(&found, seeds),
        (looked_at > 1).then_some(several),
        stated::spikes(cell, View::Raw, &sites),
    ];
    let reasons = notes.into_iter().flatten().collect();
    Some(finding(&found, &over, &places, (seeds, grid.sources), reasons, checks))
}

/// A description without a test: the errors of the only seed that has every number of frozen layers.
fn picture(curves: &CompleteCurves<usize>, cells: &[&SeedGroup], mut reasons: Vec<String>) -> Finding {
    let sentence = match curves.errors.first().map(Vec::as_slice) {
        Some([first, .., last]) => {
            reasons.push("only one seed: nothing can be inferred".to_owned());
            let ends = [(first, cells.first()), (last, cells.last())];
            let place = |(error, cell): (&f64, Option<&&SeedGroup>)| {
                Some(format!("{} {}", percent(*error), cell?.frozen.phrase()))
            };
            let places: Vec<String> = ends.into_iter().filter_map(place).collect();
            format!("Test error over frozen layers, of {}: {}.", curves.names[0], places.join(", "))
        }
        _ => "No seed has every number of frozen layers.".to_owned(),
    };
    Finding { standing: Standing::Description, claimed: String::new(), sentence, reasons, checks: Vec::new() }
}

fn finding(
    found: &UnstatedBump,
    over: &str,
    places: &str,
    (independent, sources): (usize, Sources),
    reasons: Vec<String>,
    checks: Vec<Check>,
) -> Finding {
    // The smallest possible p-value: all signs agree.
    let cannot_tell = 0.5f64.powi(independent as i32) > SIGNIFICANCE;
    let seeds = sources.counted(independent);
    if found.largest <= 0.0 {
        let sentence = format!("No bump over {over}: the mean test error never rises and falls again; {seeds}.");
        return Finding { standing: Standing::Exploratory, claimed: String::new(), sentence, reasons, checks };
    }
    let verdict = match found.p <= SIGNIFICANCE {
        true => "A bump over",
        false if cannot_tell => "Too few seeds to tell a bump from noise over",
        false => "No significant bump over",
    };
    let sentence = format!(
        "{verdict} {over}, at places that were not stated: {places}; bump (the smaller of rise and drop) {} points, leave-one-out \
         {} (each seed at the places that the others choose); {}; {seeds}{}.",
        points(found.largest),
        points(found.size_biased_low),
        p_value(found.p),
        survived(&checks),
    );
    Finding { standing: Standing::Exploratory, claimed: String::new(), sentence, reasons, checks }
}

/// A note about seeds that the test does not use.
fn untested(independent: usize, sources: Sources) -> Option<String> {
    (independent > MOST_SEEDS).then(|| {
        let all = sources.counted(independent);
        format!("only the first {MOST_SEEDS} of {all} are tested: flipping the signs of more takes too long")
    })
}

/// A note about a sparse cell.
fn left_out(cell: &SeedGroup) -> String {
    let seeds = text::counted(cell.runs.len(), "seed", "seeds");
    format!("k = {} left out: only {seeds}", cell.frozen.short())
}

/// Why a bump is not a claim.
fn limits(found: &UnstatedBump, seeds: usize) -> Option<String> {
    let stated = "places stated before the first run";
    let limit = if seeds < LEAST_SEEDS {
        format!("{seeds} seeds are exploratory: a claim needs at least {LEAST_SEEDS}, and {stated}")
    } else {
        format!("a claim needs {stated}")
    };
    (found.largest > 0.0).then_some(limit)
}

/// The checklist of a significant effect; empty for what may be noise.
fn checks(
    found: &UnstatedBump,
    subject: &Subject,
    all: &[Setting],
    measured: Option<&MeasuredBump>,
    commands: &Commands,
    under: Remeasure,
) -> Vec<Check> {
    let Some(measured) = measured.filter(|_| found.p <= SIGNIFICANCE && found.largest > 0.0) else { return Vec::new() };
    let effect = Effect { p: found.p, size: found.size_biased_low };
    let effect = SizedEffect { effect, ..(&measured.evidence).into() };
    let mut controls = of_seeds(&effect, measured.evidence.seeds, measured.sources);
    controls.extend(control::under(&subject.settings, all, View::Raw, under));
    checklist(subject, (&effect, EffectUnit::Points), &controls, commands)
}
