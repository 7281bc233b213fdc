//! The prefix cache holds all splits or none.

use super::{Outcome, Run, count};
use crate::arrays::{npy, npz};
use crate::program::Place;

const TRAIN: usize = 800;
const TEST: usize = 200;

/// Two evaluation batches of test images and eight of training images. Memory within a layer far exceeds its output.
const SPEC: &str = r#"
image_size = 16
channels = 3
device = "cuda"
precision = "fp32"
[network]
architecture = "vit-cifar"
width = 8
depth = 2
heads = 2
mlp_width = 128
[target]
dataset = "npz"
path = "own.npz"
[target.train]
epochs = 2
learning_rate = 1e-2
batch_size = 10
[compute]
evaluation_batch = 100
graph = "off"
cache = "off"
[transfer]
frozen_layers = 2
"#;

fn place() -> Place {
    let place = Place::with(SPEC);
    let images = |count: usize| {
        let pixels = (0..count * 256).map(|at| (at * 37 % 251) as u8).collect::<Vec<u8>>();
        npy("|u1", &format!("({count}, 16, 16)"), &pixels)
    };
    let labels = |count: usize| {
        npy("|u1", &format!("({count},)"), &(0..count).map(|image| (image % 4) as u8).collect::<Vec<u8>>())
    };
    let entries = [
        ("train_images.npy", images(TRAIN)),
        ("train_labels.npy", labels(TRAIN)),
        ("test_images.npy", images(TEST)),
        ("test_labels.npy", labels(TEST)),
    ];
    npz(&place.path("data/own.npz"), &entries);
    place
}

/// Bytes held after the last two epochs.
fn held(outcome: &Outcome) -> Vec<i64> {
    outcome.epochs(2).iter().map(|report| count(report, 0, "held")).collect()
}

/// The cache of the training images fits, but not that of the test images.
#[test]
fn a_prefix_cache_that_does_not_fit_one_split_is_off_for_all() {
    let place = place();
    let off = Run::new(&place, "off", &[]).done();
    let kept = Run::new(&place, "kept", &["compute.cache=auto"]).done();
    let all = held(&kept)[0] - held(&off)[0];
    let train = all * TRAIN as i64 / (TRAIN + TEST) as i64;
    let peak = count(off.end(), 0, "peak");
    assert!(peak - held(&off)[0] > all, "an evaluation needs more memory than the cache, so that caching is tried");
    // In the middle of what the training images and all images need: the peak varies by some kilobytes under load.
    let limit = format!("memory={}", peak + train);
    let tried = Run::new(&place, "tried", &["compute.cache=auto"]).with(&limit).done();
    let log = std::fs::read_to_string(tried.directory.join("log.txt")).expect("log.txt");
    assert!(log.contains("prefix cache off: memory ran out while"), "{log}");
    assert_eq!(held(&tried), held(&off), "memory is that of `cache = \"off\"`");
    assert_eq!(tried.metrics(), off.metrics());
}
