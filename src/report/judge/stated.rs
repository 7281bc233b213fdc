//! Measures a bump that was stated beforehand, over frozen layers or epochs, and judges it with its controls.

use super::bump::{self, MeasuredBump, Sources};
use super::checks::{checklist, loss_in_words, of_seeds};
use super::control;
use super::finding::{Answer, Check, Finding, Standing};
use crate::analysis::epoch_regime;
use crate::analysis::inference::{
    BumpPart, BumpSites, BumpVerdict, Effect, RealityCheck, Shortfall, SiteRegimes, bump_verdict,
};
use crate::report::read::SweepFolder;
use crate::report::read::{FROZEN_LAYERS, Measure, Run, RunMeasure};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::{list, p_value, percent, points};
use crate::text;

/// A stated bump, measured.
pub(super) struct Stated<'a> {
    pub(super) setting: &'a Setting,
    pub(super) measured: MeasuredBump,
    /// The three places in words, and the axis.
    places: [String; 3],
    over: String,
    least_size: f64,
    regimes: SiteRegimes,
    controls: Vec<(RealityCheck, Effect)>,
    averaged: Option<MeasuredBump>,
}

/// Measures a stated bump over frozen layers, and its controls. The error is a reason, in words.
pub(super) fn over_layers<'a>(
    setting: &'a Setting,
    all: &[Setting],
    sites: &[String; 3],
    least_size: f64,
) -> Result<Stated<'a>, String> {
    let missing = |site: &String| format!("there is no finished cell at k = {site}");
    let cell = |site: &String| setting.cell(site).ok_or_else(|| missing(site));
    let [first, peak, later] = [cell(&sites[0])?, cell(&sites[1])?, cell(&sites[2])?];
    let [first_valley, at, later_valley] = [first, peak, later].map(|cell| cell.frozen.count);
    let sites = BumpSites { first_valley, peak: at, later_valley };
    let measured = bump::over_layers(setting, RunMeasure::Last, &sites)?;
    let averaged = bump::over_layers(setting, RunMeasure::LastAveraged, &sites).ok();
    let regimes = |cell: &SeedGroup| -> Vec<_> {
        let in_use = cell.runs.iter().filter(|run| measured.seeds.contains(&run.seeds.label()));
        in_use.map(Run::regime).collect()
    };
    let mut controls = Vec::new();
    for check in RealityCheck::ALL {
        let outcome = match check {
            RealityCheck::AveragedWeights => RunMeasure::LastAveraged,
            RealityCheck::AnnealBranches => RunMeasure::Annealed,
            RealityCheck::RefittedHead => RunMeasure::Refitted,
            RealityCheck::ValidationSelection => RunMeasure::ValidationSelected,
            _ => RunMeasure::Last,
        };
        let of = if outcome == RunMeasure::Last { control::find(check, setting, all) } else { Some(setting) };
        let found = of.and_then(|of| bump::over_layers(of, outcome, &sites).ok());
        controls.extend(found.map(|found| (check, (&found.evidence).into())));
    }
    let places = [first, peak, later].map(|cell| cell.frozen.phrase());
    let regimes = SiteRegimes { first_valley: regimes(first), later_valley: regimes(later) };
    let over = within("frozen layers", setting);
    Ok(Stated { setting, measured, places, over, least_size, regimes, controls, averaged })
}

/// Measures a stated bump over the epochs of one cell, and its controls.
pub(super) fn over_epochs<'a>(
    setting: &'a Setting,
    layers: Option<&str>,
    sites: [u64; 3],
    least_size: f64,
) -> Result<Stated<'a>, String> {
    let cell = match (layers, setting.cells.as_slice()) {
        (Some(layers), _) => {
            setting.cell(layers).ok_or_else(|| format!("there is no finished cell at k = {layers}"))?
        }
        (None, [only]) => only,
        (None, _) => {
            return Err(format!(
                "there are several numbers of frozen layers: choose one with `{FROZEN_LAYERS}` in its `setting`"
            ));
        }
    };
    let [first_valley, peak, later_valley] = sites;
    let of = BumpSites { first_valley, peak, later_valley };
    let measured = bump::over_epochs(cell, Measure::Test, &of)?;
    let averaged = bump::over_epochs(cell, Measure::TestAveraged, &of).ok();
    let regimes =
        |epoch: u64| cell.runs.iter().map(|run| epoch_regime(run.curves.of(Measure::Train), epoch)).collect::<Vec<_>>();
    let regimes = SiteRegimes { first_valley: regimes(first_valley), later_valley: regimes(later_valley) };
    let controls = averaged.iter().map(|found| (RealityCheck::AveragedWeights, (&found.evidence).into())).collect();
    let places = sites.map(|epoch| format!("at epoch {}", text::grouped(epoch)));
    let over = within(&format!("epochs {}", cell.frozen.phrase()), setting);
    Ok(Stated { setting, measured, places, over, least_size, regimes, controls, averaged })
}

