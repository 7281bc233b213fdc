//! The splits of a phase: what is trained on, what is evaluated, and what is kept of either.

use std::rc::Rc;

use anyhow::Result;

use super::evaluate::{Errors, Evaluator};
use super::phase::Phase;
use super::prefix::{Kept, Shelf};
use super::report::Observer;
use super::split::Split;
use crate::network::Network;
use crate::spec::{FrozenNorm, Precision, Switch};

/// The splits of a phase.
pub(super) struct Splits {
    train: Evaluated,
    test: Evaluated,
    validation: Option<Evaluated>,
    /// What is trained on, where that is not what is evaluated: images to be augmented.
    plain: Option<Split>,
}

struct Evaluated {
    split: Split,
    evaluator: Evaluator,
}

impl Evaluated {
    fn errors(&mut self, network: &Network, precision: Precision) -> Errors {
        self.evaluator.errors(network, &self.split, precision)
    }
}

impl Splits {
    /// The splits of a phase. Where the outputs of its frozen layers never change, they are kept.
    pub(super) fn new(
        phase: &Phase<'_>,
        capture: bool,
        shelf: &mut Shelf,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let [mut train, mut test] = [&phase.train, &phase.test].map(|data| Split::new(data.shared()));
        // What is kept is of images as they are, which evaluation sees and augmented training does not.
        let plain = phase.training.augmentation.is_some().then(|| Split::new(phase.train.shared()));
        let leading = phase.frozen.leading();
        if leading > 0 && phase.settings.cache == Switch::Auto {
            if phase.frozen_norm == FrozenNorm::Batch {
                observer.note("frozen layers computed in every step: their batch norms see each batch's statistics")?;
            } else {
                let data = [&phase.train, &phase.test];
                let kept = shelf.prefixes(phase.network, leading, data, &phase.settings)?;
                if let Kept::Prefixes(prefixes, _) = &kept {
                    for (split, prefix) in [&mut train, &mut test].into_iter().zip(prefixes) {
                        split.keep(leading, Rc::clone(prefix));
                    }
                }
                let augmented = plain.is_some() && matches!(kept, Kept::Prefixes(..));
                let where_ =
                    if augmented { ", for evaluation; augmented images go through them in every step" } else { "" };
                observer.note(&format!("{}{where_}", kept.sentence()))?;
            }
        }
        let batch = phase.settings.evaluation_batch;
        let evaluated = |split: Split| Evaluated { evaluator: Evaluator::new(&split, batch, capture), split };
        let validation = phase.validation.as_ref().map(|data| evaluated(Split::new(data.shared())));
        Ok(Self { train: evaluated(train), test: evaluated(test), validation, plain })
    }

    /// What is trained on.
    pub(super) fn training(&self) -> &Split {
        self.plain.as_ref().unwrap_or(&self.train.split)
    }

    /// Loss and errors on the examples held out of training.
    pub(super) fn validation_errors(&mut self, network: &Network, precision: Precision) -> Option<Errors> {
        self.validation.as_mut().map(|evaluated| evaluated.errors(network, precision))
    }

    /// Loss and errors on the training and the test examples.
    pub(super) fn errors(&mut self, network: &Network, precision: Precision) -> [Errors; 2] {
        [&mut self.train, &mut self.test].map(|evaluated| evaluated.errors(network, precision))
    }
}
