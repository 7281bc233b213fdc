//! Seeds that are in a spike at the places of a bump over epochs: there, noise of the optimizer can make a rise or a drop.

use std::collections::BTreeSet;

use crate::analysis::inference::BumpSites;
use crate::analysis::{INTERPOLATION_EPSILON, Point, SPIKE_FACTOR, interpolation};
use crate::report::read::{Run, SeedValues, View};
use crate::report::words::percent;
use crate::text;

/// A run in a spike.
#[derive(Clone, Debug)]
struct Spiked {
    seeds: SeedValues,
    epoch: u64,
    train_error: f64,
}

/// The spikes of some runs at the places of a bump.
#[derive(Clone, Debug, Default)]
pub(super) struct Spikes(Vec<Spiked>);

impl Spikes {
    /// Adds the spikes of some runs: they interpolated earlier, and their train error is at least 3% again.
    pub(super) fn add(&mut self, runs: &[&Run], view: View, sites: &BumpSites<Option<u64>>) {
        for run in runs {
            let curve = run.train_errors(view);
            let Some(first) = interpolation(&curve, INTERPOLATION_EPSILON).first_epoch else { continue };
            let is_site = |point: &&Point| point.epoch > first && sites.in_order().contains(&Some(point.epoch));
            let is_high = |point: &&Point| point.error >= SPIKE_FACTOR * INTERPOLATION_EPSILON;
            self.0.extend(curve.iter().filter(is_site).filter(is_high).map(|point| Spiked {
                seeds: run.seeds.clone(),
                epoch: point.epoch,
                train_error: point.error,
            }));
        }
    }

    pub(super) fn has(&self, run: &Run) -> bool {
        self.0.iter().any(|spiked| spiked.seeds == run.seeds)
    }

    /// The spikes in words, with what is left without these seeds; `None` if there are none.
    pub(super) fn in_words(&self, without: Option<String>) -> Option<String> {
        let most = self.0.iter().map(|spiked| spiked.train_error).reduce(f64::max)?;
        let seeds = self.0.iter().map(|spiked| &spiked.seeds).collect::<BTreeSet<_>>().len();
        let epochs: BTreeSet<u64> = self.0.iter().map(|spiked| spiked.epoch).collect();
        let epochs: Vec<String> = epochs.into_iter().map(text::grouped).collect();
        let left = without.map(|left| format!("; without {} {left}", if seeds == 1 { "it" } else { "them" }));
        Some(format!(
            "{} in a spike of the optimizer at a place of the bump (epoch {}; train error up to {}){}",
            text::counted(seeds, "seed is", "seeds are"),
            epochs.join(", "),
            percent(most),
            left.unwrap_or_default()
        ))
    }
}
