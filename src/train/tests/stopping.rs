//! A phase can be stopped before any batch, and resuming gives the results of an uninterrupted phase.

use anyhow::Result;
use tch::{Device, Kind};

use crate::blueprint::{Blueprint, FrozenSet};
use crate::network::{NamedTensors, Network};
use crate::spec::{self, Budget, EvaluationSchedule, FrozenNorm, Seeds, Switch, Training};
use crate::train::tests::testing::{Listener, alone, families, split};
use crate::train::{Control, Ended, EpochReport, Observer, Phase, Settings, TrainingState};

const COUNT: usize = 11;
const TEST: usize = 7;
const HELD: usize = 5;
const BATCH: usize = 4;
const EVALUATION: usize = 6;
const EPOCHS: usize = 2;

/// Requests a stop from the `at`-th check on, and keeps the last state.
struct Stopper {
    questions: u64,
    at: u64,
    state: Option<TrainingState>,
    listener: Listener,
}

impl Stopper {
    fn asked(&mut self) -> bool {
        self.questions += 1;
        self.questions >= self.at
    }
}

impl Observer for Stopper {
    fn step(&mut self, _: u64) {}

    fn note(&mut self, sentence: &str) -> Result<()> {
        self.listener.note(sentence)
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<()> {
        self.listener.epoch(report)
    }

    fn control(&mut self) -> Control {
        if self.asked() { Control::Stop } else { Control::GoOn }
    }

    fn stops(&mut self) -> bool {
        self.asked()
    }

    fn save(&mut self, state: &TrainingState) -> Result<()> {
        // Copies: the training continues to change its own tensors.
        let tensors = state.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.copy())).collect();
        let TrainingState { epochs, steps, seconds, .. } = *state;
        self.state = Some(TrainingState { epochs, steps, seconds, tensors });
        Ok(())
    }
}

struct Outcome {
    ended: Ended,
    stopper: Stopper,
    weights: NamedTensors,
}

/// A phase on a new network, from a state or from step 0, stopped at the `at`-th check.
fn run(blueprint: &Blueprint, start: Option<TrainingState>, at: u64) -> Outcome {
    let network = Network::new(blueprint, Device::Cpu, Kind::Float, 1);
    let training = Training::plain(
        Budget::Epochs(EPOCHS as u64),
        BATCH,
        spec::Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
        0.01,
    );
    let phase = Phase {
        network: &network,
        train: split(COUNT, Kind::Float),
        test: split(TEST, Kind::Float),
        validation: Some(split(HELD, Kind::Float)),
        training: &training,
        seeds: Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 },
        frozen: &FrozenSet::first(3, blueprint.layers.len()),
        frozen_norm: FrozenNorm::Target,
        evaluation: EvaluationSchedule::Every(1).into(),
        settings: Settings { cache: Switch::Auto, evaluation_batch: EVALUATION as i64, ..Settings::PLAIN },
    };
    let mut stopper = Stopper { questions: 0, at, state: None, listener: Listener::default() };
    let ended = phase.run(start, &mut stopper).expect("the losses are finite");
    Outcome { ended, stopper, weights: network.state() }
}

#[test]
fn a_stop_at_any_batch_is_immediate_and_loses_nothing() {
    let _alone = alone();
    for blueprint in [&families()[0], &families()[3]] {
        let unbroken = run(blueprint, None, u64::MAX);
        assert_eq!(unbroken.ended, Ended::Complete);
        let all = unbroken.stopper.questions;
        let norms = Network::new(blueprint, Device::Cpu, Kind::Float, 1).batch_norms(|layer| layer < 3).len();
        let splits: usize = [COUNT, TEST, HELD].map(|count| count.div_ceil(EVALUATION)).iter().sum();
        let statistics = norms * COUNT.div_ceil(EVALUATION);
        // One check before the size of the prefix cache is computed from a first image.
        let expected = statistics + 1 + splits + splits + EPOCHS * (COUNT.div_ceil(BATCH) + splits);
        assert_eq!(all, expected as u64, "one check before every batch");
        for at in 1..=all {
            let broken = run(blueprint, None, at);
            assert_eq!((broken.ended, broken.stopper.questions), (Ended::Stopped, at), "no batch follows");
            let first_step = (statistics + 1 + 2 * splits) as u64;
            assert_eq!(broken.stopper.state.is_some(), at > first_step, "a state from the first step on, at {at}");
            let known = broken.stopper.state.as_ref().map_or(0, |state| state.epochs + 1);
            let resumed = run(blueprint, broken.stopper.state, u64::MAX);
            assert_eq!(resumed.ended, Ended::Complete);
            let mut reports = broken.stopper.listener.reports;
            reports.truncate(known as usize);
            reports.extend(resumed.stopper.listener.reports);
            assert_eq!(reports, unbroken.stopper.listener.reports, "stopped at {at}");
            assert_eq!(resumed.weights, unbroken.weights, "stopped at {at}");
        }
    }
}
