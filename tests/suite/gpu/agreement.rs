//! The same spec on the CPU, on CUDA operator by operator, and on CUDA as captured graphs.
//!
//! On the stand-in, which uses the CPU's kernels, a run on CUDA writes the same `metrics.csv` as on the CPU, byte for
//! byte, with and without graphs. Exceptions are transformers in bf16, where CUDA's autocast differs from the CPU's:
//! initial losses agree, and runs with and without graphs are identical. On a GPU the initial losses agree.

use super::covering::{Combination, covering, sample};
use super::{Gpu, Run};
use crate::arrays::{npy, npz};
use crate::program::{Place, metrics};

/// A small task with a source, so that frozen layers are not random.
const SPEC: &str = r#"
image_size = 8
device = "cpu"
channels = 3
[source]
dataset = "npz"
path = "own.npz"
split = "1/2"
[source.train]
epochs = 1
learning_rate = 1e-3
batch_size = 32
[target]
dataset = "npz"
path = "own.npz"
label_noise = 0.2
validation_size = 45
[target.train]
epochs = 3
learning_rate = 1e-3
batch_size = 40
[network]
[transfer]
[compute]
attention = "plain"
evaluation_batch = 500
"#;

type Option = &'static [&'static str];

const FAMILY: [Option; 4] = [
    &["network.architecture=preact-resnet18", "network.width=4"],
    &["network.architecture=resnet18", "network.width=4"],
    &["network.architecture=densenet121", "network.growth=4", "network.blocks=[2, 2]"],
    &[
        "network.architecture=vit-cifar",
        "network.width=8",
        "network.depth=2",
        "network.heads=2",
        "network.mlp_width=8",
        "network.dropout=0.5",
    ],
];
const VIT: usize = 3;
/// The number of frozen layers in the middle of each family.
const MIDDLE: [&str; 4] = ["4", "4", "3", "1"];
const K: [&str; 3] = ["0", "middle", "all"];
const OPTIMIZER: [Option; 4] = [
    &["target.train.optimizer=sgd"],
    &["target.train.optimizer=sgd", "target.train.momentum=0.9", "target.train.nesterov=true"],
    &["target.train.optimizer=adam"],
    &["target.train.optimizer=adamw", "target.train.schedule=cosine"],
];
const PRECISION: [Option; 2] = [&["precision=fp32"], &["precision=bf16"]];
const BF16: usize = 1;
const CACHE: [Option; 2] = [&["compute.cache=auto"], &["compute.cache=off"]];
const NORM: [Option; 3] =
    [&["transfer.frozen_norm=source"], &["transfer.frozen_norm=target"], &["transfer.frozen_norm=batch"]];
const AUGMENT: [Option; 3] = [
    &[],
    &["target.train.augment=[\"crop\", \"flip\"]"],
    &["target.train.augment=[\"resized-crop\", \"jitter\", \"cutout\"]", "target.train.cutout_size=3"],
];
/// Numbers of training examples, with batches of 40: less than a batch, one batch, and a smaller last batch.
const EXAMPLES: [usize; 5] = [1, 39, 40, 41, 100];
/// Whether the last feature maps have one pixel, so that a batch of one image has no batch statistics.
const ENDS_IN_PIXELS: [bool; 4] = [true, true, false, false];

/// Grey images of four classes, 200 for training and 60 for test. The class determines which half is bright.
fn arrays() -> Vec<(&'static str, Vec<u8>)> {
    let labels = |count: usize| (0..count).map(|image| (image % 4) as u8).collect::<Vec<u8>>();
    let pixel = |image: usize, at: usize| {
        let (row, column) = (at / 8, at % 8);
        let bright = [row < 4, column < 4, row >= 4, column >= 4][image % 4];
        (usize::from(bright) * 100 + (image * 37 + at * 59 + image * at) % 150) as u8
    };
    let images =
        |count: usize| (0..count).flat_map(|image| (0..64).map(move |at| pixel(image, at))).collect::<Vec<u8>>();
    let images = |count: usize| npy("|u1", &format!("({count}, 8, 8)"), &images(count));
    let labels = |count: usize| npy("|u1", &format!("({count},)"), &labels(count));
    vec![
        ("train_images.npy", images(200)),
        ("train_labels.npy", labels(200)),
        ("test_images.npy", images(60)),
        ("test_labels.npy", labels(60)),
    ]
}

const GRAPH: [&str; 2] = ["compute.graph=auto", "compute.graph=off"];
const LAYOUT: [Option; 2] = [&["compute.layout=channels_first"], &["compute.layout=channels_last"]];

/// Measures of a second network, whose captured evaluations must not be confused with the trained network's.
const MEASURES: [Option; 2] = [&[], &["evaluate.averaged_half_life=2", "evaluate.norms=true"]];

const OPTIONS: [usize; 11] = [
    FAMILY.len(),
    K.len(),
    OPTIMIZER.len(),
    PRECISION.len(),
    CACHE.len(),
    NORM.len(),
    AUGMENT.len(),
    EXAMPLES.len(),
    LAYOUT.len(),
    GRAPH.len(),
    MEASURES.len(),
];

