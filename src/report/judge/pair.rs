//! Claims about two values of a key, paired by seed: a delay, an equivalence, or a reversed order.

use crate::analysis::inference::{
    Delay, Equivalence, OrderReversal, RatioMeaning, ReachedEpoch, SIGNIFICANCE, SourcePair, average_clusters, delay,
    equivalence, order_reversal,
};
use crate::report::read::{Run, RunMeasure};
use crate::report::setting::{SeedGroup, Setting};
use crate::report::words::{percent, points, short};
use crate::spec::Reached;
use crate::text;

/// The two settings that fit a claim, one for each of two values of a key.
fn settings<'a>(
    all: &'a [Setting],
    fits: &dyn Fn(&Setting) -> bool,
    key: &str,
    values: [&str; 2],
) -> Result<[&'a Setting; 2], String> {
    let of = |value: &str| {
        all.iter()
            .filter(|setting| fits(setting) && setting.values.get(key).is_some_and(|own| own == value))
            .collect::<Vec<_>>()
    };
    let (one, other) = (of(values[0]), of(values[1]));
    for (found, value) in [(&one, values[0]), (&other, values[1])] {
        if found.len() != 1 {
            let count = found.len();
            return Err(format!(
                "expected one setting with `{key}` = `{value}`, found {count}: narrow it down with `setting`"
            ));
        }
    }
    Ok([one[0], other[0]])
}

/// The runs of two cells, paired by seed.
fn paired<'a>(one: &'a SeedGroup, other: &'a SeedGroup) -> Vec<(&'a Run, &'a Run)> {
    let partner = |run: &Run| other.runs.iter().find(|other| other.seeds == run.seeds);
    one.runs.iter().filter_map(|run| Some((run, partner(run)?))).collect()
}

fn only_cell(setting: &Setting, layers: Option<&str>) -> Result<usize, String> {
    match (layers, setting.cells.as_slice()) {
        (Some(layers), _) => setting
            .cell(layers)
            .map(|cell| cell.frozen.count)
            .ok_or_else(|| format!("there is no cell at k = {layers}")),
        (None, [only]) => Ok(only.frozen.count),
        (None, _) => Err("there are several numbers of frozen layers: choose one with `setting`".to_owned()),
    }
}

fn pairs<'a>(settings: [&'a Setting; 2], layers: &str) -> Result<Vec<(&'a Run, &'a Run)>, String> {
    let [one, other] = settings.map(|setting| setting.cell(layers));
    let missing = || format!("there is no cell at k = {layers}");
    let pairs = paired(one.ok_or_else(missing)?, other.ok_or_else(missing)?);
    if pairs.len() < 2 { Err("the two settings share fewer than two seeds".to_owned()) } else { Ok(pairs) }
}

/// The result of a claim about a pair: its p-value before Holm's correction, its sentence, and its number of seeds.
pub(super) struct Judged {
    pub(super) p: f64,
    pub(super) sentence: String,
    pub(super) seeds: usize,
}

pub(super) fn later(
    all: &[Setting],
    fits: &dyn Fn(&Setting) -> bool,
    (key, values, layers): (&str, [&str; 2], Option<&str>),
    of: Reached,
) -> Result<Judged, String> {
    let settings = settings(all, fits, key, values)?;
    let layers = only_cell(settings[0], layers)?.to_string();
    let pairs = pairs(settings, &layers)?;
    let reached = |run: &Run| {
        let epoch = match of {
            Reached::Interpolation => run.interpolation_epoch(),
            Reached::Peak => run.summary.largest_bump.map(|bump| bump.peak_epoch),
        };
        ReachedEpoch { epoch, budget: run.curves.last_epoch }
    };
    let (one, other): (Vec<_>, Vec<_>) = pairs.iter().map(|(one, other)| (reached(one), reached(other))).unzip();
    let found: Delay = delay(&one, &other).map_err(|error| error.to_string())?;
    let what = if of == Reached::Interpolation { "interpolation" } else { "the peak" };
    let about = match found.meaning {
        RatioMeaning::Exact => "",
        RatioMeaning::AtLeast => "at least ",
        RatioMeaning::AtMost => "at most ",
        RatioMeaning::Open => "about ",
    };
    let interval = found
        .interval
        .map(|interval| format!(", 95% interval {:.2} to {:.2}", interval.lower.exp(), interval.upper.exp()));
    let sentence = format!(
        "{what} comes {about}{:.2} times as late with {} = {} as with {}{}; {}",
        found.ratio,
        short(key),
        values[1],
        values[0],
        interval.unwrap_or_default(),
        text::counted(pairs.len(), "seed", "seeds"),
    );
    Ok(Judged { p: found.p, sentence, seeds: pairs.len() })
}

