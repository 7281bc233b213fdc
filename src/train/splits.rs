//! The splits of a phase: what is trained on, what is evaluated, and what is kept of either.

use anyhow::Result;

use super::device_split::DeviceSplit;
use super::evaluate::{Errors, Evaluator};
use super::phase::Phase;
use super::prefix::{Kept, kept_prefixes};
use super::report::{Due, Interrupt, Observer, Stopped};
use super::split::Split;
use crate::network::Network;
use crate::spec::{FrozenNorm, Precision, Switch};

/// The splits of a phase.
pub(super) struct Splits {
    train: Evaluated,
    test: Evaluated,
    validation: Option<Evaluated>,
    /// What is trained on, where that is not what is evaluated: images to be augmented.
    augmented: Option<Split>,
}

struct Evaluated {
    split: Split,
    evaluator: Evaluator,
}

impl Evaluated {
    fn errors(&mut self, network: &Network, precision: Precision, interrupt: Interrupt<'_>) -> Result<Errors, Stopped> {
        self.evaluator.errors(network, &self.split, precision, interrupt)
    }
}

impl Splits {
    /// The splits of a phase. Where the outputs of its frozen layers never change, they are kept.
    pub(super) fn new(phase: &Phase<'_>, capture: bool, observer: &mut dyn Observer) -> Result<Self> {
        let data: Vec<&DeviceSplit> = [&phase.train, &phase.test].into_iter().chain(&phase.validation).collect();
        let mut splits: Vec<Split> = data.iter().map(|data| Split::new(data.shared())).collect();
        // What is kept is of images as they are, which evaluation sees and augmented training does not.
        let augmented = phase.training.augmentation.is_some().then(|| Split::new(phase.train.shared()));
        if let Some(kept) = kept(phase, &data, &mut || observer.stops())? {
            observer.note(&sentence(&kept, augmented.is_some()))?;
            if let Kept::Prefixes(prefixes, _) = kept {
                for (split, prefix) in splits.iter_mut().zip(prefixes) {
                    split.keep(phase.frozen.leading(), prefix);
                }
            }
        }
        let batch = phase.settings.evaluation_batch;
        let evaluated = |split: Split| Evaluated { evaluator: Evaluator::new(&split, batch, capture), split };
        let mut splits = splits.into_iter().map(evaluated);
        let mut next = || splits.next().expect("training and test examples are always there");
        Ok(Self { train: next(), test: next(), validation: splits.next(), augmented })
    }

    /// What is trained on.
    pub(super) fn training(&self) -> &Split {
        self.augmented.as_ref().unwrap_or(&self.train.split)
    }

    /// Loss and errors on the training examples, the test examples and those held out, where they are due.
    pub(super) fn errors(
        &mut self,
        due: Due,
        network: &Network,
        precision: Precision,
        interrupt: Interrupt<'_>,
    ) -> Result<[Option<Errors>; 3], Stopped> {
        let splits = [
            due.train.then_some(&mut self.train),
            due.test.then_some(&mut self.test),
            self.validation.as_mut().filter(|_| due.test),
        ];
        let mut measured = [None; 3];
        for (place, split) in measured.iter_mut().zip(splits) {
            *place = split.map(|split| split.errors(network, precision, &mut *interrupt)).transpose()?;
        }
        Ok(measured)
    }

    /// Why evaluations could not be captured, where that was found since the last call.
    pub(super) fn not_captured(&mut self) -> Vec<String> {
        let splits = [&mut self.train, &mut self.test].into_iter().chain(&mut self.validation);
        splits.filter_map(|evaluated| evaluated.evaluator.not_captured.take()).collect()
    }

    /// The first layer that runs in an evaluation.
    pub(super) fn evaluated_from(&self) -> usize {
        self.test.split.first_layer()
    }
}

/// What becomes of the outputs of the frozen layers; nothing where there are none or they are not to be kept.
fn kept(phase: &Phase<'_>, data: &[&DeviceSplit], interrupt: Interrupt<'_>) -> Result<Option<Kept>> {
    let leading = phase.frozen.leading();
    if leading == 0 || phase.settings.cache == Switch::Off {
        return Ok(None);
    }
    if phase.frozen_norm == FrozenNorm::Batch {
        return Ok(Some(Kept::Moving));
    }
    kept_prefixes(phase.network, leading, data, &phase.settings, interrupt).map(Some)
}

fn sentence(kept: &Kept, augmented: bool) -> String {
    let rest = if augmented && matches!(kept, Kept::Prefixes(..)) {
        ", for evaluation; augmented images go through them in every step"
    } else {
        ""
    };
    format!("{}{rest}", kept.sentence())
}
