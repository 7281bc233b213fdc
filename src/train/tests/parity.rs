//! Compares every family with PyTorch on the same weights, images and labels (`scripts/reference/make_fixtures.py`):
//! outputs, gradients, running statistics and the losses of a training.

use std::path::Path;

use tch::{Device, Kind, Reduction, Tensor};

use crate::blueprint::{
    Architecture, Blueprint, Densenet, Granularity, ImageShape, Pooling, PreactResnet18, Resnet, ResnetDepth,
};
use crate::blueprint::{Role, Stem, Vit};
use crate::network::{Mode, NamedTensors, Network, read_safetensors};
use crate::spec;
use crate::train::Optimizer;

const CLASSES: usize = 4;
const BATCHES: usize = 5;

/// A fixture, and the blueprint of its network.
struct Fixture {
    name: &'static str,
    tensors: NamedTensors,
    blueprint: Blueprint,
}

fn fixtures() -> Vec<Fixture> {
    let resnet = |depth, width, stem| Architecture::Resnet(Resnet { depth, width, stem });
    let densenet = |blocks: &[usize], growth, stem| {
        Architecture::Densenet(Densenet { blocks: blocks.to_vec(), growth, compression: 0.5, stem })
    };
    let vit = Vit { patch: 4, width: 8, depth: 2, heads: 2, mlp_width: 12, dropout: 0.0, pooling: Pooling::ClassToken };
    let networks = [
        ("preact-resnet18", Architecture::PreactResnet18(PreactResnet18 { width: 2 })),
        ("resnet18", resnet(ResnetDepth::Eighteen, 2, Stem::Imagenet)),
        ("resnet50", resnet(ResnetDepth::Fifty, 2, Stem::Cifar)),
        ("densenet", densenet(&[2, 3], 3, Stem::Imagenet)),
        ("densenet-cifar", densenet(&[1, 2], 2, Stem::Cifar)),
        ("vit", Architecture::Vit(vit)),
    ];
    networks.into_iter().map(|(name, architecture)| Fixture::read(name, &architecture)).collect()
}

impl Fixture {
    fn read(name: &'static str, architecture: &Architecture) -> Self {
        let path = format!("tests/fixtures/{name}.safetensors");
        let tensors = read_safetensors(Path::new(&path)).expect("the fixture is committed");
        let side = tensors["input"].size()[2] as usize;
        let input = ImageShape { channels: 3, height: side, width: side };
        let blueprint = Blueprint::new(architecture, Granularity::Sublayer, input, CLASSES).expect("it fits");
        Self { name, tensors, blueprint }
    }

    /// The network with all of the fixture's weights.
    fn network(&self, kind: Kind) -> Network {
        let network = Network::new(&self.blueprint, Device::Cpu, kind, 0);
        let weights = self.part("weights.");
        let loaded = network.load(&weights, |_| true).expect("the names and shapes are PyTorch's");
        assert_eq!(loaded.matched.len(), weights.len(), "{}", self.name);
        for named in network.tensors() {
            let _ = named.tensor.set_requires_grad(named.role == Role::Parameter);
        }
        network
    }

