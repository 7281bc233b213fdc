//! The splits of a phase for training and evaluation, with their prefix caches.

use anyhow::Result;

use crate::spec::{FrozenNorm, Switch};
use crate::train::data::device_split::DeviceSplit;
use crate::train::data::prefix_cache::{PrefixCaching, cache_prefixes};
use crate::train::data::split_input::SplitInput;
use crate::train::interrupt::Interrupt;
use crate::train::observer::Observer;
use crate::train::phase::Phase;

/// The splits of a phase.
pub(in crate::train) struct SplitInputs {
    /// The training examples, without augmentation.
    pub(in crate::train) train: SplitInput,
    /// The test examples.
    pub(in crate::train) test: SplitInput,
    /// The validation examples, if any.
    pub(in crate::train) validation: Option<SplitInput>,
    /// The training examples for augmented training, without a prefix cache.
    augmented: Option<SplitInput>,
}

impl SplitInputs {
    /// The splits of a phase. Fills the prefix cache if the outputs of the frozen layers never change.
    pub(in crate::train) fn new(phase: &Phase<'_>, observer: &mut dyn Observer) -> Result<Self> {
        let data: Vec<&DeviceSplit> = [&phase.train, &phase.test].into_iter().chain(&phase.validation).collect();
        let mut splits: Vec<SplitInput> = data.iter().map(|data| SplitInput::new(data.shared())).collect();
        // The prefix cache is of images without augmentation, so augmented training cannot use it.
        let augmented = phase.training.augmentation.is_some().then(|| SplitInput::new(phase.train.shared()));
        if let Some(caching) = prefix_caching(phase, &data, &mut || observer.stops())? {
            observer.note(&sentence(&caching, augmented.is_some()))?;
            if let PrefixCaching::Prefixes(prefixes, _) = caching {
                for (split, prefix) in splits.iter_mut().zip(prefixes) {
                    split.keep(phase.frozen.leading(), prefix);
                }
            }
        }
        if can_cache(phase) {
            observer.cached(splits[0].first_layer() > 0)?;
        }
        let mut splits = splits.into_iter();
        let mut next = || splits.next().expect("training and test examples are always there");
        Ok(Self { train: next(), test: next(), validation: splits.next(), augmented })
    }

    /// The split that steps train on.
    pub(in crate::train) fn training(&self) -> &SplitInput {
        self.augmented.as_ref().unwrap_or(&self.train)
    }

    /// The first layer that runs in an evaluation.
    pub(in crate::train) fn evaluated_from(&self) -> usize {
        self.test.first_layer()
    }
}

/// Whether there are frozen layers whose outputs never change.
fn can_cache(phase: &Phase<'_>) -> bool {
    phase.frozen.leading() > 0 && phase.frozen_norm != FrozenNorm::Batch
}

/// The prefix cache, or why there is none; `None` if no leading layer is frozen or the spec turns it off.
fn prefix_caching(phase: &Phase<'_>, data: &[&DeviceSplit], interrupt: Interrupt<'_>) -> Result<Option<PrefixCaching>> {
    let leading = phase.frozen.leading();
    if leading == 0 || phase.settings.cache == Switch::Off {
        return Ok(None);
    }
    if phase.frozen_norm == FrozenNorm::Batch {
        return Ok(Some(PrefixCaching::Moving));
    }
    cache_prefixes(phase.network, leading, data, &phase.settings, phase.state_bytes(), interrupt).map(Some)
}

fn sentence(caching: &PrefixCaching, augmented: bool) -> String {
    let rest = if augmented && matches!(caching, PrefixCaching::Prefixes(..)) {
        ", for evaluation only: augmented images pass through the frozen layers in every step"
    } else {
        ""
    };
    format!("{}{rest}", caching.sentence())
}