/// The errors of a pair of cells; runs that share a source are averaged.
fn errors(pairs: &[(&Run, &Run)]) -> Result<[Vec<f64>; 2], String> {
    let rows: Option<Vec<Vec<f64>>> = pairs
        .iter()
        .map(|(one, other)| Some(vec![one.outcome(RunMeasure::Last)?, other.outcome(RunMeasure::Last)?]))
        .collect();
    let rows = rows.ok_or("a run has no test error at its end")?;
    let labels: Vec<(Option<String>, Option<String>, usize)> = pairs
        .iter()
        .enumerate()
        .map(|(index, (one, other))| {
            let shared = one.source_hash.is_some() || other.source_hash.is_some();
            (one.source_hash.clone(), other.source_hash.clone(), if shared { 0 } else { index })
        })
        .collect();
    let rows = average_clusters(&labels, &rows).map_err(|error| error.to_string())?;
    if rows.len() < 2 {
        return Err("all runs share one source: a claim about sources needs several".to_owned());
    }
    Ok([0, 1].map(|side| rows.iter().map(|row| row[side]).collect()))
}

pub(super) fn on_par(
    all: &[Setting],
    fits: &dyn Fn(&Setting) -> bool,
    (key, values, layers): (&str, [&str; 2], Option<&str>),
    margin: f64,
) -> Result<Judged, String> {
    let settings = settings(all, fits, key, values)?;
    let layers = only_cell(settings[0], layers)?.to_string();
    let [one, other] = errors(&pairs(settings, &layers)?)?;
    let found: Equivalence = equivalence(&one, &other, margin).map_err(|error| error.to_string())?;
    let sentence = format!(
        "{} = {} and {} differ by {} points, 90% interval {} to {}, margin {}; {}",
        short(key),
        values[0],
        values[1],
        points(found.difference.estimate),
        points(found.difference.lower),
        points(found.difference.upper),
        points(margin),
        text::counted(one.len(), "independent pair", "independent pairs"),
    );
    Ok(Judged { p: found.p, sentence, seeds: one.len() })
}

pub(super) fn reversed(
    all: &[Setting],
    fits: &dyn Fn(&Setting) -> bool,
    (key, values): (&str, [&str; 2]),
    at: [&str; 2],
) -> Result<Judged, String> {
    let settings = settings(all, fits, key, values)?;
    let [first, second] = [errors(&pairs(settings, at[0])?)?, errors(&pairs(settings, at[1])?)?];
    let pair = |errors: &[Vec<f64>; 2]| -> (Vec<f64>, Vec<f64>) { (errors[0].clone(), errors[1].clone()) };
    let ((a, b), (c, d)) = (pair(&first), pair(&second));
    let found: OrderReversal =
        order_reversal(SourcePair { first: &a, second: &b }, SourcePair { first: &c, second: &d })
            .map_err(|error| error.to_string())?;
    let mean = |values: &[f64]| percent(values.iter().sum::<f64>() / values.len() as f64);
    let sentence = format!(
        "{} = {} against {}: {} and {} at k = {}, {} and {} at k = {}; differences {} and {} points; {}",
        short(key),
        values[0],
        values[1],
        mean(&a),
        mean(&b),
        at[0],
        mean(&c),
        mean(&d),
        at[1],
        points(found.first_better.estimate),
        points(-found.second_better.estimate),
        text::counted(a.len(), "independent pair", "independent pairs"),
    );
    Ok(Judged { p: found.p, sentence, seeds: a.len() })
}

/// Whether a claim holds with a corrected p-value.
pub(super) fn holds(corrected: f64, seeds: usize) -> bool {
    corrected <= SIGNIFICANCE && seeds >= crate::analysis::inference::LEAST_SEEDS
}
