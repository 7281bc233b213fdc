//! Which controls an effect survives.

use serde::{Deserialize, Serialize};

use super::bump::BumpEvidence;
use super::bump_difference::BumpDifference;
use super::delay::Delay;
use super::equivalence::Equivalence;
use super::holm::SIGNIFICANCE;
use super::source_order::OrderReversal;

/// Under a control, at least this fraction of the effect must remain; otherwise the effect was mostly what the control
/// removes.
const LEAST_SHARE: f64 = 0.5;

/// The p-value and size of a contrast, to compare an effect with the same contrast under a control.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// One-sided p-value over seeds.
    pub p: f64,
    /// Size of the contrast, such as the bump in error or the mean log ratio of a delay.
    pub size: f64,
}

impl From<&BumpEvidence> for Effect {
    fn from(evidence: &BumpEvidence) -> Self {
        Self { p: evidence.p, size: evidence.size }
    }
}

impl From<&BumpDifference> for Effect {
    fn from(difference: &BumpDifference) -> Self {
        Self { p: difference.p, size: difference.size }
    }
}

impl From<&Delay> for Effect {
    fn from(delay: &Delay) -> Self {
        Self { p: delay.p, size: delay.ratio.ln() }
    }
}

impl From<&OrderReversal> for Effect {
    fn from(reversal: &OrderReversal) -> Self {
        let size = reversal.first_better.estimate.min(reversal.second_better.estimate);
        Self { p: reversal.p, size }
    }
}

impl From<&Equivalence> for Effect {
    fn from(equivalence: &Equivalence) -> Self {
        Self { p: equivalence.p, size: equivalence.difference.estimate }
    }
}

/// Why an effect does not survive a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSurviving {
    /// There was no significant effect without the control.
    NoEffect,
    /// The contrast under the control is not significant: absent, or too few seeds.
    NotSignificant,
    /// It is less than half as large as the effect.
    TooSmall,
}

/// Whether an effect survives a control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Survival {
    /// The same contrast has p ≤ 0.05 and at least half the size under the control.
    Survived {
        /// The p-value under the control.
        p: f64,
        /// The size under the control.
        size: f64,
    },
    /// The effect did not survive.
    NotSurvived {
        /// The p-value under the control.
        p: f64,
        /// The size under the control.
        size: f64,
        /// All reasons.
        losses: Vec<NotSurviving>,
    },
    /// The control was not run.
    NotRun,
}

/// Compares an effect with the same contrast under a control. The control's p-value is not corrected for the number of
/// controls: each is one more condition on the same claim, and conditions do not add false positives.
pub fn survival(effect: &Effect, control: Option<&Effect>) -> Survival {
    let Some(&Effect { p, size }) = control else { return Survival::NotRun };
    let losses: Vec<NotSurviving> = [
        (effect.size <= 0.0, NotSurviving::NoEffect),
        (p > SIGNIFICANCE, NotSurviving::NotSignificant),
        (size < LEAST_SHARE * effect.size, NotSurviving::TooSmall),
    ]
    .into_iter()
    .filter_map(|(lost, loss)| lost.then_some(loss))
    .collect();
    if losses.is_empty() { Survival::Survived { p, size } } else { Survival::NotSurvived { p, size, losses } }
}

/// The same of two settings that are on par: under the control, too, their difference lies within the margin. Its size
/// is that difference, of which nothing is asked beyond.
pub fn survival_of_equivalence(control: Option<&Effect>) -> Survival {
    let Some(&Effect { p, size }) = control else { return Survival::NotRun };
    if p <= SIGNIFICANCE {
        Survival::Survived { p, size }
    } else {
        Survival::NotSurvived { p, size, losses: vec![NotSurviving::NotSignificant] }
    }
}

/// The controls, in the order in which a report lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RealityCheck {
    /// Errors of exponentially averaged weights.
    AveragedWeights,
    /// Short trainings from chosen epochs with the learning rate decaying to 0.
    AnnealBranches,
    /// The features of each epoch with a newly fitted head.
    RefittedHead,
    /// A third of the learning rate.
    LearningRateThird,
    /// Three times the learning rate.
    LearningRateTriple,
    /// A learning rate that falls.
    FallingRate,
    /// A longer budget.
    LongerBudget,
    /// Other target seeds.
    Seeds,
    /// Other source seeds.
    SourceSeeds,
    /// Random weights in the frozen layers.
    RandomPrefix,
    /// A source of the same task on other images.
    SameTask,
    /// The error at the epoch selected by validation.
    ValidationSelection,
}

impl RealityCheck {
    /// All controls, in order.
    pub const ALL: [Self; 12] = [
        Self::AveragedWeights,
        Self::AnnealBranches,
        Self::RefittedHead,
        Self::LearningRateThird,
        Self::LearningRateTriple,
        Self::FallingRate,
        Self::LongerBudget,
        Self::Seeds,
        Self::SourceSeeds,
        Self::RandomPrefix,
        Self::SameTask,
        Self::ValidationSelection,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFECT: Effect = Effect { p: 0.01, size: 0.08 };

    #[test]
    fn survival_needs_half_the_size_and_significance() {
        let under = |p, size| survival(&EFFECT, Some(&Effect { p, size }));
        assert_eq!(under(0.05, 0.04), Survival::Survived { p: 0.05, size: 0.04 });
        let lost = |p, size, losses: &[NotSurviving]| Survival::NotSurvived { p, size, losses: losses.to_vec() };
        assert_eq!(under(0.06, 0.08), lost(0.06, 0.08, &[NotSurviving::NotSignificant]));
        assert_eq!(under(0.01, 0.039), lost(0.01, 0.039, &[NotSurviving::TooSmall]));
        assert_eq!(under(0.9, -0.1), lost(0.9, -0.1, &[NotSurviving::NotSignificant, NotSurviving::TooSmall]));
        let none = survival(&Effect { p: 1.0, size: -0.02 }, Some(&EFFECT));
        assert_eq!(none, lost(0.01, 0.08, &[NotSurviving::NoEffect]));
        assert_eq!(survival(&EFFECT, None), Survival::NotRun);
    }

    #[test]
    fn an_equivalence_survives_by_significance_only() {
        let under = |p| survival_of_equivalence(Some(&Effect { p, size: 0.001 }));
        assert_eq!(under(0.05), Survival::Survived { p: 0.05, size: 0.001 });
        let lost = Survival::NotSurvived { p: 0.06, size: 0.001, losses: vec![NotSurviving::NotSignificant] };
        assert_eq!((under(0.06), survival_of_equivalence(None)), (lost, Survival::NotRun));
    }
}
