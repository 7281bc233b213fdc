//! Optional measurements do not affect a training, and survive a stop.

use tch::{Device, Kind};

use crate::blueprint::FrozenSet;
use crate::metrics::{COLUMNS, Column, MeasuredBy};
use crate::network::{NamedTensors, Network};
use crate::spec::{
    self, Budget, Correct, Evaluation, EvaluationSchedule, ExtraMeasures, FrozenNorm, HalfLife, Precision,
};
use crate::spec::{Seeds, Switch, Training};
use crate::train::tests::testing::{Listener, alone, families, split};
use crate::train::{Control, EpochReport, Observer, Phase, Settings, TrainingState};

const COUNT: usize = 80;
const SEEDS: Seeds = Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 };

/// Stops after some steps, and keeps the state.
#[derive(Default)]
struct Stopper {
    listener: Listener,
    steps: u64,
    stop_after: Option<u64>,
    state: Option<TrainingState>,
    /// What the phase expects to hold besides the network and its data.
    state_bytes: u64,
}

impl Observer for Stopper {
    fn step(&mut self, _: u64) {
        self.steps += 1;
    }

    fn note(&mut self, sentence: &str) -> anyhow::Result<()> {
        self.listener.note(sentence)
    }

    fn epoch(&mut self, report: &EpochReport) -> anyhow::Result<()> {
        self.listener.epoch(report)
    }

    fn control(&mut self) -> Control {
        if self.stop_after == Some(self.steps) { Control::Stop } else { Control::GoOn }
    }

    fn save(&mut self, state: &TrainingState) -> anyhow::Result<()> {
        let tensors = state.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.copy())).collect();
        let TrainingState { epochs, steps, seconds, .. } = *state;
        self.state = Some(TrainingState { epochs, steps, seconds, tensors });
        Ok(())
    }
}

fn run(
    blueprint: &crate::blueprint::Blueprint,
    extra: ExtraMeasures,
    settings: Settings,
    start: Option<TrainingState>,
    stop_after: Option<u64>,
) -> (Stopper, NamedTensors) {
    let network = Network::new(blueprint, Device::Cpu, Kind::Float, 1);
    let training = Training::plain(
        Budget::Epochs(3),
        24,
        spec::Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false },
        0.01,
    );
    let phase = Phase {
        network: &network,
        train: split(COUNT, Kind::Float),
        test: split(COUNT - 5, Kind::Float),
        validation: None,
        training: &training,
        seeds: SEEDS,
        frozen: &FrozenSet::first(2, blueprint.layers.len()),
        frozen_norm: FrozenNorm::Source,
        evaluation: Evaluation { extra, ..EvaluationSchedule::Every(1).into() },
        settings,
    };
    let mut stopper = Stopper { stop_after, state_bytes: phase.state_bytes(), ..Stopper::default() };
    phase.run(start, &mut stopper).expect("the losses are finite");
    (stopper, network.state())
}

const ALL: ExtraMeasures =
    ExtraMeasures { correct: Correct::All, correct_train: true, averaging: Some(HalfLife::Steps(3)), norms: true };

/// The reports without optional measurements.
fn raw(reports: &[EpochReport]) -> Vec<EpochReport> {
    let bare = |report: &EpochReport| EpochReport {
        metrics: report.metrics.without_optional(),
        correct: Vec::new(),
        ..report.clone()
    };
    reports.iter().map(bare).collect()
}

#[test]
fn measuring_changes_no_bit_of_a_training() {
    let _alone = alone();
    let settings = [
        Settings::PLAIN,
        Settings { cache: Switch::Auto, ..Settings::PLAIN },
        Settings { precision: Precision::Bf16, ..Settings::PLAIN },
    ];
    for blueprint in families() {
        for settings in settings {
            let (bare, bare_weights) = run(&blueprint, ExtraMeasures::NONE, settings, None, None);
            let (measured, weights) = run(&blueprint, ALL, settings, None, None);
            assert_eq!(raw(&measured.listener.reports), bare.listener.reports);
            assert_eq!(weights, bare_weights);
            for report in &measured.listener.reports {
                let metrics = &report.metrics;
                assert!(metrics.test_error_averaged.is_some() && metrics.weight_norm.is_some());
                let right = |place: usize| report.correct[place].correct.iter().filter(|&&correct| correct).count();
                let errors = [metrics.train_error, metrics.test_error].map(|error| error.expect("it is due"));
                let expected = |place: usize, count: usize| ((1.0 - errors[place]) * count as f64).round() as usize;
                assert_eq!([right(0), right(1)], [expected(0, COUNT), expected(1, COUNT - 5)]);
            }
        }
    }
}

