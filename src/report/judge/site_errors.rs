//! Errors of the seeds of a setting at three given places, over frozen layers or epochs.

use crate::analysis::inference::{BumpContrasts, BumpSites};
use crate::report::read::{Run, View};
use crate::report::setting::{SeedGroup, Setting};

/// The errors of the seeds of a setting at the three places of a bump.
#[derive(Clone, Debug, Default)]
pub(super) struct SiteErrors<'a> {
    /// Each seed's run at the peak.
    pub(super) runs: Vec<&'a Run>,
    pub(super) errors: Vec<[f64; 3]>,
    /// Seeds that lack one of the places.
    pub(super) incomplete: Vec<String>,
}

impl SiteErrors<'_> {
    /// The contrasts of each seed.
    pub(super) fn contrasts(&self) -> BumpContrasts {
        let of = |valley: usize| self.errors.iter().map(|errors| errors[1] - errors[valley]).collect();
        BumpContrasts { rises: of(0), drops: of(2) }
    }
}

/// Errors of a setting at three numbers of frozen layers, at the end of training.
pub(super) fn at_layers<'a>(setting: &'a Setting, view: View, sites: &BumpSites<usize>) -> SiteErrors<'a> {
    let mut found = SiteErrors::default();
    let places = sites.in_order();
    let cells: Vec<&SeedGroup> = setting.cells.iter().filter(|cell| places.contains(&cell.frozen.count)).collect();
    let mut seeds: Vec<&Run> = Vec::new();
    for run in cells.iter().flat_map(|cell| &cell.runs) {
        if seeds.iter().all(|known| known.seeds != run.seeds) {
            seeds.push(run);
        }
    }
    for seed in seeds {
        let runs = places.map(|layers| setting.run(layers, &seed.seeds));
        match runs.map(|run| run.and_then(|run| run.outcome(view.outcome()))) {
            [Some(first), Some(peak), Some(later)] => {
                found.runs.extend(runs[1]);
                found.errors.push([first, peak, later]);
            }
            _ => found.incomplete.push(seed.seeds.label()),
        }
    }
    found
}

/// Errors of some runs at three epochs. Without `later_valley` it is each run's last epoch.
pub(super) fn at_epochs<'a>(runs: &[&'a Run], view: View, sites: &BumpSites<Option<u64>>) -> SiteErrors<'a> {
    let mut found = SiteErrors::default();
    for run in runs {
        let curve = run.test_errors(view);
        let at = |site: Option<u64>| {
            let epoch = site.unwrap_or(run.curves.last_epoch);
            curve.binary_search_by_key(&epoch, |point| point.epoch).ok().map(|index| curve[index].error)
        };
        match sites.in_order().map(at) {
            [Some(first), Some(peak), Some(later)] => {
                found.runs.push(run);
                found.errors.push([first, peak, later]);
            }
            _ => found.incomplete.push(run.seeds.label()),
        }
    }
    found
}
