//! Measures a bump that was stated beforehand, over frozen layers or epochs, and judges it with its controls.

use super::bump::{self, MeasuredBump};
use super::checks::{checklist, losses_in_words, no_control, of_seeds, survived};
use super::commands::Commands;
use super::control;
use super::descent::FirstDescent;
use super::effect::{EffectUnit, SizedEffect};
use super::finding::{Finding, Standing};
use super::pair::cell_of;
use super::spikes::Spikes;
use super::subject::{MeasuredAt, Subject};
use crate::analysis::epoch_regime;
use crate::analysis::inference::{
    BumpPart, BumpSites, BumpVerdict, RealityCheck, Shortfall, SiteRegimes, bump_verdict,
};
use crate::report::read::{Run, View};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::{list, p_value, percent, points};
use crate::text;

/// A stated bump, measured.
pub(super) struct Stated<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) measured: MeasuredBump,
    /// The three places, and the axis, as phrases.
    places: [String; 3],
    over: String,
    least_size: f64,
    regimes: SiteRegimes,
    descent: FirstDescent,
    controls: Vec<(RealityCheck, SizedEffect)>,
    averaged: Option<MeasuredBump>,
    /// Spikes at the places, in words.
    spikes: Option<String>,
}

/// Measures a stated bump over frozen layers, and its controls. The error is the reason why it cannot be measured.
pub(super) fn over_layers<'a>(
    setting: &'a Setting,
    all: &[Setting],
    sites: &[String; 3],
    least_size: f64,
    view: View,
) -> Result<Stated<'a>, String> {
    let [first, peak, later] = layer_cells(setting, sites)?;
    let layers = [first, peak, later].map(|cell| cell.frozen.count);
    let sites = BumpSites { first_valley: layers[0], peak: layers[1], later_valley: layers[2] };
    let measured = bump::over_layers(setting, view, &sites)?;
    let regimes = |cell: &SeedGroup| -> Vec<_> {
        let in_use = cell.runs.iter().filter(|run| measured.seeds.contains(&run.seeds.label()));
        in_use.map(Run::regime).collect()
    };
    let controls = control::under(&[setting], all, view, &|settings, view, _| {
        bump::over_layers(settings[0], view, &sites).ok().map(|found| (&found.evidence).into())
    });
    Ok(Stated {
        places: [first, peak, later].map(|cell| cell.frozen.phrase()),
        over: setting.within("frozen layers"),
        least_size,
        regimes: SiteRegimes { first_valley: regimes(first), later_valley: regimes(later) },
        descent: FirstDescent::over_layers(setting, layers[0], &measured.seeds, view.outcome()),
        averaged: bump::over_layers(setting, View::Averaged, &sites).ok(),
        spikes: None,
        subject: Subject {
            settings: vec![setting],
            layers: layers.to_vec(),
            place: MeasuredAt::End,
            view,
            key: None,
            peak: Some(format!("k = {}", peak.frozen.short())),
            name: String::new(),
        },
        measured,
        controls,
    })
}

/// The cells of a setting at three decreasing numbers of frozen layers.
pub(super) fn layer_cells<'a>(setting: &'a Setting, sites: &[String; 3]) -> Result<[&'a SeedGroup; 3], String> {
    let cell = |site: &String| setting.cell(site).ok_or_else(|| format!("there is no finished cell at k = {site}"));
    let cells = [cell(&sites[0])?, cell(&sites[1])?, cell(&sites[2])?];
    if cells.is_sorted_by(|one, next| one.frozen.count > next.frozen.count) {
        Ok(cells)
    } else {
        Err("frozen layers must decrease from the first valley to the later one".to_owned())
    }
}

