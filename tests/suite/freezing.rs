//! Frozen layers do not change by a bit, others do; and common mistakes of transfer code are absent.

use std::collections::BTreeMap;

use super::program::{Place, TINY, weights};

/// The layer of a tensor of a PreAct-ResNet18, starting at 1; the head is 10.
fn layer(path: &str) -> usize {
    let parts: Vec<&str> = path.split('.').collect();
    match parts[0] {
        "conv1" => 1,
        "fc" => 10,
        stage => {
            let stage: usize = stage.trim_start_matches("layer").parse().expect("a stage");
            2 * stage + parts[1].parse::<usize>().expect("a block")
        }
    }
}

/// For each tensor of a run, whether it is bit-identical to the source's.
fn kept(place: &Place, overrides: &[&str]) -> BTreeMap<String, bool> {
    let target = weights(&place.run(overrides));
    let source = place.source_weights();
    assert_eq!(source.len(), target.len());
    target.into_iter().map(|(path, tensor)| (path.clone(), source[&path] == tensor)).collect()
}

fn is_statistic(path: &str) -> bool {
    path.contains("running_")
}

#[test]
fn frozen_layers_are_bit_identical_and_the_others_change() {
    let place = Place::with(TINY);
    for k in [0, 1, 4, 8, 9] {
        for (path, kept) in kept(&place, &[&format!("transfer.frozen_layers={k}")]) {
            assert_eq!(kept, layer(&path) <= k, "{path} at k = {k}");
        }
    }
}

#[test]
fn frozen_norm_target_sets_statistics_and_nothing_else() {
    let place = Place::with(TINY);
    for (path, kept) in kept(&place, &["transfer.frozen_norm=target"]) {
        assert_eq!(kept, layer(&path) <= 4 && !is_statistic(&path), "{path}");
    }
    // The statistics depend only on the training images, not on how the other layers train.
    let one = weights(&place.run(&["transfer.frozen_norm=target"]));
    let other = weights(&place.run(&["transfer.frozen_norm=target", "target.train.learning_rate=1e-3"]));
    assert!(one.iter().all(|(path, tensor)| layer(path) > 4 || *tensor == other[path]));
}

#[test]
fn frozen_norm_batch_updates_statistics_and_nothing_else() {
    let place = Place::with(TINY);
    for (path, kept) in kept(&place, &["transfer.frozen_norm=batch"]) {
        assert_eq!(kept, layer(&path) <= 4 && !is_statistic(&path), "{path}");
    }
    let one = weights(&place.run(&["transfer.frozen_norm=batch"]));
    let other = weights(&place.run(&["transfer.frozen_norm=target"]));
    assert_ne!(one["layer1.0.bn1.running_mean"], other["layer1.0.bn1.running_mean"]);
}

#[test]
fn layers_above_k_start_from_unfrozen_init() {
    let place = Place::with(TINY);
    let start = |overrides: &[&str]| {
        let all = [&["target.train.learning_rate=0", "transfer.frozen_layers=4"], overrides].concat();
        weights(&place.run(&all))
    };
    let (from_source, random) = (start(&[]), start(&["transfer.unfrozen_init=random"]));
    let source = place.source_weights();
    for (path, tensor) in &source {
        // With a learning rate of 0 parameters do not change, but statistics follow the data.
        if is_statistic(path) || path.contains("bn") {
            continue;
        }
        assert_eq!(*tensor == from_source[path], layer(path) < 10, "{path}");
        assert_eq!(*tensor == random[path], layer(path) <= 4, "{path}");
    }
    assert_eq!(from_source["fc.weight"], random["fc.weight"], "the head starts the same");
}
