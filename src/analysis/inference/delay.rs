//! Whether one setting reaches an event (interpolation, the peak) at a later epoch than another.

use serde::{Deserialize, Serialize};

use super::clusters::average_clusters;
use super::interval::{Interval, t_interval};
use super::sample::{SampleError, mean, same_length};
use super::sign_flip::p_mean_positive;

/// When a run reached an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedEpoch {
    /// The epoch; `None` if not reached within the budget.
    pub epoch: Option<u64>,
    /// Last epoch of the run.
    pub budget: u64,
}

/// How the mean ratio of a delay relates to the true one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatioMeaning {
    /// Exact: every run reached the event.
    Exact,
    /// A lower bound: some delayed runs did not reach the event.
    AtLeast,
    /// An upper bound: some reference runs did not reach the event.
    AtMost,
    /// No bound: runs of both settings did not reach the event.
    Open,
}

/// A delay between two settings, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    /// The logarithm of delayed over reference epoch, for each seed or cluster of seeds.
    pub log_ratios: Vec<f64>,
    /// Geometric mean of the ratios.
    pub ratio: f64,
    /// Whether the mean is exact or a bound.
    pub meaning: RatioMeaning,
    /// Reference runs that did not reach the event within the common budget.
    pub reference_not_reached: usize,
    /// Delayed runs that did not reach the event within the common budget.
    pub delayed_not_reached: usize,
    /// 95% interval of the mean log ratio; `None` if a run did not reach the event, because Student's t does not handle
    /// bounds.
    pub interval: Option<Interval>,
    /// One-sided p-value.
    pub p: f64,
}

/// Compares the epochs of two settings over 2 to 40 seeds in the same order, by an exact sign-flip test of the mean log
/// ratio.
///
/// "Not reached" counts as one epoch after the budget; a pair in which neither run reached the event is a tie. If the
/// budgets of a pair differ, the smaller one applies to both runs, even if one reached the event after it. If the
/// settings do not differ, the two runs of a pair are exchangeable before and after this rule, so the test stays exact;
/// if they do, it only loses power, because a ratio that is a bound is closer to 1. Epoch 0 counts as 1.
pub fn delay(reference: &[ReachedEpoch], delayed: &[ReachedEpoch]) -> Result<Delay, SampleError> {
    delay_of_clusters(&(0..reference.len()).collect::<Vec<_>>(), reference, delayed)
}

/// The same, with the mean log ratio of each cluster of seeds as one value: `labels[seed]` names the cluster.
pub fn delay_of_clusters<Label: PartialEq>(
    labels: &[Label],
    reference: &[ReachedEpoch],
    delayed: &[ReachedEpoch],
) -> Result<Delay, SampleError> {
    same_length(reference.len(), delayed.len())?;
    let pairs: Vec<[Option<u64>; 2]> = reference.iter().zip(delayed).map(|(one, other)| within(one, other)).collect();
    let past: Vec<u64> = reference.iter().zip(delayed).map(|(one, other)| one.budget.min(other.budget) + 1).collect();
    let log_ratio = |(pair, &past): (&[Option<u64>; 2], &u64)| {
        let [reference, delayed] = pair.map(|epoch| epoch.unwrap_or(past).max(1) as f64);
        (delayed / reference).ln()
    };
    let of_seeds: Vec<Vec<f64>> = pairs.iter().zip(&past).map(|pair| vec![log_ratio(pair)]).collect();
    let log_ratios = average_clusters(labels, &of_seeds)?.concat();
    let not_reached = |side: usize| pairs.iter().filter(|pair| pair[side].is_none()).count();
    let (reference_not_reached, delayed_not_reached) = (not_reached(0), not_reached(1));
    let meaning = match (reference_not_reached, delayed_not_reached) {
        (0, 0) => RatioMeaning::Exact,
        (0, _) => RatioMeaning::AtLeast,
        (_, 0) => RatioMeaning::AtMost,
        _ => RatioMeaning::Open,
    };
    let interval = t_interval(&log_ratios, 0.95)?;
    Ok(Delay {
        ratio: mean(&log_ratios).exp(),
        meaning,
        reference_not_reached,
        delayed_not_reached,
        interval: (meaning == RatioMeaning::Exact).then_some(interval),
        p: p_mean_positive(&log_ratios)?,
        log_ratios,
    })
}