/// Measures a stated bump over the epochs of one cell, and its controls.
pub(super) fn over_epochs<'a>(
    setting: &'a Setting,
    all: &[Setting],
    layers: Option<&str>,
    sites: [u64; 3],
    least_size: f64,
    view: View,
) -> Result<Stated<'a>, String> {
    let cell = cell_of(setting, layers)?;
    let count = cell.frozen.count;
    let of = BumpSites { first_valley: Some(sites[0]), peak: Some(sites[1]), later_valley: Some(sites[2]) };
    let measured = bump::over_epochs(cell, view, &of)?;
    let controls = control::under(&[setting], all, view, &|settings, view, check| {
        bump_under(settings[0].cell_at(count)?, view, check, &of)
    });
    let in_use: Vec<&Run> = cell.runs.iter().filter(|run| measured.seeds.contains(&run.seeds.label())).collect();
    let regimes =
        |epoch: u64| in_use.iter().map(|run| epoch_regime(&run.train_errors(view), epoch)).collect::<Vec<_>>();
    Ok(Stated {
        descent: FirstDescent::over_epochs(&in_use, sites[0], view),
        places: sites.map(|epoch| format!("at epoch {}", text::grouped(epoch))),
        over: setting.within(&format!("epochs {}", cell.frozen.phrase())),
        least_size,
        regimes: SiteRegimes { first_valley: regimes(sites[0]), later_valley: regimes(sites[2]) },
        averaged: bump::over_epochs(cell, View::Averaged, &of).ok(),
        spikes: spikes(cell, view, &of),
        subject: Subject {
            settings: vec![setting],
            layers: vec![count],
            place: MeasuredAt::Epochs(sites.to_vec()),
            view,
            key: None,
            peak: Some(format!("epoch {}", text::grouped(sites[1]))),
            name: String::new(),
        },
        measured,
        controls,
    })
}

/// Spikes at the places of a bump over epochs, and the bump without their seeds.
pub(super) fn spikes(cell: &SeedGroup, view: View, sites: &BumpSites<Option<u64>>) -> Option<String> {
    let runs: Vec<&Run> = cell.runs.iter().collect();
    let mut found = Spikes::default();
    found.add(&runs, view, sites);
    let calm: Vec<&Run> = runs.into_iter().filter(|run| !found.has(run)).collect();
    let without = bump::over_epochs_of(&calm, view, sites).ok().map(|bump| {
        let (rise, drop) = (points(bump.evidence.rise.estimate), points(bump.evidence.drop.estimate));
        format!("the rise is {rise} and the drop {drop} points")
    });
    found.in_words(without)
}

/// A bump over epochs under a control. Another learning rate shifts it, so it may be anywhere; in a longer training the
/// later valley is the end.
pub(super) fn bump_under(
    cell: &SeedGroup,
    view: View,
    check: RealityCheck,
    sites: &BumpSites<Option<u64>>,
) -> Option<SizedEffect> {
    let at = |sites: &BumpSites<Option<u64>>| Some((&bump::over_epochs(cell, view, sites).ok()?.evidence).into());
    match check {
        RealityCheck::LearningRateThird | RealityCheck::LearningRateTriple => {
            bump::anywhere(cell, view).map(Into::into)
        }
        RealityCheck::LongerBudget => at(&BumpSites { later_valley: None, ..*sites }),
        _ => at(sites),
    }
}