/// Otherwise no schedule asks for it, and a run without it is finished.
#[test]
fn columns_enabled_by_a_key_are_declared_optional() {
    let _alone = alone();
    let vit = &families()[3];
    let [bare, measured] = [ExtraMeasures::NONE, ALL].map(|extra| run(vit, extra, Settings::PLAIN, None, None).0);
    let filled = |training: &Stopper, column: &Column| {
        let rows = training.listener.reports.iter();
        let mut rows = rows.map(|report| serde_json::to_value(&report.metrics).expect("a row"));
        rows.any(|row| !row[column.name].is_null())
    };
    for column in COLUMNS {
        let is_optional = column.measured.is_some_and(MeasuredBy::is_optional);
        assert_eq!(filled(&bare, column) != filled(&measured, column), is_optional, "{}", column.name);
    }
}

#[test]
fn measures_survive_a_stop_at_any_step() {
    let _alone = alone();
    for blueprint in [&families()[0], &families()[3]] {
        let (unbroken, weights) = run(blueprint, ALL, Settings::PLAIN, None, None);
        for stop in [1, 3, 4, 6, 11] {
            let (broken, _) = run(blueprint, ALL, Settings::PLAIN, None, Some(stop));
            let state = broken.state.expect("it was stopped");
            let known = state.epochs as usize + 1;
            let (resumed, again) = run(blueprint, ALL, Settings::PLAIN, Some(state), None);
            let reports = [&broken.listener.reports[..known], &resumed.listener.reports].concat();
            assert_eq!(reports, unbroken.listener.reports, "stopped after {stop}");
            assert_eq!(again, weights);
        }
    }
}

/// With a half-life near 0 the average is the weight itself.
#[test]
fn an_average_with_zero_half_life_is_the_network() {
    let _alone = alone();
    let vit = &families()[3];
    let measures = ExtraMeasures { averaging: Some(HalfLife::Share(1e-6)), ..ExtraMeasures::NONE };
    let (measured, _) = run(vit, measures, Settings::PLAIN, None, None);
    for report in &measured.listener.reports {
        let metrics = &report.metrics;
        assert_eq!(metrics.test_error_averaged, metrics.test_error);
        assert_eq!(metrics.train_error_averaged, metrics.train_error);
    }
}

/// The memory that is left for the prefix cache depends on it.
#[test]
fn a_phase_reports_the_bytes_of_its_state() {
    let _alone = alone();
    let bytes = |tensors: &NamedTensors, prefix: &str| -> u64 {
        let own = tensors.iter().filter(|(name, _)| name.starts_with(prefix));
        own.map(|(_, tensor)| (tensor.numel() * tensor.kind().elt_size_in_bytes()) as u64).sum()
    };
    for blueprint in families() {
        let expected = |extra| {
            let (stopped, weights) = run(&blueprint, extra, Settings::PLAIN, None, Some(1));
            let state = stopped.state.expect("it was stopped").tensors;
            // Two moments of Adam for each gradient.
            let moments = bytes(&state, "optimizer.");
            let averaged = if extra.averaging.is_some() { bytes(&weights, "") } else { 0 };
            (stopped.state_bytes, moments + moments / 2 + bytes(&state, "norms.start.") + averaged)
        };
        for extra in [ExtraMeasures::NONE, ALL] {
            let (found, expected) = expected(extra);
            // The state has a few counters too.
            assert!(found > 1000 && found.abs_diff(expected) < 64, "{found} bytes, not {expected}");
        }
    }
}
