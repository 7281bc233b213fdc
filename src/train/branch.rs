//! Branches from a state of a training: an anneal branch, and a refitted head. Both work on a copy and do not affect the
//! training.
//!
//! An anneal branch continues from the state with the learning rate decaying linearly to 0, on its own random streams. It
//! separates optimizer noise, which disappears, from what the weights have learned. A refitted head is a new linear head
//! fitted on the state's features and the same, possibly noisy, labels: it separates a badly fitted head from bad
//! features.

use anyhow::Result;
use tch::{Kind, Tensor, no_grad_guard};

use crate::native::Autocast;
use crate::network::{Mode, Network};
use crate::seed::{Purpose, derive};
use crate::spec::{Budget, Evaluation, EvaluationSchedule, Rate, Schedule, Seeds, Training};
use crate::train::checkpoint_state::TrainingState;
use crate::train::data::device_split::DeviceSplit;
use crate::train::interrupt::{Interrupt, Stopped, proceed};
use crate::train::measure::linear_fit::{LinearHead, fit_linear, fit_tuned};
use crate::train::numbers::EpochReport;
use crate::train::observer::{Control, Diverged, Ended, Observer};
use crate::train::out_of_memory::{Activity, during};
use crate::train::phase::Phase;

/// Bounds on the steps of an anneal branch: a longer one would leave the peak that it is meant to test.
const MOST_STEPS: u64 = 300;
const FEWEST_STEPS: u64 = 10;

/// Default steps of an anneal branch that starts at `step`: a tenth of it, within bounds.
pub fn anneal_steps(step: u64) -> u64 {
    (step / 10).clamp(FEWEST_STEPS, MOST_STEPS)
}

/// Errors after an anneal branch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Annealed {
    /// Error on the training examples.
    pub train_error: f64,
    /// Loss on the test examples.
    pub test_loss: f64,
    /// Error on the test examples.
    pub test_error: f64,
}

impl Annealed {
    fn of(report: &EpochReport) -> Option<Self> {
        let metrics = &report.metrics;
        Some(Self { train_error: metrics.train_error?, test_loss: metrics.test_loss?, test_error: metrics.test_error? })
    }
}

/// Errors of refitted heads, on the training and the test examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refitted {
    /// Without a penalty.
    pub plain: [f64; 2],
    /// With the penalty that is best on a held-out fifth of the training examples.
    pub tuned: [f64; 2],
    /// That penalty.
    pub penalty: f64,
}

/// The results of a branch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Branch {
    /// Absent if not requested, or if the branch diverged.
    pub annealed: Option<Annealed>,
    /// Absent if not requested.
    pub refitted: Option<Refitted>,
}

/// What a branch computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchPlan {
    /// The epoch of the state.
    pub epoch: u64,
    /// Steps of the anneal branch; `None` for no anneal branch.
    pub anneal: Option<u64>,
    /// Whether to refit heads.
    pub refit: bool,
}