/// The finding, given the p-value corrected for all claims.
pub(super) fn finding(stated: &Stated, corrected: f64, commands: &Commands) -> Finding {
    let Stated { measured, regimes, .. } = stated;
    let evidence = &measured.evidence;
    let averaged = stated.averaged.as_ref().map(|averaged| &averaged.evidence);
    let verdict = bump_verdict(evidence, corrected, stated.least_size, regimes, averaged);
    let effect: SizedEffect = evidence.into();
    let mut controls = of_seeds(&effect, evidence.seeds, measured.sources);
    controls.extend(stated.controls.iter().copied());
    let checks = checklist(&stated.subject, (&effect, EffectUnit::Points), &controls, commands);
    let (standing, head, mut reasons) = headline(stated, &verdict);
    reasons.extend(limits(measured));
    reasons.extend(stated.spikes.clone());
    let places: Vec<String> =
        measured.means.iter().zip(&stated.places).map(|(mean, place)| format!("{} {place}", percent(*mean))).collect();
    let sentence = format!(
        "{head}: {}{}; rise {}, drop {} points; bump (the smaller of the two) {}, 95% interval {} to {}; {}; {}{}.",
        stated.subject.view.prefix(),
        places.join(", "),
        points(evidence.rise.estimate),
        points(evidence.drop.estimate),
        points(evidence.size),
        points(evidence.lower),
        points(evidence.upper),
        text::counted(measured.seeds.len(), "seed", "seeds"),
        p_value(corrected),
        survived(&checks),
    );
    Finding { standing, claimed: String::new(), sentence, reasons, checks }
}

/// The standing, the first words of the sentence, and reasons.
fn headline(stated: &Stated, verdict: &BumpVerdict) -> (Standing, String, Vec<String>) {
    let over = &stated.over;
    let shape = stated.descent.words();
    match verdict {
        BumpVerdict::DoubleDescent if stated.descent == FirstDescent::Measured => {
            (Standing::Holds, format!("Holds: Double descent over {over}"), Vec::new())
        }
        BumpVerdict::DoubleDescent => {
            (Standing::Holds, format!("Holds: Double descent over {over} by its regimes ({shape})"), Vec::new())
        }
        BumpVerdict::Bump { under, over: after } => {
            let seeds = stated.regimes.first_valley.len();
            let reason = format!(
                "a bump, not double descent: {under} of {seeds} seeds are underparameterized at the first valley and {after} \
                 overparameterized at the later one; both need 7 of 8"
            );
            let shape = if stated.descent == FirstDescent::Measured { String::new() } else { format!(" ({shape})") };
            (Standing::Holds, format!("Holds: A bump over {over}{shape}"), vec![reason])
        }
        BumpVerdict::NotShown(shortfalls) => {
            let settings = &stated.subject.settings;
            let reasons: Vec<String> = shortfalls.iter().map(|reason| shortfall(reason, settings)).collect();
            (Standing::NotShown, format!("{}: Test error over {over}", does_not_hold(&reasons)), Vec::new())
        }
    }
}

/// The verdict on a claim, with its reasons.
pub(super) fn does_not_hold(reasons: &[String]) -> String {
    format!("Does not hold ({})", reasons.join("; "))
}

fn shortfall(shortfall: &Shortfall, settings: &[&Setting]) -> String {
    let part = |part: BumpPart| if part == BumpPart::Rise { "rise" } else { "drop" };
    match shortfall {
        Shortfall::TooFewSeeds { seeds, least } => format!("a claim needs at least {least} seeds, found {seeds}"),
        Shortfall::NotSignificant { p, .. } => format!("not significant after Holm's correction: {}", p_value(*p)),
        Shortfall::IntervalIncludesZero { part: of, lower } => {
            format!("the 97.5% interval of the {} reaches down to {} points", part(*of), points(*lower))
        }
        Shortfall::TooSmall { part: of, mean, least } => {
            format!("the {} of {} points is below the stated minimum of {}", part(*of), points(*mean), points(*least))
        }
        Shortfall::NoControl => no_control(settings),
        Shortfall::ControlNotSurvived { losses } => {
            format!("averaged weights do not show it: {}", losses_in_words(losses))
        }
    }
}

fn limits(measured: &MeasuredBump) -> Vec<String> {
    let mut limits: Vec<String> = measured.sources.limit(measured.evidence.seeds).into_iter().collect();
    if !measured.with_images {
        limits.push("intervals are only over seeds, not over test images".to_owned());
    }
    if !measured.incomplete.is_empty() {
        limits.push(format!("left out because they lack one of the places: {}", list(&measured.incomplete)));
    }
    limits
}
