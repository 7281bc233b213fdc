//! Which epochs are evaluated.

/// The last epochs of a budget are always evaluated on the test examples: a run's last test error is the mean over
/// them. Training examples are evaluated at least in the last one.
pub const FINAL_EPOCHS: u64 = 5;

/// A schedule of epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationSchedule {
    /// Every N epochs, and before the first step.
    Every(u64),
    /// About 20 per factor of 10.
    Log,
    /// Only the last epoch of the budget.
    End,
}

impl EvaluationSchedule {
    /// Whether the schedule includes an epoch; epoch 0 is before the first step.
    pub fn has(self, epoch: u64) -> bool {
        let notch = |epoch: u64| ((epoch as f64).log10() * 20.0 + 1e-9).floor();
        match self {
            Self::Every(every) => epoch.is_multiple_of(every),
            Self::End => false,
            Self::Log => epoch < 2 || notch(epoch) > notch(epoch - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_schedule_is_denser_at_the_start() {
        let epochs: Vec<u64> = (0..=1000).filter(|&epoch| EvaluationSchedule::Log.has(epoch)).collect();
        assert_eq!(&epochs[..11], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert!(epochs.contains(&100) && epochs.contains(&1000));
        let decade = epochs.iter().filter(|&&epoch| epoch > 100 && epoch <= 1000).count();
        assert_eq!(decade, 20);
        let kept: Vec<u64> = (0..=1000).filter(|&epoch| crate::spec::Keep::Log.has(epoch)).collect();
        assert_eq!(kept, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
        assert!(
            EvaluationSchedule::Every(3).has(0)
                && EvaluationSchedule::Every(3).has(6)
                && !EvaluationSchedule::Every(3).has(7)
        );
    }
}