impl Phase<'_> {
    /// Computes a branch from a state of this phase at an epoch boundary. `None` if the observer stopped it.
    pub fn branch(
        &self,
        state: &TrainingState,
        plan: BranchPlan,
        observer: &mut dyn Observer,
    ) -> Result<Option<Branch>> {
        let branch = self.annealed(state, plan, observer).and_then(|annealed| {
            let refitted = plan.refit.then(|| self.refit(state, &mut || observer.stops())).transpose()?;
            Ok(Branch { annealed, refitted })
        });
        match branch {
            Err(error) if error.is::<Stopped>() => Ok(None),
            branch => branch.map(Some),
        }
    }

    /// Continues from a state for some steps with the learning rate decaying linearly to 0, in a separate network.
    fn annealed(
        &self,
        state: &TrainingState,
        plan: BranchPlan,
        observer: &mut dyn Observer,
    ) -> Result<Option<Annealed>> {
        let Some(steps) = plan.anneal else { return Ok(None) };
        let network = self.network.twin()?;
        let done = plan.epoch * self.training.steps_per_epoch(self.train.count());
        let rate = Rate { base: self.rate(done.saturating_sub(1)), warmup_steps: 0, schedule: Schedule::Linear };
        let training = Training { budget: Budget::Steps(steps), rate, ..self.training.clone() };
        let own = |seed: u64| derive(seed, Purpose::Branch, &plan.epoch.to_string());
        let Seeds { order, augment, dropout, .. } = self.seeds;
        let phase = Phase {
            network: &network,
            train: self.train.shared(),
            test: self.test.shared(),
            validation: None,
            training: &training,
            seeds: Seeds { order: own(order), augment: own(augment), dropout: own(dropout), ..self.seeds },
            frozen: self.frozen,
            frozen_norm: self.frozen_norm,
            evaluation: Evaluation::from(EvaluationSchedule::End),
            settings: self.settings,
        };
        let tensors = state.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone()));
        let start = TrainingState { epochs: 0, steps: 0, seconds: 0.0, tensors: tensors.collect() };
        let mut last = Last { observer, report: None };
        match phase.run(Some(start), &mut last) {
            Ok(Ended::Stopped) => Err(Stopped.into()),
            Ok(Ended::Complete) => Ok(last.report.as_ref().and_then(Annealed::of)),
            Err(error) if error.is::<Diverged>() => {
                last.observer.note(&format!("the anneal branch from epoch {} diverged", plan.epoch))?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Refits heads on the features of a state.
    fn refit(&self, state: &TrainingState, interrupt: Interrupt<'_>) -> Result<Refitted> {
        let network = self.network.twin()?;
        state.load(&network)?;
        let (train, test) = (
            self.features(&network, &self.train, &mut *interrupt)?,
            self.features(&network, &self.test, &mut *interrupt)?,
        );
        let classes = network.blueprint().classes;
        let [own, other] = [&self.train.labels, &self.test.labels];
        let plain = fit_linear(&train, own, classes, 0.0, &mut *interrupt)?;
        let (tuned, penalty) = fit_tuned(&train, own, classes, interrupt)?;
        let errors = |head: &LinearHead| [head.error(&train, own), head.error(&test, other)];
        Ok(Refitted { plain: errors(&plain), tuned: errors(&tuned), penalty })
    }

    /// The classifier's input for every example, `[count, features]`.
    fn features(&self, network: &Network, data: &DeviceSplit, interrupt: Interrupt<'_>) -> Result<Tensor> {
        let (count, batch) = (data.count() as i64, self.settings.evaluation_batch);
        let mut parts = Vec::new();
        for start in (0..count).step_by(batch as usize) {
            proceed(interrupt)?;
            let part = during(Activity::Evaluating, || {
                let _no_gradient = no_grad_guard();
                let _autocast = Autocast::new(network.device(), self.settings.precision);
                let images = network.enter(data.stretch(start, batch.min(count - start)));
                let flow = network.run(0, network.freezable(), images, Mode::Evaluate);
                network.pool(flow, Mode::Evaluate).to_kind(Kind::Float)
            })?;
            parts.push(part);
        }
        Ok(Tensor::cat(&parts, 0))
    }
}

/// Keeps the last report, and forwards stop requests from another observer.
struct Last<'a> {
    observer: &'a mut dyn Observer,
    report: Option<EpochReport>,
}

impl Observer for Last<'_> {
    fn step(&mut self, _: u64) {}

    fn note(&mut self, _: &str) -> Result<()> {
        Ok(())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        self.report = Some(report.clone());
        Ok(())
    }

    fn control(&mut self) -> Control {
        if self.observer.stops() { Control::Stop } else { Control::GoOn }
    }

    fn stops(&mut self) -> bool {
        self.observer.stops()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_a_tenth_of_the_steps_within_bounds() {
        assert_eq!([0, 50, 1000, 9000].map(anneal_steps), [10, 10, 100, 300]);
    }
}
