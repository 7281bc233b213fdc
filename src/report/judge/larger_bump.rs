//! A claim that the bump of one setting is larger than that of another: tests the difference, paired by seed.

use super::bump;
use super::checks::{losses_in_words, no_control, of_seeds};
use super::control;
use super::effect::EffectUnit;
use super::pair::{Clusters, Judged, Pairs, cell_of, settings};
use super::site_errors::{SiteErrors, at_epochs, at_layers};
use super::spikes::Spikes;
use super::stated::layer_cells;
use super::subject::{MeasuredAt, Subject};
use crate::analysis::inference::{
    BumpContrasts, BumpDifference, BumpEvidence, BumpSites, Effect, RealityCheck, Survival, bump_difference,
    bump_evidence, held_out_contrasts, survival,
};
use crate::report::read::{Run, View};
use crate::report::setting::Setting;
use crate::report::words::{points, short};
use crate::spec::Over;
use crate::text;

/// The claim: a key, its values in the setting with the smaller bump and in the other one, and the places in both.
pub(super) struct ClaimedDifference<'a> {
    pub(super) over: Over,
    pub(super) key: &'a str,
    pub(super) values: [&'a str; 2],
    pub(super) layers: Option<&'a str>,
    pub(super) view: View,
    pub(super) sites: &'a [[String; 3]; 2],
    /// The least size of the larger bump.
    pub(super) least_size: f64,
}

/// The places of both bumps.
enum BumpPlaces {
    /// At one number of frozen layers.
    Epochs {
        layers: usize,
        sites: [BumpSites<Option<u64>>; 2],
    },
    Layers([BumpSites<usize>; 2]),
}

/// Both bumps, measured. `p` is for the larger bump being larger, and being a bump.
struct MeasuredDifference {
    difference: BumpDifference,
    evidence: [BumpEvidence; 2],
    clusters: Clusters,
    p: f64,
}

/// Judges the claim. The error is the reason why it cannot be tested.
pub(super) fn judge<'a>(
    (own, all): (&'a [Setting], &[Setting]),
    fits: &dyn Fn(&Setting) -> bool,
    claimed: &ClaimedDifference,
) -> Result<Judged<'a>, String> {
    let settings = settings(own, fits, claimed.key, claimed.values)?;
    let places = places(&settings, claimed)?;
    let found = measure(&settings, claimed.key, &places, claimed.view, None, &Spikes::default())?;
    let spikes = spikes(&settings, claimed, &places);
    let effect = found.effect();
    let independent = found.evidence[1].seeds;
    let mut controls = of_seeds(&effect.into(), independent, found.clusters.sources);
    let under = control::under(&settings, all, claimed.view, &|settings, view, check| {
        Some(measure(settings, claimed.key, &places, view, Some(check), &Spikes::default()).ok()?.effect().into())
    });
    let averaged = if claimed.view == View::Averaged {
        Some(effect)
    } else {
        under.iter().find(|(check, _)| *check == RealityCheck::AveragedWeights).map(|(_, averaged)| averaged.effect)
    };
    controls.extend(under);
    let (layers, place) = match &places {
        BumpPlaces::Layers(sites) => {
            let layers = sites.iter().flat_map(|sites| sites.in_order()).collect();
            (layers, MeasuredAt::End)
        }
        BumpPlaces::Epochs { layers, sites } => (vec![*layers], MeasuredAt::Epochs(epochs(sites))),
    };
    Ok(Judged {
        p: found.p,
        sentence: sentence(claimed, &places, &found, settings[0].cells.len() > 1),
        independent,
        shortfalls: shortfalls(claimed, &settings, &found, averaged.as_ref()),
        limits: found.clusters.sources.limit(independent).into_iter().chain(spikes).collect(),
        subject: Subject::of_pair(&settings, layers, place, claimed.view, claimed.key),
        effect,
        unit: EffectUnit::Points,
        controls,
    })
}

