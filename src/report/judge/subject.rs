//! What an effect is about: its settings, and where in training it is measured. This determines which controls apply.

use super::control::{BUDGETS, RATE, has_constant_rate, is_same_task};
use crate::analysis::inference::RealityCheck;
use crate::report::read::View;
use crate::report::setting::Setting;

/// Where an effect is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MeasuredAt {
    /// At the end of training.
    End,
    /// At some epochs.
    Epochs(Vec<u64>),
    /// When training errors get small.
    Interpolation,
    /// When test error peaks.
    Peak,
}

/// What an effect is about.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    /// One setting, or the two that it compares.
    pub(super) settings: Vec<&'a Setting>,
    /// The numbers of frozen layers at which it is measured.
    pub(super) layers: Vec<usize>,
    pub(super) place: MeasuredAt,
    /// The weights whose errors it is about.
    pub(super) view: View,
    /// The key in which the two settings differ.
    pub(super) key: Option<String>,
    /// The place of a bump's peak, such as `k = 8`.
    pub(super) peak: Option<String>,
    /// Its part of the names of its controls' specs.
    pub(super) name: String,
}

impl<'a> Subject<'a> {
    /// Of an effect that compares two settings, which differ in a key.
    pub(super) fn of_pair(
        settings: &[&'a Setting],
        layers: Vec<usize>,
        place: MeasuredAt,
        view: View,
        key: &str,
    ) -> Self {
        let (settings, key) = (settings.to_vec(), Some(key.to_owned()));
        Self { settings, layers, place, view, key, peak: None, name: String::new() }
    }

    /// Whether a control applies to this effect. Controls that remove what is compared do not.
    pub(super) fn admits(&self, check: RealityCheck) -> bool {
        let all = |test: &dyn Fn(&Setting) -> bool| self.settings.iter().all(|setting| test(setting));
        let has_source = || all(&|setting| setting.values.contains_key("source.dataset"));
        let key = self.key.as_deref().unwrap_or_default();
        match check {
            RealityCheck::SourceSeeds => has_source(),
            RealityCheck::RandomPrefix => {
                has_source() && !key.starts_with("source.") && self.layers.iter().any(|layers| *layers > 0)
            }
            RealityCheck::SameTask => {
                has_source() && key != "source.dataset" && all(&|setting| !is_same_task(&setting.values))
            }
            RealityCheck::LearningRateThird | RealityCheck::LearningRateTriple => key != RATE,
            // Over epochs a rate that falls lowers test error by itself.
            RealityCheck::FallingRate => {
                matches!(self.place, MeasuredAt::End | MeasuredAt::Interpolation)
                    && all(&|setting| has_constant_rate(&setting.values))
            }
            RealityCheck::LongerBudget => !BUDGETS.contains(&key),
            // Over epochs it is the validation error of the trained weights.
            RealityCheck::ValidationSelection => match self.place {
                MeasuredAt::End => true,
                MeasuredAt::Epochs(_) | MeasuredAt::Peak => self.view != View::Averaged,
                MeasuredAt::Interpolation => false,
            },
            RealityCheck::AveragedWeights => self.view != View::Averaged,
            RealityCheck::AnnealBranches | RealityCheck::RefittedHead | RealityCheck::Seeds => true,
        }
    }
}
