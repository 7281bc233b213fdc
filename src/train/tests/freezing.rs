//! Frozen layers stay bit-identical and get no gradients: in every family, at every k, for any set of layers.

use tch::{Device, Kind};

use crate::blueprint::{Architecture, Blueprint, FrozenSet, Granularity, Resnet, ResnetDepth, Role, Stem};
use crate::network::{Flow, Mode, NamedTensors, Network};
use crate::spec::{self, Budget, EvaluationSchedule, FrozenNorm, Seeds, Training};
use crate::train::measure::norm_statistics::fit_frozen_statistics;
use crate::train::tests::testing::{Listener, SHAPE, alone, families, split};
use crate::train::{Phase, Settings};

/// The state before and after three steps.
fn train(network: &Network, frozen: &FrozenSet, frozen_norm: FrozenNorm, dropout: u64) -> [NamedTensors; 2] {
    let _alone = alone();
    let before = network.state();
    let training = Training::plain(
        Budget::Epochs(3),
        6,
        spec::Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.1 },
        0.01,
    );
    let seeds = Seeds { initial: 0, subset: 0, noise: 0, order: 0, augment: 0, dropout };
    let (train, test, evaluation) = (split(6, Kind::Float), split(6, Kind::Float), EvaluationSchedule::Every(1).into());
    let settings = Settings::PLAIN;
    let phase = Phase {
        network,
        train,
        test,
        validation: None,
        training: &training,
        seeds,
        frozen,
        frozen_norm,
        evaluation,
        settings,
    };
    phase.run(None, &mut Listener::default()).expect("the losses are finite");
    [before, network.state()]
}

fn check(blueprint: &Blueprint, frozen: &FrozenSet, norm: FrozenNorm) {
    let network = Network::new(blueprint, Device::Cpu, Kind::Float, 1);
    let [before, after] = train(&network, frozen, norm, 0);
    for named in network.tensors() {
        let same = before[named.path] == after[named.path];
        let trains = !frozen.has(named.layer);
        let moves = trains || (norm == FrozenNorm::Batch && named.role == Role::Statistic);
        assert_eq!(same, !moves, "`{}`, {frozen:?}, {norm:?}", named.path);
        assert_eq!(named.tensor.requires_grad(), trains && named.role == Role::Parameter, "`{}`", named.path);
    }
}

#[test]
fn frozen_layers_do_not_change_at_any_k_of_any_family() {
    for blueprint in families() {
        let layers = blueprint.layers.len();
        for k in 0..=layers {
            check(&blueprint, &FrozenSet::first(k, layers), FrozenNorm::Source);
        }
        check(&blueprint, &FrozenSet::first(layers / 2, layers), FrozenNorm::Batch);
    }
}

#[test]
fn any_set_of_frozen_layers_does_not_change() {
    for blueprint in families() {
        let names: Vec<&str> = blueprint.layers.iter().map(|layer| layer.name.as_str()).collect();
        let patterns = [names[0].to_owned(), names[names.len() - 2].to_owned()];
        let frozen = FrozenSet::matching(&patterns, &names).expect("these are names of layers");
        check(&blueprint, &frozen, FrozenNorm::Source);
        check(&blueprint, &frozen, FrozenNorm::Batch);
    }
}

/// Every frozen batch norm gets statistics of its input, including those on shortcuts.
#[test]
fn every_frozen_norm_gets_statistics() {
    for blueprint in families() {
        let network = Network::new(&blueprint, Device::Cpu, Kind::Double, 1);
        let half = FrozenSet::first(blueprint.layers.len() / 2, blueprint.layers.len());
        fit_frozen_statistics(&network, &half, &split(6, Kind::Double), 4, &mut || false).expect("nothing stops it");
        for named in network.tensors().filter(|named| named.path.ends_with("running_mean")) {
            let untouched = named.tensor.abs().max().double_value(&[]) == 0.0;
            assert_eq!(untouched, !half.has(named.layer), "`{}`", named.path);
        }
    }
}

/// A norm on a shortcut is fitted to the shortcut's input: with the whole split as one batch, its fitted mean is the batch
/// mean there, of which one update adds a tenth to the running mean.
#[test]
fn a_norm_on_a_shortcut_is_fitted_to_the_shortcut() {
    let resnet = Resnet { depth: ResnetDepth::Eighteen, width: 2, stem: Stem::Cifar };
    let blueprint = Blueprint::new(&Architecture::Resnet(resnet), Granularity::Block, SHAPE, 2).expect("it fits");
    let [fitted, seen] = [1, 1].map(|seed| Network::new(&blueprint, Device::Cpu, Kind::Double, seed));
    let frozen = FrozenSet::first(4, blueprint.layers.len());
    let split = split(6, Kind::Double);
    fit_frozen_statistics(&fitted, &frozen, &split, 4, &mut || false).expect("nothing stops it");
    // Norms before it use the fitted statistics, this one the batch's.
    let state = fitted.state();
    seen.load(&state, |layer| layer < 3).expect("the networks are alike");
    let flow = seen.run(0, 3, Flow::new(split.stretch(0, 6)), Mode::Evaluate);
    let _ = seen.run(3, 4, flow, Mode::BatchStatistics);
    let name = "layer2.0.downsample.1.running_mean";
    let difference = (&seen.state()[name] * 10.0 - &state[name]).abs().max().double_value(&[]);
    assert!(difference < 1e-12, "{difference}");
}

/// Dropout depends only on its seed and the step, and is off when all layers are frozen.
#[test]
fn dropout_follows_its_seed_and_stops_in_frozen_layers() {
    let vit = families().pop().expect("the last family is the vision transformer");
    let layers = vit.layers.len();
    let end = |frozen: usize, norm, seed| {
        let network = Network::new(&vit, Device::Cpu, Kind::Float, 1);
        let [_, after] = train(&network, &FrozenSet::first(frozen, layers), norm, seed);
        after["heads.head.weight"].shallow_clone()
    };
    assert_eq!(end(0, FrozenNorm::Source, 1), end(0, FrozenNorm::Source, 1));
    assert_ne!(end(0, FrozenNorm::Source, 1), end(0, FrozenNorm::Source, 2));
    for norm in [FrozenNorm::Source, FrozenNorm::Batch] {
        assert_eq!(end(layers, norm, 1), end(layers, norm, 2));
    }
}