fn places(settings: &[&Setting; 2], claimed: &ClaimedDifference) -> Result<BumpPlaces, String> {
    let [one, other] = claimed.sites;
    if claimed.over == Over::FrozenLayers {
        let of = |setting: &Setting, sites: &[String; 3]| {
            let [first_valley, peak, later_valley] = layer_cells(setting, sites)?.map(|cell| cell.frozen.count);
            Ok::<_, String>(BumpSites { first_valley, peak, later_valley })
        };
        return Ok(BumpPlaces::Layers([of(settings[0], one)?, of(settings[1], other)?]));
    }
    let of = |sites: &[String; 3]| {
        let [first_valley, peak, later_valley] = sites.each_ref().map(|site| site.parse().ok());
        BumpSites { first_valley, peak, later_valley }
    };
    let layers = cell_of(settings[0], claimed.layers)?.frozen.count;
    Ok(BumpPlaces::Epochs { layers, sites: [of(one), of(other)] })
}

/// The distinct epochs of both settings.
fn epochs(sites: &[BumpSites<Option<u64>>; 2]) -> Vec<u64> {
    let all = sites.iter().flat_map(|sites| sites.in_order());
    let mut epochs: Vec<u64> = all.flatten().collect();
    epochs.sort_unstable();
    epochs.dedup();
    epochs
}

/// Spikes at the places of both bumps over epochs, and the difference without their seeds.
fn spikes(settings: &[&Setting; 2], claimed: &ClaimedDifference, places: &BumpPlaces) -> Option<String> {
    let BumpPlaces::Epochs { layers, sites } = places else { return None };
    let pairs = Pairs::of(settings, *layers).ok()?;
    let mut found = Spikes::default();
    for (side, sites) in sites.iter().enumerate() {
        found.add(&pairs.side(side), claimed.view, sites);
    }
    let without = measure(settings, claimed.key, places, claimed.view, None, &found).ok().map(|left| {
        let (size, larger) = (points(left.difference.size), &left.evidence[1]);
        let (rise, drop) = (points(larger.rise.estimate), points(larger.drop.estimate));
        format!("the difference is {size} points, and the larger bump rises by {rise} and falls by {drop}")
    });
    found.in_words(without)
}

/// Measures pairs at the places of both settings. A seed that lacks a place in one, or has a spike, is left out of both.
fn measure(
    settings: &[&Setting],
    key: &str,
    places: &BumpPlaces,
    view: View,
    check: Option<RealityCheck>,
    spikes: &Spikes,
) -> Result<MeasuredDifference, String> {
    let rate = [RealityCheck::LearningRateThird, RealityCheck::LearningRateTriple];
    if let (BumpPlaces::Epochs { layers, .. }, Some(check)) = (places, check)
        && rate.contains(&check)
    {
        return anywhere(settings, key, *layers, view);
    }
    let at_end = check == Some(RealityCheck::LongerBudget);
    let (pairs, [one, other]) = match places {
        BumpPlaces::Layers(sites) => {
            (Pairs::of(settings, sites[0].peak)?, [0, 1].map(|side| at_layers(settings[side], view, &sites[side])))
        }
        BumpPlaces::Epochs { layers, sites } => {
            let pairs = Pairs::of(settings, *layers)?;
            let at = |side: usize| {
                let later_valley = sites[side].later_valley.filter(|_| !at_end);
                at_epochs(&pairs.side(side), view, &BumpSites { later_valley, ..sites[side] })
            };
            let found = [at(0), at(1)];
            (pairs, found)
        }
    };
    let of_seed = |found: &SiteErrors, run: &Run| {
        let index = found.runs.iter().position(|known| known.seeds == run.seeds)?;
        Some(found.errors[index])
    };
    let (seeds, rows): (Vec<&Run>, Vec<[[f64; 3]; 2]>) = pairs
        .side(0)
        .into_iter()
        .filter(|run| !spikes.has(run))
        .filter_map(|run| Some((run, [of_seed(&one, run)?, of_seed(&other, run)?])))
        .unzip();
    let contrasts = |side: usize| {
        let of = |valley: usize| rows.iter().map(|row| row[side][1] - row[side][valley]).collect();
        BumpContrasts { rises: of(0), drops: of(2) }
    };
    compare(&[contrasts(0), contrasts(1)], pairs.only(&seeds).clusters(key)?)
}

