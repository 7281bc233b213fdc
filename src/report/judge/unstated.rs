//! Exploratory findings: the largest bump, wherever it is. Never a claim.

use super::bump::{self, MeasuredBump};
use super::checks::{checklist, of_seeds};
use super::control;
use super::finding::{Check, Finding, Standing};
use crate::analysis::inference::{Effect, RealityCheck, SIGNIFICANCE, UnstatedBump, unstated_bump};
use crate::report::read::{FrozenLayers, Measure, RunMeasure, SweepFolder};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::{p_value, percent, points};
use crate::text;

/// Evaluations are thinned to about this many per decade of epochs: more make the test slow but not sharper.
const PER_DECADE: f64 = 20.0;
/// With more seeds the sign flips take too long; only the first ones are used.
const MOST_SEEDS: usize = 16;

/// The largest bump over frozen layers, wherever it is.
pub(super) fn over_layers(setting: &Setting, all: &[Setting], sweeps: &[SweepFolder]) -> Option<Finding> {
    let curves = setting.over_layers(RunMeasure::Last);
    let frozen = |index: usize| setting.cells[index].frozen;
    if setting.cells.len() < 3 {
        return None;
    }
    let mut reasons: Vec<String> = curves
        .left_out
        .iter()
        .map(|seed| format!("{} left out: it lacks a number of frozen layers", seed.name))
        .collect();
    if curves.errors.len() < 2 {
        return Some(picture(setting, reasons));
    }
    let rows = &curves.errors[..curves.errors.len().min(MOST_SEEDS)];
    let found = unstated_bump(rows).ok()?;
    let sites = found.sites.map(|index| setting.cells[index].frozen.count);
    let mean = |index: usize| rows.iter().map(|row| row[index]).sum::<f64>() / rows.len() as f64;
    let place = |index: usize| format!("{} {}", percent(mean(index)), frozen(index).phrase());
    let places = [found.sites.first_valley, found.sites.peak, found.sites.later_valley].map(place).join(", ");
    let measured = bump::over_layers(setting, RunMeasure::Last, &sites).ok();
    let checks = checks(&found, setting, sweeps, measured.as_ref(), &|check| {
        let of = |setting: &Setting, outcome| {
            bump::over_layers(setting, outcome, &sites).ok().map(|measured| (&measured.evidence).into())
        };
        match check {
            RealityCheck::AveragedWeights => of(setting, RunMeasure::LastAveraged),
            RealityCheck::AnnealBranches => of(setting, RunMeasure::Annealed),
            RealityCheck::RefittedHead => of(setting, RunMeasure::Refitted),
            RealityCheck::ValidationSelection => of(setting, RunMeasure::ValidationSelected),
            other => of(control::find(other, setting, all)?, RunMeasure::Last),
        }
    });
    reasons.push(limits(rows.len()));
    Some(finding(&found, "frozen layers", &places, rows.len(), reasons, checks))
}

/// The largest bump over epochs, wherever it is.
pub(super) fn over_epochs(cell: &SeedGroup, setting: &Setting, sweeps: &[SweepFolder]) -> Option<Finding> {
    let curves = cell.curves(Measure::Test);
    let settled = cell.runs.iter().map(|run| run.curves.settled_epoch).max()?;
    let columns = spread(&curves.grid, settled);
    if columns.len() < 3 || curves.errors.len() < 2 {
        return None;
    }
    let rows: Vec<Vec<f64>> =
        curves.errors.iter().take(MOST_SEEDS).map(|row| columns.iter().map(|&at| row[at]).collect()).collect();
    let found = unstated_bump(&rows).ok()?;
    let sites = found.sites.map(|index| curves.grid[columns[index]]);
    let mean = |index: usize| rows.iter().map(|row| row[index]).sum::<f64>() / rows.len() as f64;
    let place =
        |index: usize| format!("{} at epoch {}", percent(mean(index)), text::grouped(curves.grid[columns[index]]));
    let places = [found.sites.first_valley, found.sites.peak, found.sites.later_valley].map(place).join(", ");
    let measured = bump::over_epochs(cell, Measure::Test, &sites).ok();
    let checks = checks(&found, setting, sweeps, measured.as_ref(), &|check| match check {
        RealityCheck::AveragedWeights => {
            let measured = bump::over_epochs(cell, Measure::TestAveraged, &sites).ok()?;
            Some((&measured.evidence).into())
        }
        _ => None,
    });
    let reasons = vec![limits(rows.len())];
    Some(finding(&found, &format!("epochs {}", cell.frozen.phrase()), &places, rows.len(), reasons, checks))
}

