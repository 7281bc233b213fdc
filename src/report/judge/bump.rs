//! Measures a bump at three given places, over frozen layers or epochs, with the seeds of one setting.

use super::images;
use super::site_errors::{SiteErrors, at_epochs, at_layers};
use super::sources::{Sources, independent_rows, source_hashes};
use crate::analysis::inference::{
    BumpContrasts, BumpEvidence, BumpSites, Effect, ImageContrasts, bump_evidence, unstated_bump,
};
use crate::report::read::{Run, View};
use crate::report::setting::{SeedGroup, Setting};

/// Evaluations are thinned to about this many per decade of epochs: more make the test slow but not sharper.
const PER_DECADE: f64 = 20.0;
/// With more seeds the sign flips take too long; only the first ones are used.
pub(super) const MOST_SEEDS: usize = 16;

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

/// A bump over frozen layers. The error is the reason why it cannot be measured.
pub(super) fn over_layers(setting: &Setting, view: View, sites: &BumpSites<usize>) -> Result<MeasuredBump, String> {
    let found = at_layers(setting, view, sites);
    let images = (view == View::Raw).then(|| images::contrasts(setting, &found, sites)).flatten();
    measure(&found, images)
}

/// A bump over the epochs of a cell.
pub(super) fn over_epochs(
    cell: &SeedGroup,
    view: View,
    sites: &BumpSites<Option<u64>>,
) -> Result<MeasuredBump, String> {
    over_epochs_of(&cell.runs.iter().collect::<Vec<_>>(), view, sites)
}

/// A bump over the epochs of some runs of a cell.
pub(super) fn over_epochs_of(
    runs: &[&Run],
    view: View,
    sites: &BumpSites<Option<u64>>,
) -> Result<MeasuredBump, String> {
    measure(&at_epochs(runs, view, sites), None)
}

fn measure(found: &SiteErrors, mut images: Option<ImageContrasts>) -> Result<MeasuredBump, String> {
    let mut contrasts = found.contrasts();
    let hashes = source_hashes(found.runs.iter().copied());
    let averaged = |rows: Vec<Vec<f64>>| independent_rows(&hashes, rows).map_err(|error| error.to_string());
    let values =
        |values: Vec<f64>| Ok::<_, String>(averaged(values.into_iter().map(|value| vec![value]).collect())?.1.concat());
    contrasts = BumpContrasts { rises: values(contrasts.rises)?, drops: values(contrasts.drops)? };
    if let Some(of_images) = images {
        images = Some(ImageContrasts { rises: averaged(of_images.rises)?.1, drops: averaged(of_images.drops)?.1 });
    }
    let evidence = bump_evidence(&contrasts, images.as_ref()).map_err(|error| error.to_string())?;
    let mean = |place: usize| found.errors.iter().map(|errors| errors[place]).sum::<f64>() / found.errors.len() as f64;
    Ok(MeasuredBump {
        evidence,
        means: [0, 1, 2].map(mean),
        sources: Sources::of(&hashes),
        seeds: found.runs.iter().map(|run| run.seeds.label()).collect(),
        with_images: images.is_some(),
        incomplete: found.incomplete.clone(),
    })
}

/// Test errors `[seed][epoch]` of at most 16 seeds at thinned epochs, after running statistics have settled. Seeds that
/// share a source are averaged.
pub(super) struct EpochGrid {
    pub(super) epochs: Vec<u64>,
    pub(super) rows: Vec<Vec<f64>>,
    pub(super) sources: Sources,
    /// The number of independent seeds, of which more than 16 are not in `rows`.
    pub(super) independent: usize,
}

/// `None` with fewer than two runs or three epochs, or if runs were evaluated at different epochs.
pub(super) fn grid(runs: &[&Run], view: View) -> Option<EpochGrid> {
    let settled = runs.iter().map(|run| run.curves.settled_epoch).max()?;
    let curves: Vec<_> = runs.iter().map(|run| run.test_errors(view)).collect();
    let first: Vec<u64> = curves.first()?.iter().map(|point| point.epoch).collect();
    if curves.iter().any(|curve| !curve.iter().map(|point| point.epoch).eq(first.iter().copied())) {
        return None;
    }
    let columns = spread(&first, settled);
    let row = |curve: &Vec<crate::analysis::Point>| columns.iter().map(|&at| curve[at].error).collect();
    let hashes = source_hashes(runs.iter().copied());
    let (sources, mut rows) = independent_rows(&hashes, curves.iter().map(row).collect()).ok()?;
    let independent = rows.len();
    rows.truncate(MOST_SEEDS);
    let enough = columns.len() >= 3 && independent >= 2;
    enough.then(|| EpochGrid { epochs: columns.iter().map(|&at| first[at]).collect(), rows, sources, independent })
}

/// The largest bump over epochs, wherever it is: for controls that shift it, such as another learning rate.
pub(super) fn anywhere(cell: &SeedGroup, view: View) -> Option<Effect> {
    let found = unstated_bump(&grid(&cell.runs.iter().collect::<Vec<_>>(), view)?.rows).ok()?;
    Some(Effect { p: found.p, size: found.size_biased_low })
}

/// Indices of epochs from `from` on, about evenly spaced on a logarithmic axis.
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
