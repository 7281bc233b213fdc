//! Counts what a phase asks of its device, in a step and in an epoch; the same on every machine.

use anyhow::Result;

use crate::native::{Counting, OperatorCounts};
use crate::train::cost::notes::Notes;
use crate::train::data::split_inputs::SplitInputs;
use crate::train::measure::evaluators::Evaluators;
use crate::train::numbers::Totals;
use crate::train::phase::Phase;
use crate::train::step::epoch::{Epoch, Stepping, Trainer};

/// The counts of a phase.
#[derive(Clone, Debug)]
pub struct PhaseCounts {
    /// Of a training step on a full batch; if it would be captured, the captured operators.
    pub step: OperatorCounts,
    /// Of an epoch: its plan, its steps, its sums, and an evaluation of every split.
    pub epoch: OperatorCounts,
    /// Images in a step.
    pub images_per_step: usize,
    /// Steps on full batches in an epoch; a smaller one may follow.
    pub whole_steps: usize,
    /// Peak memory of a step beyond that before it.
    pub step_peak_bytes: u64,
    /// Peak memory of an epoch beyond that before it.
    pub epoch_peak_bytes: u64,
    /// The first layer that runs in a step, and in an evaluation.
    pub first_layers: [usize; 2],
}

impl Phase<'_> {
    /// Trains for a few steps, evaluates once, and counts the work. Also returns the notes of the phase.
    pub fn counts(&self) -> Result<(PhaseCounts, Vec<String>)> {
        let mut notes = Notes::default();
        let splits = SplitInputs::new(self, &mut notes)?;
        let mut measures = Evaluators::new(self, &splits, None, false);
        let mut trainer = self.trainer(
            splits.training().first_layer(),
            match self.stepping() {
                Stepping::Captured => Stepping::Capturable,
                other => other,
            },
        );
        let steps = self.training.steps_per_epoch(self.train.count()) as i64;
        let whole = (self.train.count() / self.training.batch_size) as i64;
        let mut train = |from: i64, to: i64| self.count_steps(&mut trainer, &splits, [from, to], &mut notes);
        // The first step allocates what later ones reuse.
        train(0, 1)?;
        let (plan, _) = train(0, 0)?;
        let (first, step_peak) = train(0, 1)?;
        let (last, last_peak) = train(steps - 1, steps)?;
        let (step, rest) = (first - &plan, last - &plan);
        let (sums, _) = counted(|| Ok(trainer.totals(splits.training(), steps as u64)))?;
        let first_layers = [splits.training().first_layer(), splits.evaluated_from()];
        let (evaluation, evaluation_peak) = counted(|| {
            measures.errors(&mut || false)?;
            Ok(())
        })?;
        let epoch = plan + &(&step * whole) + &(&rest * (steps - whole)) + &sums + &evaluation;
        let counted = PhaseCounts {
            step,
            epoch,
            images_per_step: self.training.batch_size.min(self.train.count()),
            whole_steps: whole as usize,
            step_peak_bytes: step_peak,
            epoch_peak_bytes: step_peak.max(last_peak).max(evaluation_peak),
            first_layers,
        };
        Ok((counted, notes.0))
    }

    /// Counts the steps `from..to` of an epoch, and the drawing of its plan.
    fn count_steps(
        &self,
        trainer: &mut Trainer<'_>,
        splits: &SplitInputs,
        [from, to]: [i64; 2],
        notes: &mut Notes,
    ) -> Result<(OperatorCounts, u64)> {
        let (from, to) = (from as u64, to as u64);
        let epoch = Epoch { behind: 0, done: 0, from, to, totals: Totals::default(), seconds: 0.0 };
        counted(|| trainer.epoch(splits.training(), self.batches(splits.training(), 1), &epoch, notes))
    }
}

/// Counts some work; returns the counts and the peak memory.
fn counted<T>(work: impl FnOnce() -> Result<T>) -> Result<(OperatorCounts, u64)> {
    let counting = Counting::start();
    let done = work();
    let counts = counting.end();
    done.map(|_| counts)
}
