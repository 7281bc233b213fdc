//! Each fast path against the plain one: fp32, channels first, operator by operator, nothing kept.

use tch::{Device, Kind};

use super::testing::{Listener, alone, families, split};
use super::{EpochReport, Phase, Settings, Shelf};
use crate::blueprint::{Blueprint, FrozenSet};
use crate::network::{NamedTensors, Network};
use crate::spec::{self, Augmentation, Budget, FrozenNorm, Layout, Precision, Rate, Rhythm, Schedule, Seeds};
use crate::spec::{Switch, Training};

/// Batches of more than 32, as small ones have kernels of their own: 80 examples in batches of 40.
const COUNT: usize = 80;
const BATCH: usize = 40;

const SEEDS: Seeds = Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout: 0 };

/// What a phase gave: its reports, without times, the network's state, and how many prefixes were kept.
struct Outcome {
    reports: Vec<EpochReport>,
    state: NamedTensors,
    kept: usize,
}

struct Case<'a> {
    blueprint: &'a Blueprint,
    frozen: usize,
    norm: FrozenNorm,
    augmentation: Augmentation,
    epochs: u64,
}

impl Case<'_> {
    fn run(&self, settings: Settings, prefixes: &mut Shelf) -> Outcome {
        let _alone = alone();
        let mut network = Network::new(self.blueprint, Device::Cpu, Kind::Float, 1);
        network.lay_out(settings.layout).expect("the weights have four dimensions");
        let training = Training {
            budget: Budget::Epochs(self.epochs),
            batch_size: BATCH,
            optimizer: spec::Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
            rate: Rate { base: 0.01, warmup_steps: 0, schedule: Schedule::Constant },
            label_smoothing: 0.0,
            augmentation: self.augmentation,
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
            evaluation: Rhythm::Every(1).into(),
            settings,
        };
        let mut listener = Listener::default();
        phase.run(None, prefixes, &mut listener).expect("the losses are finite");
        Outcome { reports: listener.reports, state: network.state(), kept: prefixes.count() }
    }

    fn alone(&self, settings: Settings) -> Outcome {
        self.run(settings, &mut Shelf::default())
    }
}

fn case(blueprint: &Blueprint, frozen: usize) -> Case<'_> {
    let augmentation = Augmentation::default();
    Case { blueprint, frozen, norm: FrozenNorm::Source, augmentation, epochs: 2 }
}

const CACHED: Settings = Settings { cache: Switch::Auto, ..Settings::PLAIN };

fn losses(outcome: &Outcome) -> Vec<f64> {
    let of = |report: &EpochReport| [report.train.map(|errors| errors.loss), report.test.map(|errors| errors.loss)];
    outcome.reports.iter().flat_map(|report| of(report).into_iter().flatten()).collect()
}

fn assert_same(one: &Outcome, other: &Outcome, what: &str) {
    assert_eq!(one.reports, other.reports, "{what}");
    assert_eq!(one.state, other.state, "{what}");
}

#[test]
fn a_kept_prefix_changes_no_bit_at_any_k_of_any_family() {
    for blueprint in families() {
        for frozen in 1..=blueprint.layers.len() {
            let case = case(&blueprint, frozen);
            let (plain, cached) = (case.alone(Settings::PLAIN), case.alone(CACHED));
            assert_eq!((plain.kept, cached.kept), (0, 3));
            let name = &blueprint.layers[frozen - 1].name;
            assert_same(&plain, &cached, &format!("frozen through `{name}`"));
        }
    }
}

#[test]
fn a_kept_prefix_changes_no_bit_in_other_layouts_and_precisions() {
    for blueprint in families() {
        for (precision, layout) in [
            (Precision::Fp32, Layout::ChannelsLast),
            (Precision::Bf16, Layout::ChannelsFirst),
            (Precision::Bf16, Layout::ChannelsLast),
        ] {
            let case = Case { norm: FrozenNorm::Target, ..case(&blueprint, blueprint.layers.len() / 2) };
            let settings = Settings { precision, layout, ..Settings::PLAIN };
            let plain = case.alone(settings);
            let cached = case.alone(Settings { cache: Switch::Auto, ..settings });
            assert_eq!(cached.kept, 3);
            assert_same(&plain, &cached, &format!("{precision:?}, {layout:?}"));
        }
    }
}

/// With crops the training sees other images in every epoch, and the evaluation the same.
#[test]
fn augmented_images_go_through_the_prefix_and_plain_ones_do_not() {
    let blueprint = &families()[0];
    let augmentation = Augmentation { crop_padding: 1, flip: true, ..Augmentation::default() };
    let case = Case { augmentation, ..case(blueprint, 3) };
    assert_same(&case.alone(Settings::PLAIN), &case.alone(CACHED), "crop and flip");
}

#[test]
fn batch_statistics_below_the_boundary_forbid_a_kept_prefix() {
    let blueprint = &families()[0];
    let case = Case { norm: FrozenNorm::Batch, ..case(blueprint, 3) };
    assert_eq!(case.alone(CACHED).kept, 0);
}

/// Phases of one process share a prefix where what it is made from is the same, and nowhere else.
#[test]
fn a_prefix_is_shared_by_what_it_is_made_from() {
    let blueprint = &families()[0];
    let mut shelf = Shelf::default();
    let first = case(blueprint, 3).run(CACHED, &mut shelf);
    let again = Case { epochs: 3, ..case(blueprint, 3) }.run(CACHED, &mut shelf);
    assert_eq!((first.kept, again.kept), (3, 3), "the same frozen layers, the same images");
    assert_eq!(first.reports[..3], again.reports[..3], "what is shared is what would be computed");
    let deeper = case(blueprint, 4).run(CACHED, &mut shelf);
    assert_eq!(deeper.kept, 6, "another boundary");
    let narrow = case(blueprint, 3).run(Settings { precision: Precision::Bf16, ..CACHED }, &mut shelf);
    assert_eq!(narrow.kept, 9, "another precision");
    let fitted = Case { norm: FrozenNorm::Target, ..case(blueprint, 3) }.run(CACHED, &mut shelf);
    assert_eq!(fitted.kept, 12, "other statistics");
}

#[test]
fn channels_last_gives_the_same_up_to_rounding() {
    for blueprint in families() {
        let case = case(&blueprint, 0);
        let plain = losses(&case.alone(Settings::PLAIN));
        let last = losses(&case.alone(Settings { layout: Layout::ChannelsLast, ..Settings::PLAIN }));
        for (one, other) in plain.iter().zip(&last) {
            assert!((one - other).abs() < 1e-4 * one, "{one} {other}");
        }
    }
}

/// bf16 keeps 8 bits: a loss may be off by a few of them, and the training still learns.
#[test]
fn bf16_gives_the_losses_within_two_percent() {
    for blueprint in families() {
        let case = case(&blueprint, 0);
        let plain = losses(&case.alone(Settings::PLAIN));
        for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
            let narrow = case.alone(Settings { precision: Precision::Bf16, layout, ..Settings::PLAIN });
            for (one, other) in plain.iter().zip(losses(&narrow)) {
                assert!((one - other).abs() < 0.02 * one, "{one} {other}");
            }
        }
    }
}
