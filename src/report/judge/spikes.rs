//! Seeds that are in a spike at the places of a bump over epochs: there, noise of the optimizer can make a rise or a drop.

use crate::analysis::{INTERPOLATION_EPSILON, SPIKE_FACTOR, interpolation};
use crate::report::read::{Run, View};
use crate::report::words::percent;
use crate::text;

/// Spikes of some runs at some epochs.
#[derive(Clone, Debug, Default)]
pub(super) struct Spikes {
    /// Each run's seed, as a label, with the epoch and the train error.
    found: Vec<(String, u64, f64)>,
}

impl Spikes {
    /// Adds the spikes of some runs: they interpolated earlier, and their train error is at least 3% again.
    pub(super) fn add(&mut self, runs: &[&Run], view: View, epochs: &[u64]) {
        for run in runs {
            let curve = run.train_errors(view);
            let Some(first) = interpolation(&curve, INTERPOLATION_EPSILON).first_epoch else { continue };
            for &epoch in epochs.iter().filter(|epoch| **epoch > first) {
                let at = curve.binary_search_by_key(&epoch, |point| point.epoch);
                if let Some(error) =
                    at.ok().map(|at| curve[at].error).filter(|error| *error >= SPIKE_FACTOR * INTERPOLATION_EPSILON)
                {
                    self.found.push((run.seeds.label(), epoch, error));
                }
            }
        }
    }

    pub(super) fn has(&self, run: &Run) -> bool {
        let label = run.seeds.label();
        self.found.iter().any(|(seed, ..)| *seed == label)
    }

    /// The spikes in words, with what is left without these seeds; `None` if there are none.
    pub(super) fn in_words(&self, without: Option<String>) -> Option<String> {
        let most = self.found.iter().map(|(.., error)| *error).reduce(f64::max)?;
        let mut seeds: Vec<&String> = self.found.iter().map(|(seed, ..)| seed).collect();
        seeds.sort();
        seeds.dedup();
        let mut epochs: Vec<u64> = self.found.iter().map(|(_, epoch, _)| *epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        let epochs: Vec<String> = epochs.into_iter().map(text::grouped).collect();
        let left = without.map(|left| format!("; without {} {left}", if seeds.len() == 1 { "it" } else { "them" }));
        Some(format!(
            "{} in a spike of the optimizer at a place of the bump (epoch {}; train error up to {}){}",
            text::counted(seeds.len(), "seed is", "seeds are"),
            epochs.join(", "),
            percent(most),
            left.unwrap_or_default()
        ))
    }
}