/// The axis, with the setting if there are several.
fn within(over: &str, setting: &Setting) -> String {
    if setting.title.is_empty() { over.to_owned() } else { format!("{over} ({})", setting.title) }
}

/// The finding, given the p-value corrected for all claims.
pub(super) fn finding(stated: &Stated, corrected: f64, sweeps: &[SweepFolder]) -> Finding {
    let Stated { measured, regimes, .. } = stated;
    let evidence = &measured.evidence;
    let averaged = stated.averaged.as_ref().map(|averaged| &averaged.evidence);
    let verdict = bump_verdict(evidence, corrected, stated.least_size, regimes, averaged);
    let effect: Effect = evidence.into();
    let checks = checklist(&effect, stated.setting, sweeps, &|check| {
        let own = of_seeds(check, &effect, evidence.seeds, measured.sources);
        own.or_else(|| stated.controls.iter().find(|(known, _)| *known == check).map(|(_, effect)| *effect))
    });
    let (standing, head, mut reasons) = match verdict {
        BumpVerdict::DoubleDescent => (Standing::Holds, "Double descent", Vec::new()),
        BumpVerdict::Bump { under, over } => {
            let seeds = regimes.first_valley.len();
            let reason = format!(
                "a bump, not double descent: {under} of {seeds} seeds are underparameterized at the first valley and {over} \
                 overparameterized at the later one; both need 7 of 8"
            );
            (Standing::Holds, "A bump", vec![reason])
        }
        BumpVerdict::NotShown(shortfalls) => {
            (Standing::NotShown, "Not shown: double descent", shortfalls.iter().map(shortfall).collect())
        }
    };
    reasons.extend(limits(measured));
    let places: Vec<String> =
        measured.means.iter().zip(&stated.places).map(|(mean, place)| format!("{} {place}", percent(*mean))).collect();
    let sentence = format!(
        "{head} over {}: {}; rise {}, drop {} points, 95% interval of the bump {} to {}; {}; {}{}.",
        stated.over,
        places.join(", "),
        points(evidence.rise.estimate),
        points(evidence.drop.estimate),
        points(evidence.lower),
        points(evidence.upper),
        text::counted(measured.seeds.len(), "seed", "seeds"),
        p_value(corrected),
        survived(&checks),
    );
    Finding { standing, sentence, reasons, checks }
}

/// Which controls the effect survived, which not, and whether the learning rate was varied.
fn survived(checks: &[Check]) -> String {
    let names = |answer: Answer| {
        let seeds = [RealityCheck::Seeds, RealityCheck::SourceSeeds];
        let of = checks.iter().filter(|check| check.answer == answer && !seeds.contains(&check.control));
        of.map(Check::name).collect::<Vec<_>>()
    };
    let mut text = String::new();
    for (answer, words) in [(Answer::Survived, "survives"), (Answer::NotSurvived, "does not survive")] {
        let names = names(answer);
        if !names.is_empty() {
            text.extend(["; ", words, " ", &list(&names)]);
        }
    }
    let rates = [RealityCheck::LearningRateThird, RealityCheck::LearningRateTriple];
    let not_run = |rate: &RealityCheck| checks.iter().any(|it| it.control == *rate && it.answer == Answer::NotRun);
    if rates.iter().all(not_run) {
        text.push_str("; learning rate not varied");
    }
    text
}

fn shortfall(shortfall: &Shortfall) -> String {
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
        Shortfall::NoControl => "no control was run: averaged weights were not measured".to_owned(),
        Shortfall::ControlNotSurvived { losses } => {
            let why: Vec<&str> = losses.iter().map(|loss| loss_in_words(*loss)).collect();
            format!("averaged weights do not show it: {}", list(&why))
        }
    }
}

fn limits(measured: &MeasuredBump) -> Vec<String> {
    let mut limits = Vec::new();
    match measured.sources {
        Sources::One => limits.push("all seeds share one source, so it holds only for that source".to_owned()),
        Sources::Clusters => {
            limits.push(format!("seeds that share a source count as one: {} clusters", measured.evidence.seeds));
        }
        Sources::None | Sources::Own => {}
    }
    if !measured.with_images {
        limits.push("intervals are only over seeds, not over test images".to_owned());
    }
    if !measured.incomplete.is_empty() {
        limits.push(format!("left out because they lack one of the places: {}", list(&measured.incomplete)));
    }
    limits
}