/// Measures both bumps wherever they are, each seed at the place found in the others: learning rates shift bumps.
fn anywhere(settings: &[&Setting], key: &str, layers: usize, view: View) -> Result<MeasuredDifference, String> {
    let pairs = Pairs::of(settings, layers)?;
    let contrasts = |side: usize| -> Result<BumpContrasts, String> {
        let grid = bump::grid(&pairs.side(side), view).ok_or("its runs were evaluated at other epochs")?;
        held_out_contrasts(&grid.rows).map_err(|error| error.to_string())
    };
    let both = [contrasts(0)?, contrasts(1)?];
    compare(&both, pairs.first(both[0].rises.len()).clusters(key)?)
}

fn compare(contrasts: &[BumpContrasts; 2], clusters: Clusters) -> Result<MeasuredDifference, String> {
    let words = |error: crate::analysis::inference::SampleError| error.to_string();
    let averaged = |contrasts: &BumpContrasts| -> Result<BumpContrasts, String> {
        Ok(BumpContrasts { rises: clusters.averaged(&contrasts.rises)?, drops: clusters.averaged(&contrasts.drops)? })
    };
    let [one, other] = [averaged(&contrasts[0])?, averaged(&contrasts[1])?];
    let difference = bump_difference(&one, &other).map_err(words)?;
    let evidence = [bump_evidence(&one, None).map_err(words)?, bump_evidence(&other, None).map_err(words)?];
    // Being larger than no bump is not enough: it must also be a bump (an intersection-union test).
    let p = difference.p.max(evidence[1].p);
    Ok(MeasuredDifference { difference, evidence, clusters, p })
}

impl MeasuredDifference {
    fn effect(&self) -> Effect {
        Effect { p: self.p, size: self.difference.size }
    }
}

fn shortfalls(
    claimed: &ClaimedDifference,
    settings: &[&Setting],
    found: &MeasuredDifference,
    averaged: Option<&Effect>,
) -> Vec<String> {
    let mut reasons = Vec::new();
    let parts = [
        ("rise", &found.difference.rise, &found.evidence[1].rise),
        ("drop", &found.difference.drop, &found.evidence[1].drop),
    ];
    for (part, difference, larger) in parts {
        if difference.lower <= 0.0 {
            let lower = points(difference.lower);
            reasons.push(format!("the 97.5% interval of the difference of the {part}s reaches down to {lower} points"));
        }
        if larger.estimate < claimed.least_size {
            let (size, least) = (points(larger.estimate), points(claimed.least_size));
            let value = claimed.values[1];
            reasons.push(format!("with {value} the {part} of {size} points is below the stated minimum of {least}"));
        }
    }
    match survival(&found.effect(), averaged) {
        Survival::Survived { .. } => {}
        Survival::NotSurvived { losses, .. } => {
            reasons.push(format!("averaged weights do not show it: {}", losses_in_words(&losses)));
        }
        Survival::NotRun => reasons.push(no_control(settings)),
    }
    reasons
}

fn sentence(claimed: &ClaimedDifference, places: &BumpPlaces, found: &MeasuredDifference, several: bool) -> String {
    let [reference, larger] = claimed.values;
    let over = match places {
        BumpPlaces::Layers(_) => "frozen layers".to_owned(),
        BumpPlaces::Epochs { layers, .. } if several => format!("epochs at k = {layers}"),
        BumpPlaces::Epochs { .. } => "epochs".to_owned(),
    };
    let rise = |side: usize| points(found.evidence[side].rise.estimate);
    let drop = |side: usize| points(found.evidence[side].drop.estimate);
    let size = found.difference.size;
    format!(
        "the bump (the smaller of rise and drop) over {over} is {} points {} with {} = {larger} than with {reference}: rise {} against {}, drop {} \
         against {} points, 95% interval of the difference {} to {}; {}",
        points(size.abs()),
        if size < 0.0 { "smaller" } else { "larger" },
        short(claimed.key),
        rise(1),
        rise(0),
        drop(1),
        drop(0),
        points(found.difference.lower),
        points(found.difference.upper),
        text::counted(found.evidence[1].seeds, "independent pair", "independent pairs"),
    )
}
