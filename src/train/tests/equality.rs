//! Compares each fast path with the plain one: fp32, channels first, operator by operator, no prefix cache.

use tch::{Device, Kind};

use crate::blueprint::{Blueprint, FrozenSet};
use crate::network::{NamedTensors, Network};
use crate::spec::{self, Augmentation, Budget, EvaluationSchedule, FrozenNorm, MemoryFormat, Precision, Seeds};
use crate::spec::{Switch, Training};
use crate::train::tests::testing::{Listener, alone, families, split};
use crate::train::{EpochReport, Phase, Settings};

/// 80 examples in batches of 40: libtorch has other kernels for batches of up to 32.
const COUNT: usize = 80;
const BATCH: usize = 40;

const SEEDS: Seeds = Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 };

/// The result of a phase: its reports without times, the network's state, and whether the prefix cache was used.
struct Outcome {
    reports: Vec<EpochReport>,
    state: NamedTensors,
    kept: bool,
}

struct Case<'a> {
    blueprint: &'a Blueprint,
    frozen: usize,
    norm: FrozenNorm,
    augmentation: Augmentation,
    epochs: u64,
}

impl Case<'_> {
    fn run(&self, settings: Settings) -> Outcome {
        let _alone = alone();
        let mut network = Network::new(self.blueprint, Device::Cpu, Kind::Float, 1);
        network.lay_out(settings.layout).expect("the weights have four dimensions");
        let training = Training {
            augmentation: self.augmentation,
            ..Training::plain(
                Budget::Epochs(self.epochs),
                BATCH,
                spec::Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
                0.01,
            )
        };
        let layers = self.blueprint.layers.len();
        let phase = Phase {
            network: &network,
            train: split(COUNT, Kind::Float),
            test: split(COUNT - 5, Kind::Float),
            validation: Some(split(COUNT / 2, Kind::Float)),
            training: &training,
            seeds: SEEDS,
            frozen: &FrozenSet::first(self.frozen, layers),
            frozen_norm: self.norm,
            evaluation: EvaluationSchedule::Every(1).into(),
            settings,
        };
        let mut listener = Listener::default();
        phase.run(None, &mut listener).expect("the losses are finite");
        let kept = listener.notes.iter().any(|note| note.starts_with("prefix cache on"));
        Outcome { reports: listener.reports, state: network.state(), kept }
    }
}

fn case(blueprint: &Blueprint, frozen: usize) -> Case<'_> {
    let augmentation = Augmentation::default();
    Case { blueprint, frozen, norm: FrozenNorm::Source, augmentation, epochs: 2 }
}

const CACHED: Settings = Settings { cache: Switch::Auto, ..Settings::PLAIN };

fn losses(outcome: &Outcome) -> Vec<f64> {
    let of = |report: &EpochReport| [report.metrics.train_loss, report.metrics.test_loss];
    outcome.reports.iter().flat_map(|report| of(report).into_iter().flatten()).collect()
}

fn assert_same(one: &Outcome, other: &Outcome, what: &str) {
    assert_eq!(one.reports, other.reports, "{what}");
    assert_eq!(one.state, other.state, "{what}");
}

#[test]
fn the_prefix_cache_changes_no_bit_at_any_k_of_any_family() {
    for blueprint in families() {
        for frozen in 1..=blueprint.layers.len() {
            let case = case(&blueprint, frozen);
            let (plain, cached) = (case.run(Settings::PLAIN), case.run(CACHED));
            assert_eq!((plain.kept, cached.kept), (false, true));
            let name = &blueprint.layers[frozen - 1].name;
            assert_same(&plain, &cached, &format!("frozen through `{name}`"));
        }
    }
}

#[test]
fn the_prefix_cache_changes_no_bit_in_other_layouts_and_precisions() {
    for blueprint in families() {
        for (precision, layout) in [
            (Precision::Fp32, MemoryFormat::ChannelsLast),
            (Precision::Bf16, MemoryFormat::ChannelsFirst),
            (Precision::Bf16, MemoryFormat::ChannelsLast),
        ] {
            let case = Case { norm: FrozenNorm::Target, ..case(&blueprint, blueprint.layers.len() / 2) };
            let settings = Settings { precision, layout, ..Settings::PLAIN };
            let plain = case.run(settings);
            let cached = case.run(Settings { cache: Switch::Auto, ..settings });
            assert!(cached.kept);
            assert_same(&plain, &cached, &format!("{precision:?}, {layout:?}"));
        }
    }
}

/// With crops, training sees other images in every epoch, and evaluation the same ones.
#[test]
fn augmented_images_go_through_the_prefix_and_plain_ones_do_not() {
    let blueprint = &families()[0];
    let augmentation = Augmentation { crop_padding: 1, flip: true, ..Augmentation::default() };
    let case = Case { augmentation, ..case(blueprint, 3) };
    assert_same(&case.run(Settings::PLAIN), &case.run(CACHED), "crop and flip");
}

#[test]
fn batch_statistics_below_the_boundary_turn_the_prefix_cache_off() {
    let blueprint = &families()[0];
    let case = Case { norm: FrozenNorm::Batch, ..case(blueprint, 3) };
    assert!(!case.run(CACHED).kept);
}

#[test]
fn channels_last_matches_up_to_rounding() {
    for blueprint in families() {
        let case = case(&blueprint, 0);
        let plain = losses(&case.run(Settings::PLAIN));
        let last = losses(&case.run(Settings { layout: MemoryFormat::ChannelsLast, ..Settings::PLAIN }));
        for (one, other) in plain.iter().zip(&last) {
            assert!((one - other).abs() < 1e-4 * one, "{one} {other}");
        }
    }
}

/// bf16 has 8 bits of precision, so a loss may differ by a few of them.
#[test]
fn bf16_losses_match_within_two_percent() {
    for blueprint in families() {
        let case = case(&blueprint, 0);
        let plain = losses(&case.run(Settings::PLAIN));
        for layout in [MemoryFormat::ChannelsFirst, MemoryFormat::ChannelsLast] {
            let narrow = case.run(Settings { precision: Precision::Bf16, layout, ..Settings::PLAIN });
            for (one, other) in plain.iter().zip(losses(&narrow)) {
                assert!((one - other).abs() < 0.02 * one, "{one} {other}");
            }
        }
    }
}
