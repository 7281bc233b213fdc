//! When a checkpoint is due: by epochs or by time, within a limited fraction of the total time.

use std::time::{Duration, Instant};

use crate::spec::Checkpoints;

/// Decides when a training writes a checkpoint.
#[derive(Debug)]
pub(in crate::run) struct CheckpointSchedule<'a> {
    wanted: &'a Checkpoints,
    /// When the last checkpoint was written, or the training began.
    last: Instant,
    /// How long the last checkpoint took.
    cost: Duration,
}

impl<'a> CheckpointSchedule<'a> {
    pub(in crate::run) fn new(wanted: &'a Checkpoints, now: Instant) -> Self {
        Self { wanted, last: now, cost: Duration::ZERO }
    }

    /// Whether a checkpoint is due; `ended` is the epoch that just ended, if one did.
    pub(in crate::run) fn is_due(&self, now: Instant, ended: Option<u64>) -> bool {
        if ended.is_some_and(|epoch| self.wanted.keeps(epoch)) {
            return true;
        }
        let since = now.saturating_duration_since(self.last).as_secs_f64();
        let by_epoch = ended.zip(self.wanted.every_epochs).is_some_and(|(epoch, every)| epoch.is_multiple_of(every));
        let by_time = since >= self.wanted.every_seconds;
        // A checkpoint of `cost` after `since` of training is within the share if cost ≤ share · (since + cost).
        let cost = self.cost.as_secs_f64();
        (by_epoch || by_time) && cost <= self.wanted.time_share * (since + cost)
    }

    /// Records that a checkpoint was written.
    pub(in crate::run) fn done(&mut self, began: Instant, now: Instant) {
        (self.last, self.cost) = (now, now.saturating_duration_since(began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Keep;

    fn wanted(every_epochs: Option<u64>, keep: &[u64]) -> Checkpoints {
        Checkpoints {
            every_epochs,
            every_seconds: 600.0,
            time_share: 0.05,
            keep: Keep::Epochs(keep.to_vec()),
            keep_final: true,
            branches: Keep::Epochs(Vec::new()),
        }
    }

    #[test]
    fn time_epochs_and_kept_epochs_make_a_checkpoint_due() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let wanted = wanted(Some(10), &[3]);
        let schedule = CheckpointSchedule::new(&wanted, start);
        assert!(!schedule.is_due(at(599), None) && schedule.is_due(at(600), None));
        assert!(schedule.is_due(at(1), Some(10)) && !schedule.is_due(at(1), Some(9)));
        assert!(schedule.is_due(at(1), Some(3)));
    }

    #[test]
    fn the_share_of_time_is_bounded() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let wanted = wanted(Some(1), &[]);
        let mut schedule = CheckpointSchedule::new(&wanted, start);
        schedule.done(start, at(50));
        // 50 s are 5% of 1000 s, which leaves 950 s for training.
        assert!(!schedule.is_due(at(50 + 949), Some(1)) && schedule.is_due(at(50 + 951), Some(1)));
    }
}