/// The epochs of a pair, each `None` if outside the smaller budget.
fn within(reference: &ReachedEpoch, delayed: &ReachedEpoch) -> [Option<u64>; 2] {
    let budget = reference.budget.min(delayed.budget);
    [reference, delayed].map(|run| run.epoch.filter(|&epoch| epoch <= budget))
}

#[cfg(test)]
mod tests {
    use super::super::sample::close;
    use super::*;

    fn all(epochs: &[u64], budget: u64) -> Vec<ReachedEpoch> {
        epochs.iter().map(|&epoch| ReachedEpoch { epoch: (epoch <= budget).then_some(epoch), budget }).collect()
    }

    #[test]
    fn twice_as_late_in_every_seed() {
        let found = delay(&all(&[10, 12, 14, 16, 18], 100), &all(&[20, 24, 28, 32, 36], 100)).expect("five pairs");
        assert!((found.ratio - 2.0).abs() < 1e-12 && found.meaning == RatioMeaning::Exact);
        close(found.p, 1.0 / 32.0);
        let interval = found.interval.expect("all reached it");
        assert!((interval.lower - 2f64.ln()).abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn not_reached_is_later_than_the_budget() {
        let found = delay(&all(&[99, 50], 99), &all(&[1000, 1000], 99)).expect("two pairs");
        assert_eq!(found.log_ratios, [(100.0f64 / 99.0).ln(), 2f64.ln()]);
        assert_eq!((found.meaning, found.delayed_not_reached), (RatioMeaning::AtLeast, 2));
        assert_eq!((found.p, found.interval), (0.25, None));
        let tie = delay(&all(&[1000, 1000], 99), &all(&[1000, 50], 99)).expect("two pairs");
        assert_eq!((tie.log_ratios[0], tie.meaning), (0.0, RatioMeaning::Open));
        let sooner = delay(&all(&[1000, 50], 99), &all(&[10, 50], 99)).expect("two pairs");
        assert_eq!((sooner.meaning, sooner.p), (RatioMeaning::AtMost, 1.0));
    }

    /// A run of 500 epochs that reached the event at 300 says no more about one of 100 epochs than one stopped at 100.
    #[test]
    fn the_smaller_budget_holds_for_both() {
        let found = delay(&all(&[300, 50], 500), &all(&[1000, 80], 100)).expect("two pairs");
        assert_eq!((found.log_ratios[0], found.reference_not_reached), (0.0, 1));
    }

    /// Ratios 2 and 8 of one source, 2 of another: means of their logarithms are those of 4 and 2.
    #[test]
    fn seeds_of_one_source_count_once() {
        let (reference, delayed) = (all(&[10, 10, 10], 100), all(&[20, 80, 20], 100));
        let found = delay_of_clusters(&["a", "a", "b"], &reference, &delayed).expect("two clusters");
        assert!((found.log_ratios[0] - 4f64.ln()).abs() < 1e-12 && found.log_ratios.len() == 2, "{found:?}");
        close(found.p, 0.25);
        assert!(delay_of_clusters(&["a", "a", "a"], &reference, &delayed).is_err());
    }

    #[test]
    fn pairs_are_needed() {
        assert!(delay(&all(&[1, 2], 9), &all(&[1], 9)).is_err());
        assert!(delay(&all(&[1], 9), &all(&[1], 9)).is_err());
        close(delay(&all(&[0, 0], 9), &all(&[1, 1], 9)).expect("two pairs").ratio, 1.0);
    }
}
