//! The size of an effect, with and without a control, in words.

use crate::analysis::inference::{BumpEvidence, Effect, Survival, survival, survival_of_equivalence};
use crate::report::words::{p_value, points};

/// An effect, and for a bump its rise and drop.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizedEffect {
    pub(super) effect: Effect,
    pub(super) parts: Option<[f64; 2]>,
}

impl From<Effect> for SizedEffect {
    fn from(effect: Effect) -> Self {
        Self { effect, parts: None }
    }
}

impl From<&BumpEvidence> for SizedEffect {
    fn from(evidence: &BumpEvidence) -> Self {
        Self { effect: evidence.into(), parts: Some([evidence.rise.estimate, evidence.drop.estimate]) }
    }
}

/// The unit of an effect's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EffectUnit {
    /// A difference of errors.
    Points,
    /// The logarithm of a ratio of epochs.
    LogRatio,
    /// A difference within a margin.
    WithinMargin,
}

impl EffectUnit {
    pub(super) fn survival(self, own: &SizedEffect, control: Option<&SizedEffect>) -> Survival {
        let control = control.map(|control| &control.effect);
        match self {
            Self::Points | Self::LogRatio => survival(&own.effect, control),
            Self::WithinMargin => survival_of_equivalence(control),
        }
    }

    pub(super) fn size(self, size: f64) -> String {
        match self {
            Self::Points => format!("{} points", points(size)),
            Self::LogRatio => format!("{:.2} times as many epochs", size.exp()),
            Self::WithinMargin => format!("a difference of {} points", points(size)),
        }
    }

    /// The numbers under a control. Those that are the headline's to one decimal have two, with the headline's.
    pub(super) fn numbers(self, own: &SizedEffect, control: &SizedEffect) -> String {
        let p = p_value(control.effect.p);
        let (Self::Points, Some(parts)) = (self, control.parts) else {
            return format!("{}, {p}", self.size(control.effect.size));
        };
        let part = |place: usize| match own.parts {
            Some(own) if points(own[place]) == points(parts[place]) => {
                format!("{:.2} against {:.2}", parts[place] * 100.0, own[place] * 100.0)
            }
            _ => points(parts[place]),
        };
        format!("rise {}, drop {} points, {p}", part(0), part(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_look_equal_get_another_decimal() {
        let of = |rise, drop| SizedEffect { effect: Effect { p: 0.004, size: drop }, parts: Some([rise, drop]) };
        let words = EffectUnit::Points.numbers(&of(0.0746, 0.0508), &of(0.0737, 0.0513));
        assert_eq!(words, "rise 7.4, drop 5.13 against 5.08 points, p = 0.004");
        let difference = SizedEffect::from(Effect { p: 0.5, size: 0.02 });
        assert_eq!(EffectUnit::Points.numbers(&difference, &difference), "2.0 points, p = 0.500");
    }
}