/// Indices of a grid from an epoch on, about evenly spaced on a logarithmic axis.
fn spread(grid: &[u64], from: u64) -> Vec<usize> {
    let notch = |epoch: u64| ((epoch as f64).log10() * PER_DECADE).floor();
    let (mut kept, mut last) = (Vec::new(), f64::NEG_INFINITY);
    for (place, &epoch) in grid.iter().enumerate().filter(|(_, epoch)| **epoch >= from.max(1)) {
        if notch(epoch) > last || place + 1 == grid.len() {
            last = notch(epoch);
            kept.push(place);
        }
    }
    kept
}

fn picture(setting: &Setting, mut reasons: Vec<String>) -> Finding {
    let ends = [setting.cells.first(), setting.cells.last()].into_iter().flatten();
    let name = |cell: &SeedGroup| {
        Some(format!("{} {}", percent(cell.mean(RunMeasure::Last)?), FrozenLayers::phrase(cell.frozen)))
    };
    let places: Vec<String> = ends.filter_map(name).collect();
    reasons.push("only one seed: nothing can be inferred".to_owned());
    let sentence = format!("Test error over frozen layers, of one seed: {}.", places.join(", "));
    Finding { standing: Standing::Description, sentence, reasons, checks: Vec::new() }
}

fn finding(
    found: &UnstatedBump,
    over: &str,
    places: &str,
    seeds: usize,
    reasons: Vec<String>,
    checks: Vec<Check>,
) -> Finding {
    // The smallest possible p-value: all signs agree.
    let cannot_tell = 0.5f64.powi(seeds as i32) > SIGNIFICANCE;
    let seeds = text::counted(seeds, "seed", "seeds");
    if found.largest <= 0.0 {
        let sentence = format!("No bump over {over}: the mean test error never rises and falls again; {seeds}.");
        return Finding { standing: Standing::Exploratory, sentence, reasons: Vec::new(), checks };
    }
    let verdict = match found.p <= SIGNIFICANCE {
        true => "A bump over",
        false if cannot_tell => "Too few seeds to tell a bump from noise over",
        false => "No bump beyond noise over",
    };
    let sentence = format!(
        "{verdict} {over}, at places that were not stated: {places}; {} points high there, {} on held-out seeds (biased \
         low); {}; {seeds}.",
        points(found.largest),
        points(found.size_biased_low),
        p_value(found.p),
    );
    Finding { standing: Standing::Exploratory, sentence, reasons, checks }
}

fn limits(seeds: usize) -> String {
    let least = crate::analysis::inference::LEAST_SEEDS;
    if seeds < least {
        format!("{seeds} seeds are exploratory: a claim needs at least {least}, and places stated before the first run")
    } else {
        "a claim needs places stated before the first run".to_owned()
    }
}

fn checks(
    found: &UnstatedBump,
    setting: &Setting,
    sweeps: &[SweepFolder],
    measured: Option<&MeasuredBump>,
    under: &dyn Fn(RealityCheck) -> Option<Effect>,
) -> Vec<Check> {
    let Some(measured) = measured.filter(|_| found.p <= SIGNIFICANCE && found.largest > 0.0) else { return Vec::new() };
    let effect = Effect { p: found.p, size: found.size_biased_low };
    let seeds = measured.seeds.len();
    checklist(&effect, setting, sweeps, &|check| {
        of_seeds(check, &effect, seeds, measured.sources).or_else(|| under(check))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_grid_is_thinned_evenly() {
        let grid: Vec<u64> = (0..=1000).collect();
        let kept: Vec<u64> = spread(&grid, 10).into_iter().map(|place| grid[place]).collect();
        assert!(kept.len() < 50 && kept[0] == 10 && kept.last() == Some(&1000), "{kept:?}");
        assert_eq!(spread(&[0, 1, 2, 3], 0), [1, 2, 3]);
    }
}
