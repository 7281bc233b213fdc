//! A claim that one setting reaches interpolation, or its peak, later than another.

use super::checks::of_seeds;
use super::claimed::reached as reached_words;
use super::control;
use super::effect::{EffectUnit, SizedEffect};
use super::pair::{Judged, Pairs, cell_of, settings};
use super::sources::Sources;
use super::subject::{MeasuredAt, Subject};
use crate::analysis::inference::{Delay, Effect, RatioMeaning, ReachedEpoch, delay_of_clusters};
use crate::analysis::{INTERPOLATION_EPSILON, Point, interpolation, largest_bump};
use crate::report::read::{Run, View};
use crate::report::setting::Setting;
use crate::report::words::short;
use crate::spec::Reached;
use crate::text;

/// The least number of points of a curve in which an epoch can be found.
const LEAST_POINTS: usize = 3;

/// The claim: a key, its values in the earlier and the later setting, and what they reach.
pub(super) struct ClaimedDelay<'a> {
    pub(super) key: &'a str,
    pub(super) values: [&'a str; 2],
    pub(super) layers: Option<&'a str>,
    pub(super) view: View,
    pub(super) of: Reached,
    /// The smallest bump whose peak counts.
    pub(super) least_size: f64,
}

/// Judges the claim. The error is the reason why it cannot be tested.
pub(super) fn judge<'a>(
    (own, all): (&'a [Setting], &[Setting]),
    fits: &dyn Fn(&Setting) -> bool,
    claimed: &ClaimedDelay,
) -> Result<Judged<'a>, String> {
    let settings = settings(own, fits, claimed.key, claimed.values)?;
    let layers = cell_of(settings[0], claimed.layers)?.frozen.count;
    let measure = |settings: &[&Setting], view| measure(settings, layers, claimed, view);
    let found = measure(&settings, claimed.view)?;
    let effect: Effect = (&found.delay).into();
    let independent = found.delay.log_ratios.len();
    let mut controls = of_seeds(&effect.into(), independent, found.sources);
    controls.extend(control::under(&settings, all, claimed.view, &|settings, view, _| {
        Some(SizedEffect::from(Effect::from(&measure(settings, view).ok()?.delay)))
    }));
    let place = if claimed.of == Reached::Peak { MeasuredAt::Peak } else { MeasuredAt::Interpolation };
    Ok(Judged {
        p: found.delay.p,
        sentence: sentence(claimed, &found, settings[0].cells.len() > 1, layers),
        independent,
        shortfalls: Vec::new(),
        limits: found.sources.limit(independent).into_iter().collect(),
        subject: Subject::of_pair(&settings, vec![layers], place, claimed.view, claimed.key),
        effect,
        unit: EffectUnit::LogRatio,
        controls,
    })
}

struct MeasuredDelay {
    delay: Delay,
    sources: Sources,
}

fn measure(settings: &[&Setting], layers: usize, claimed: &ClaimedDelay, view: View) -> Result<MeasuredDelay, String> {
    let pairs = Pairs::of(settings, layers)?;
    let clusters = pairs.clusters(claimed.key)?;
    let side = |side: usize| -> Result<Vec<ReachedEpoch>, String> {
        pairs.side(side).into_iter().map(|run| reached(run, claimed, view)).collect()
    };
    let delay = delay_of_clusters(&clusters.labels, &side(0)?, &side(1)?).map_err(|error| error.to_string())?;
    Ok(MeasuredDelay { delay, sources: clusters.sources })
}

/// The epoch at which a run reaches it.
fn reached(run: &Run, claimed: &ClaimedDelay, view: View) -> Result<ReachedEpoch, String> {
    let curve = if claimed.of == Reached::Peak { run.test_errors(view) } else { run.train_errors(view) };
    if curve.len() < LEAST_POINTS {
        return Err(format!("{} has no such curve", run.seeds.label()));
    }
    let epoch = match claimed.of {
        Reached::Peak => {
            let settled: Vec<Point> =
                curve.into_iter().filter(|point| point.epoch >= run.curves.settled_epoch.max(1)).collect();
            largest_bump(&settled).filter(|bump| bump.size >= claimed.least_size).map(|bump| bump.peak_epoch)
        }
        Reached::Interpolation => interpolation(&curve, INTERPOLATION_EPSILON).sustained_epoch,
        Reached::FirstInterpolation => interpolation(&curve, INTERPOLATION_EPSILON).first_epoch,
    };
    Ok(ReachedEpoch { epoch, budget: run.curves.last_epoch })
}

fn sentence(claimed: &ClaimedDelay, found: &MeasuredDelay, several: bool, layers: usize) -> String {
    let MeasuredDelay { delay, .. } = found;
    let what = reached_words(claimed.of);
    let about = match delay.meaning {
        RatioMeaning::Exact => "",
        RatioMeaning::AtLeast => "at least ",
        RatioMeaning::AtMost => "at most ",
        RatioMeaning::Open => "about ",
    };
    let interval = delay
        .interval
        .map(|interval| format!(", 95% interval {:.2} to {:.2}", interval.lower.exp(), interval.upper.exp()));
    let not_reached = [(0, delay.reference_not_reached), (1, delay.delayed_not_reached)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(side, count)| {
            let runs = text::counted(count, "run", "runs");
            format!("; {runs} with {} did not reach it within the budget", claimed.values[side])
        });
    format!(
        "{what} comes after {about}{:.2} times as many epochs with {} = {} as with {}{}{}; {}{}",
        delay.ratio,
        short(claimed.key),
        claimed.values[1],
        claimed.values[0],
        if several { format!(", at k = {layers}") } else { String::new() },
        interval.unwrap_or_default(),
        text::counted(delay.log_ratios.len(), "independent pair", "independent pairs"),
        not_reached.collect::<String>(),
    )
}