fn overrides(combination: &Combination) -> Vec<String> {
    let [family, k, optimizer, precision, cache, norm, augment, examples, layout, _, measures] =
        <[usize; 11]>::try_from(combination.as_slice()).expect("one option a factor");
    let k = if K[k] == "middle" { MIDDLE[family] } else { K[k] };
    let parts = [
        FAMILY[family],
        OPTIMIZER[optimizer],
        PRECISION[precision],
        CACHE[cache],
        NORM[norm],
        AUGMENT[augment],
        LAYOUT[layout],
        MEASURES[measures],
    ];
    let sets = parts.into_iter().flatten().map(|&set| set.to_owned());
    let examples = match EXAMPLES[examples] {
        examples @ (1 | 41) if ENDS_IN_PIXELS[family] => examples + 1,
        examples => examples,
    };
    sets.chain([format!("transfer.frozen_layers={k}"), format!("target.train_size={examples}")]).collect()
}

/// Whether autocast uses the low precision for the same operations on the CPU and on CUDA.
fn same_autocast(combination: &Combination) -> bool {
    combination[3] != BF16 || combination[0] != VIT
}

fn agree(combination: &Combination) {
    let place = Place::with(SPEC);
    npz(&place.path("data/own.npz"), &arrays());
    let run = |out, device: &str, graph: &str| {
        let mut run = Run::new(&place, out, &[device, graph]);
        run.sets.extend(overrides(combination));
        run.done()
    };
    let graph = GRAPH[combination[9]];
    let what = format!("{} {graph}", overrides(combination).join(" "));
    let (cpu, cuda) = (run("cpu", "device=cpu", "compute.graph=off"), run("cuda", "device=cuda", graph));
    first_losses_agree(&cpu, &cuda, &what);
    if Gpu::here() == Gpu::StandIn && same_autocast(combination) {
        assert_eq!(cpu.metrics(), cuda.metrics(), "on the CPU and on CUDA: {what}");
        return;
    }
    let other = run("other", "device=cuda", GRAPH[1 - combination[9]]);
    first_losses_agree(&cpu, &other, &what);
    if Gpu::here() == Gpu::StandIn {
        assert_eq!(cuda.metrics(), other.metrics(), "captured and eager: {what}");
    }
}

/// Compares losses before the first step, before differences can accumulate.
fn first_losses_agree(one: &super::Outcome, other: &super::Outcome, what: &str) {
    let first = |outcome: &super::Outcome, name: &str| -> f64 {
        metrics(&outcome.directory)[0][name].parse().expect("a loss before the first step")
    };
    for name in ["train_loss", "test_loss"] {
        let (one, other) = (first(one, name), first(other, name));
        assert!((one - other).abs() <= 1e-2 * one, "{name} {one} and {other}: {what}");
    }
}

/// The first combinations cover most pairs: each was chosen for the most pairs that were missing.
const SHORT: usize = 12;

#[test]
fn cuda_matches_the_cpu_captured_or_not() {
    let set = covering(&OPTIONS);
    assert!(set.len() <= 30, "{} combinations, each with a run on the CPU and one on CUDA at least", set.len());
    set[..SHORT].iter().for_each(agree);
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn cuda_matches_the_cpu_for_every_pair_of_options() {
    covering(&OPTIONS)[SHORT..].iter().for_each(agree);
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn cuda_matches_the_cpu_in_300_combinations() {
    sample(&OPTIONS, 300).iter().for_each(agree);
}

/// A config with the synthetic data set, a narrow network and a short training.
fn cut(path: &std::path::Path) -> String {
    let text = std::fs::read_to_string(path).expect("a config");
    let mut spec: toml::Table = text.parse().expect("TOML");
    for phase in ["source", "target"] {
        let Some(task) = spec.get_mut(phase).and_then(toml::Value::as_table_mut) else { continue };
        // Keys that select parts of another data set.
        for key in ["path", "arrays", "classes", "labels", "split", "balanced"] {
            task.remove(key);
        }
        task.insert("dataset".into(), "synthetic".into());
        task.insert("train_size".into(), 60.into());
        task.remove("validation_size");
        let train = task.get_mut("train").and_then(toml::Value::as_table_mut).expect("a training");
        train.insert("epochs".into(), if phase == "source" { 1 } else { 2 }.into());
        train.insert("batch_size".into(), 40.into());
    }
    let network = spec.get_mut("network").and_then(toml::Value::as_table_mut).expect("a network");
    for (key, size) in [("width", 4), ("growth", 4), ("heads", 2)] {
        if network.contains_key(key) {
            network.insert(key.into(), size.into());
        }
    }
    spec.insert("image_size".into(), 8.into());
    let compute: toml::Table = "attention = \"plain\"\nevaluation_batch = 500".parse().expect("TOML");
    spec.insert("compute".into(), compute.into());
    spec.to_string()
}

#[test]
fn every_config_on_cuda_matches_the_cpu() {
    for entry in std::fs::read_dir("configs").expect("configs") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let place = Place::with(&cut(&path));
        let fp32 = |out, device| Run::new(&place, out, &["precision=fp32", device]).done();
        let (cpu, gpu) = (fp32("cpu", "device=cpu"), fp32("gpu", "device=cuda"));
        first_losses_agree(&cpu, &gpu, &path.display().to_string());
        if Gpu::here() == Gpu::StandIn {
            assert_eq!(cpu.metrics(), gpu.metrics(), "{}", path.display());
        }
    }
}
