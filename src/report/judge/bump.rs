//! Measures a bump at three given places, over frozen layers or epochs, with the seeds of one setting.

use crate::analysis::inference::{
    BumpContrasts, BumpEvidence, BumpSites, ImageContrasts, average_clusters, bump_evidence, error_differences,
};
use crate::analysis::{CompleteCurves, bump_contrasts};
use crate::report::read::{Measure, Run, RunMeasure};
use crate::report::setting::{SeedGroup, Setting};
use crate::rundir::{Answers, read_answers};
use crate::spec::FINAL_EPOCHS;

/// Tolerance for contrasts and means that differ only by rounding.
const ROUNDING: f64 = 1e-9;

/// How seeds share sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Sources {
    /// No source.
    None,
    /// Each seed has its own source.
    Own,
    /// All seeds share one source.
    One,
    /// Some seeds share a source; the mean of such a cluster counts as one seed.
    Clusters,
}

impl Sources {
    /// From the source hash of each seed.
    pub(in crate::report) fn of(hashes: &[Option<String>]) -> Self {
        let mut known: Vec<&String> = hashes.iter().flatten().collect();
        let all = known.len();
        known.sort();
        known.dedup();
        match known.len() {
            0 => Self::None,
            sources if sources == all => Self::Own,
            1 => Self::One,
            _ => Self::Clusters,
        }
    }
}

/// A measured bump.
#[derive(Clone, Debug)]
pub(super) struct MeasuredBump {
    pub(super) evidence: BumpEvidence,
    /// The mean errors at the three places.
    pub(super) means: [f64; 3],
    pub(super) sources: Sources,
    /// The seeds used.
    pub(super) seeds: Vec<String>,
    /// Whether the intervals include the variance from the finite test set.
    pub(super) with_images: bool,
    /// Seeds left out because they lack one of the places.
    pub(super) incomplete: Vec<String>,
}

/// Measures a bump over frozen layers. The error is a reason, in words.
pub(super) fn over_layers(
    setting: &Setting,
    outcome: RunMeasure,
    sites: &BumpSites<usize>,
) -> Result<MeasuredBump, String> {
    let curves = at_sites(setting.over_layers(outcome), &[sites.first_valley, sites.peak, sites.later_valley]);
    let runs =
        |layers: usize| -> Vec<&Run> { curves.names.iter().filter_map(|seed| setting.run(layers, seed)).collect() };
    let images = (outcome == RunMeasure::Last).then(|| {
        let [first, peak, later] =
            [sites.first_valley, sites.peak, sites.later_valley].map(|site| answers(&runs(site)));
        Some(ImageContrasts { rises: contrasts(&peak.clone()?, &first?)?, drops: contrasts(&peak?, &later?)? })
    });
    let hashes: Vec<Option<String>> = runs(sites.peak).iter().map(|run| run.source_hash.clone()).collect();
    measure(&curves, sites, &hashes, images.flatten())
}

/// Measures a bump over the epochs of a cell.
pub(super) fn over_epochs(
    cell: &SeedGroup,
    measure_of: Measure,
    sites: &BumpSites<u64>,
) -> Result<MeasuredBump, String> {
    let curves = cell.curves(measure_of);
    let hashes: Vec<Option<String>> = cell.runs.iter().map(|run| run.source_hash.clone()).collect();
    if curves.names.len() != cell.runs.len() || curves.grid.is_empty() {
        return Err(format!("`{}` was not measured at the same epochs in all runs", measure_of.column()));
    }
    measure(&curves, sites, &hashes, None)
}

/// The curves restricted to the sites, so that a seed that lacks another place still counts.
fn at_sites(curves: CompleteCurves<usize>, sites: &[usize]) -> CompleteCurves<usize> {
    // Complete seeds are complete at the sites too.
    let grid: Vec<usize> = curves.grid.iter().copied().filter(|place| sites.contains(place)).collect();
    let mut reduced =
        CompleteCurves { grid: grid.clone(), names: Vec::new(), errors: Vec::new(), left_out: Vec::new() };
    for (name, row) in curves.names.into_iter().zip(curves.errors) {
        reduced.names.push(name);
        reduced.errors.push(
            curves.grid.iter().zip(row).filter(|(place, _)| grid.contains(place)).map(|(_, error)| error).collect(),
        );
    }
    reduced.left_out = curves.left_out;
    reduced
}

fn measure<X: Copy + PartialEq + std::fmt::Display>(
    curves: &CompleteCurves<X>,
    sites: &BumpSites<X>,
    hashes: &[Option<String>],
    images: Option<ImageContrasts>,
) -> Result<MeasuredBump, String> {
    let mut contrasts = bump_contrasts(curves, sites).map_err(|error| error.to_string())?;
    let means = [sites.first_valley, sites.peak, sites.later_valley].map(|site| {
        let errors = curves.at(&site).unwrap_or_default();
        errors.iter().sum::<f64>() / errors.len() as f64
    });
    let sources = Sources::of(hashes);
    let mut images = images.filter(|images| agree(images, &contrasts));
    if sources == Sources::Clusters {
        let averaged = |rows: &[Vec<f64>]| average_clusters(hashes, rows).map_err(|error| error.to_string());
        let columns = |values: &[f64]| values.iter().map(|value| vec![*value]).collect::<Vec<_>>();
        let values = |values: &[f64]| Ok::<_, String>(averaged(&columns(values))?.concat());
        contrasts = BumpContrasts { rises: values(&contrasts.rises)?, drops: values(&contrasts.drops)? };
        if let Some(of_images) = &mut images {
            *of_images = ImageContrasts { rises: averaged(&of_images.rises)?, drops: averaged(&of_images.drops)? };
        }
    }
    let evidence = bump_evidence(&contrasts, images.as_ref()).map_err(|error| error.to_string())?;
    Ok(MeasuredBump {
        evidence,
        means,
        sources,
        seeds: curves.names.clone(),
        with_images: images.is_some(),
        incomplete: curves.left_out.iter().map(|left_out| left_out.name.clone()).collect(),
    })
}

/// Whether the per-image answers are from the same evaluations as the errors.
fn agree(images: &ImageContrasts, contrasts: &BumpContrasts) -> bool {
    let mean = |row: &Vec<f64>| row.iter().sum::<f64>() / row.len() as f64;
    let same = |rows: &[Vec<f64>], values: &[f64]| {
        rows.len() == values.len() && rows.iter().zip(values).all(|(row, value)| (mean(row) - value).abs() < ROUNDING)
    };
    same(&images.rises, &contrasts.rises) && same(&images.drops, &contrasts.drops)
}

/// Which test images each run classified correctly at the evaluations of its last five epochs; `None` if a run did not
/// record it.
fn answers(runs: &[&Run]) -> Option<Vec<Vec<Vec<bool>>>> {
    let of = |run: &&Run| {
        let last = run.curves.last_epoch;
        let all: Vec<Answers> = read_answers(&run.directory.correct("test"), run.test_examples?).ok()?;
        let is_final = |epoch: u64| epoch > 0 && epoch + FINAL_EPOCHS > last;
        let last: Vec<Vec<bool>> =
            all.into_iter().filter(|answers| is_final(answers.epoch)).map(|answers| answers.correct).collect();
        (!last.is_empty()).then_some(last)
    };
    runs.iter().map(of).collect()
}

fn contrasts(peak: &[Vec<Vec<bool>>], valley: &[Vec<Vec<bool>>]) -> Option<Vec<Vec<f64>>> {
    peak.iter().zip(valley).map(|(peak, valley)| error_differences(peak, valley).ok()).collect()
}
