//! Two settings that differ in one key, paired by seed.

use super::effect::{EffectUnit, SizedEffect};
use super::sources::Sources;
use super::subject::Subject;
use crate::analysis::inference::{Effect, RealityCheck, average_clusters, linked_clusters};
use crate::report::read::{Run, RunMeasure};
use crate::report::setting::{SeedGroup, Setting};
use crate::spec::FROZEN_LAYERS;
use crate::text::is_same_value;

/// A claim about two settings, judged except for Holm's correction.
pub(super) struct Judged<'a> {
    pub(super) p: f64,
    pub(super) sentence: String,
    /// The number of independent values in the test.
    pub(super) independent: usize,
    /// Reasons why it does not hold, apart from the p-value.
    pub(super) shortfalls: Vec<String>,
    pub(super) limits: Vec<String>,
    pub(super) subject: Subject<'a>,
    pub(super) effect: Effect,
    pub(super) unit: EffectUnit,
    pub(super) controls: Vec<(RealityCheck, SizedEffect)>,
}

/// The two settings of a claim, one for each of two values of a key.
pub(super) fn settings<'a>(
    own: &'a [Setting],
    fits: &dyn Fn(&Setting) -> bool,
    key: &str,
    values: [&str; 2],
) -> Result<[&'a Setting; 2], String> {
    let of = |value: &str| {
        let has = |setting: &&Setting| setting.values.get(key).is_some_and(|own| is_same_value(own, value));
        own.iter().filter(|setting| fits(setting)).filter(has).collect::<Vec<_>>()
    };
    let (one, other) = (of(values[0]), of(values[1]));
    for (found, value) in [(&one, values[0]), (&other, values[1])] {
        if found.is_empty() {
            return Err(format!("no finished run has `{key}` = `{value}`"));
        }
        if found.len() > 1 {
            let count = found.len();
            return Err(format!(
                "expected one setting with `{key}` = `{value}`, found {count}: narrow it down with `setting`"
            ));
        }
    }
    Ok([one[0], other[0]])
}

/// The cell with the given number of frozen layers, or the only one.
pub(super) fn cell_of<'a>(setting: &'a Setting, layers: Option<&str>) -> Result<&'a SeedGroup, String> {
    match (layers, setting.cells.as_slice()) {
        (Some(layers), _) => setting.cell(layers).ok_or_else(|| format!("there is no finished cell at k = {layers}")),
        (None, [only]) => Ok(only),
        (None, _) => Err(format!(
            "there are several numbers of frozen layers: choose one with `{FROZEN_LAYERS}` in its `setting`"
        )),
    }
}

/// Runs of two cells, paired by their seeds.
pub(super) struct Pairs<'a>(Vec<(&'a Run, &'a Run)>);

impl<'a> Pairs<'a> {
    pub(super) fn of(settings: &[&'a Setting], layers: usize) -> Result<Self, String> {
        let [one, other] = settings else { return Err("expected two settings".to_owned()) };
        let cell = |setting: &'a Setting| {
            setting.cell_at(layers).ok_or_else(|| format!("there is no finished cell at k = {layers}"))
        };
        let (one, other) = (cell(one)?, cell(other)?);
        let partner = |run: &Run| other.runs.iter().find(|other| other.seeds == run.seeds);
        let pairs: Vec<_> = one.runs.iter().filter_map(|run| Some((run, partner(run)?))).collect();
        if pairs.len() < 2 { Err("the two settings share fewer than two seeds".to_owned()) } else { Ok(Self(pairs)) }
    }

    /// The pairs whose first run is among some runs.
    pub(super) fn only(&self, runs: &[&Run]) -> Self {
        let is_wanted = |(one, _): &&(&Run, &Run)| runs.iter().any(|run| run.seeds == one.seeds);
        Self(self.0.iter().filter(is_wanted).copied().collect())
    }

    /// The first `count` pairs.
    pub(super) fn first(&self, count: usize) -> Self {
        Self(self.0.iter().take(count).copied().collect())
    }

    /// The runs of one side, in the order of the pairs.
    pub(super) fn side(&self, side: usize) -> Vec<&'a Run> {
        self.0.iter().map(|(one, other)| if side == 0 { *one } else { *other }).collect()
    }

    /// Which pairs are independent: pairs that share a source on either side are one cluster. If all share one source,
    /// a claim is only about that source; a claim about sources is then impossible.
    pub(super) fn clusters(&self, key: &str) -> Result<Clusters, String> {
        let hashes: Vec<[Option<String>; 2]> =
            self.0.iter().map(|(one, other)| [one.source_hash.clone(), other.source_hash.clone()]).collect();
        let linked = linked_clusters(&hashes);
        let count = |labels: &[usize]| labels.iter().collect::<std::collections::BTreeSet<_>>().len();
        let one_source = hashes.iter().any(|pair| pair.iter().any(Option::is_some)) && count(&linked) == 1;
        if one_source && key.starts_with("source.") {
            return Err("all runs share one source: a claim about sources needs several".to_owned());
        }
        if one_source {
            return Ok(Clusters { labels: (0..hashes.len()).collect(), sources: Sources::One });
        }
        let sources = match count(&linked) {
            independent if independent < linked.len() => Sources::Clusters,
            _ if hashes.iter().flatten().all(Option::is_none) => Sources::None,
            _ => Sources::Own,
        };
        Ok(Clusters { labels: linked, sources })
    }
}

/// Which pairs are independent.
pub(super) struct Clusters {
    pub(super) labels: Vec<usize>,
    pub(super) sources: Sources,
}

impl Clusters {
    /// The means of some values, one per pair, over each cluster.
    pub(super) fn averaged(&self, values: &[f64]) -> Result<Vec<f64>, String> {
        let rows: Vec<Vec<f64>> = values.iter().map(|value| vec![*value]).collect();
        Ok(average_clusters(&self.labels, &rows).map_err(|error| error.to_string())?.concat())
    }
}

/// The errors of both sides at the end of training, averaged over pairs that share a source.
pub(super) struct EndErrors {
    pub(super) sides: [Vec<f64>; 2],
    pub(super) sources: Sources,
}

/// The final errors of two settings at a number of frozen layers. Pairs without the error are left out.
pub(super) fn end_errors(
    settings: &[&Setting],
    layers: usize,
    key: &str,
    outcome: RunMeasure,
) -> Result<EndErrors, String> {
    let Pairs(all) = Pairs::of(settings, layers)?;
    let measured = |(one, other): &(&Run, &Run)| one.outcome(outcome).is_some() && other.outcome(outcome).is_some();
    let pairs = Pairs(all.into_iter().filter(measured).collect());
    let clusters = pairs.clusters(key)?;
    let side = |side: usize| -> Result<Vec<f64>, String> {
        let errors: Vec<f64> = pairs.side(side).iter().filter_map(|run| run.outcome(outcome)).collect();
        clusters.averaged(&errors)
    };
    Ok(EndErrors { sides: [side(0)?, side(1)?], sources: clusters.sources })
}