    fn part(&self, prefix: &str) -> NamedTensors {
        let named = self.tensors.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)));
        named.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect()
    }

    fn batch(&self, step: usize, kind: Kind) -> (Tensor, Tensor) {
        let batch = |name: &str| self.tensors[name].get((step % BATCHES) as i64);
        (batch("batches.input").to_kind(kind), batch("batches.labels"))
    }

    /// The loss before each of `steps`.
    fn losses(&self, rule: spec::Optimizer, rate: f64, steps: usize, kind: Kind) -> Vec<f64> {
        let network = self.network(kind);
        let parameters = network.tensors().filter(|named| named.role == Role::Parameter);
        let mut optimizer = Optimizer::new(rule, parameters.map(|named| named.tensor.shallow_clone()).collect());
        let step = |step| {
            let (input, labels) = self.batch(step, kind);
            let loss = loss(&network.logits(input, Mode::Train), &labels);
            let gradients = Tensor::run_backward(&[&loss], optimizer.parameters(), false, false);
            optimizer.step(&gradients, &Tensor::from(rate), None).expect("the kernels fit the tensors");
            loss.double_value(&[])
        };
        (0..steps).map(step).collect()
    }

    fn expected_losses(&self, name: &str) -> Vec<f64> {
        Vec::<f64>::try_from(&self.tensors[&format!("losses.{name}")]).expect("losses are a vector of doubles")
    }

    /// Compares outputs, gradients and running statistics of one batch, relative to the largest number of each tensor.
    fn check_one_batch(&self, kind: Kind, forward: f64, gradients: f64) {
        let network = self.network(kind);
        let input = self.tensors["input"].to_kind(kind);
        // A gradient that almost cancels has the rounding error of its summands.
        let steepest = self.part("gradient.").values().map(largest).fold(0.0, f64::max);
        let at_most = |limit: f64, name: &str, found: &Tensor| {
            let least = if name.starts_with("gradient") { steepest / 100.0 } else { 0.0 };
            let difference = relative(found, &self.tensors[name], least);
            assert!(difference <= limit, "{}, {kind:?}, `{name}`: {difference}", self.name);
        };
        at_most(forward, "eval.logits", &network.logits(input.shallow_clone(), Mode::Evaluate));
        let logits = network.logits(input.shallow_clone(), Mode::Train);
        at_most(forward, "train.logits", &logits);
        let loss = loss(&logits, &self.tensors["labels"]);
        at_most(forward, "train.loss", &loss);
        let statistics = |count: usize| {
            for named in network.tensors().filter(|named| named.role == Role::Statistic) {
                at_most(forward, &format!("statistics{count}.{}", named.path), named.tensor);
            }
        };
        statistics(1);
        let parameters: Vec<_> = network.tensors().filter(|named| named.role == Role::Parameter).collect();
        let found = Tensor::run_backward(
            &[&loss],
            &parameters.iter().map(|named| named.tensor).collect::<Vec<_>>(),
            false,
            false,
        );
        assert_eq!(parameters.len(), self.part("gradient.").len());
        for (named, gradient) in parameters.iter().zip(&found) {
            at_most(gradients, &format!("gradient.{}", named.path), gradient);
        }
        let _ = network.logits(input, Mode::Train);
        statistics(2);
    }
}

fn loss(logits: &Tensor, labels: &Tensor) -> Tensor {
    logits.cross_entropy_loss::<Tensor>(labels, None, Reduction::Mean, -100, 0.0)
}

/// The largest difference, relative to the largest expected number or `least`, whichever is larger.
fn relative(found: &Tensor, expected: &Tensor, least: f64) -> f64 {
    let expected = expected.to_kind(Kind::Double);
    assert_eq!(found.size(), expected.size());
    largest(&(found.detach().to_kind(Kind::Double) - &expected)) / largest(&expected).max(least)
}

fn largest(tensor: &Tensor) -> f64 {
    tensor.abs().max().double_value(&[])
}

#[test]
fn every_family_matches_pytorch_in_float64() {
    for fixture in fixtures() {
        fixture.check_one_batch(Kind::Double, 1e-9, 1e-9);
    }
}

#[test]
fn every_family_matches_pytorch_in_float32() {
    for fixture in fixtures() {
        fixture.check_one_batch(Kind::Float, 1e-5, 1e-4);
    }
}

/// SGD with momentum and Adam: a hundred steps in double, and three in float, where rounding errors grow quickly.
#[test]
fn every_family_trains_as_in_pytorch() {
    let sgd = spec::Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 5e-4 };
    let adam = spec::Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false };
    for fixture in fixtures() {
        for (name, rule, rate) in [("sgd", sgd, 1e-3), ("adam", adam, 1e-4)] {
            let expected = fixture.expected_losses(name);
            for (kind, steps, limit) in [(Kind::Double, 100, 1e-9), (Kind::Float, 3, 1e-3)] {
                let found = fixture.losses(rule, rate, steps, kind);
                for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let difference = (found - expected).abs();
                    assert!(difference <= limit, "{}, {name}, {kind:?}, step {step}: {difference}", fixture.name);
                }
            }
        }
    }
}
