//! The measurements after an epoch: errors of the raw and of the averaged weights on every split, and which examples
//! were classified correctly.

use anyhow::Result;

use crate::metrics::Metrics;
use crate::spec::Due;
use crate::train::data::split_inputs::SplitInputs;
use crate::train::interrupt::{Interrupt, Stopped};
use crate::train::measure::averaged::AveragedWeights;
use crate::train::measure::evaluate::{Errors, Evaluator};
use crate::train::numbers::{Correctness, Examples};
use crate::train::phase::Phase;

/// The errors that were due.
#[derive(Debug, Default)]
pub(in crate::train) struct MeasuredErrors {
    pub(in crate::train) train: Option<Errors>,
    pub(in crate::train) test: Option<Errors>,
    pub(in crate::train) validation: Option<Errors>,
    /// Of the averaged weights.
    pub(in crate::train) train_averaged: Option<Errors>,
    pub(in crate::train) test_averaged: Option<Errors>,
    pub(in crate::train) correct: Vec<Correctness>,
}

impl MeasuredErrors {
    /// Fills in the columns of the measures that were due.
    pub(in crate::train) fn fill(&self, metrics: &mut Metrics) {
        self.train.iter().for_each(|errors| errors.fill_train(metrics));
        self.test.iter().for_each(|errors| errors.fill_test(metrics));
        self.validation.iter().for_each(|errors| errors.fill_validation(metrics));
        self.train_averaged.iter().for_each(|errors| errors.fill_train_averaged(metrics));
        self.test_averaged.iter().for_each(|errors| errors.fill_test_averaged(metrics));
    }

    /// Whether every loss of the raw weights is finite. Averaged weights do not affect the training and are not
    /// checked.
    pub(in crate::train) fn is_finite(&self) -> bool {
        [&self.train, &self.test, &self.validation].into_iter().flatten().all(|errors| errors.loss.is_finite())
    }
}

/// The evaluators of a phase, one per network and split.
pub(in crate::train) struct Evaluators<'a> {
    phase: &'a Phase<'a>,
    splits: &'a SplitInputs,
    raw: [Option<Evaluator<'a>>; 3],
    averaged: Option<(&'a AveragedWeights, [Evaluator<'a>; 2])>,
}

impl<'a> Evaluators<'a> {
    /// Evaluators for all splits of a phase; `capture` requests CUDA graphs.
    pub(in crate::train) fn new(
        phase: &'a Phase<'a>,
        splits: &'a SplitInputs,
        averaged: Option<&'a AveragedWeights>,
        capture: bool,
    ) -> Self {
        let wanted = phase.evaluation.extra;
        let evaluator = |network, split, correct| Evaluator::new(network, split, &phase.settings, capture, correct);
        let raw = |split, correct| evaluator(phase.network, split, correct);
        Self {
            phase,
            splits,
            raw: [
                Some(raw(&splits.train, wanted.keeps_train_answers())),
                Some(raw(&splits.test, wanted.keeps_test_answers())),
                splits.validation.as_ref().map(|split| raw(split, false)),
            ],
            averaged: averaged.map(|averaged| {
                (averaged, [&splits.train, &splits.test].map(|split| evaluator(&averaged.network, split, false)))
            }),
        }
    }

    /// Measures what is due after `epoch` of `epochs`.
    pub(in crate::train) fn measure(
        &mut self,
        due: Due,
        [epoch, epochs]: [u64; 2],
        interrupt: Interrupt<'_>,
    ) -> Result<MeasuredErrors> {
        let [train, test, validation] = &mut self.raw;
        let mut errors = |evaluator: &mut Option<Evaluator<'_>>, due: bool| {
            evaluator.as_mut().filter(|_| due).map(|evaluator| evaluator.errors(&mut *interrupt)).transpose()
        };
        let mut measured = MeasuredErrors {
            train: errors(train, due.train)?,
            test: errors(test, due.test)?,
            validation: errors(validation, due.test)?,
            ..MeasuredErrors::default()
        };
        let keeps = self.phase.evaluation.extra.correct.has(epoch, epochs);
        for (examples, evaluator, due) in [(Examples::Train, train, due.train), (Examples::Test, test, due.test)] {
            let correct = evaluator.as_ref().filter(|_| due && keeps).and_then(Evaluator::correct);
            measured.correct.extend(correct.map(|correct| Correctness { examples, correct }));
        }
        if let Some((averaged, [train, test])) = self.averaged.as_mut().filter(|_| due.train || due.test) {
            averaged.refresh(self.phase, self.splits, interrupt)?;
            let mut errors =
                |evaluator: &mut Evaluator<'_>, due: bool| due.then(|| evaluator.errors(&mut *interrupt)).transpose();
            measured.train_averaged = errors(train, due.train)?;
            measured.test_averaged = errors(test, due.test)?;
        }
        Ok(measured)
    }

    /// Measures only the errors of the raw weights on every split, to time or count an evaluation.
    pub(in crate::train) fn errors(&mut self, interrupt: Interrupt<'_>) -> Result<(), Stopped> {
        self.raw.iter_mut().flatten().try_for_each(|evaluator| evaluator.errors(&mut *interrupt).map(drop))
    }

    /// Why evaluations could not be captured, if that was found since the last call.
    pub(in crate::train) fn not_captured(&mut self) -> Vec<String> {
        let averaged = self.averaged.iter_mut().flat_map(|(_, evaluators)| evaluators);
        let all = self.raw.iter_mut().flatten().chain(averaged);
        all.filter_map(|evaluator| evaluator.not_captured.take()).collect()
    }
}
