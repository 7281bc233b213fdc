//! Device memory is the same after every epoch, as `describe` estimates, and zero at the end.

use serde_json::Value;

use super::{Run, count};
use crate::program::{Place, TINY};

/// Modes of computing: prefix cache, graphs, precision.
const MODES: [&[&str]; 4] = [
    &["compute.graph=off", "compute.cache=off", "precision=fp32"],
    &["compute.graph=off", "precision=bf16", "target.train.optimizer=sgd"],
    &["precision=bf16", "target.train.augment=[\"crop\", \"flip\"]"],
    &["precision=fp16", "checkpoint.every_epochs=1", "checkpoint.time_share=1.0"],
];

fn flat(epochs: usize) {
    for mode in MODES {
        let length = format!("target.train.epochs={epochs}");
        let outcome = Run::new(&Place::with(TINY), "runs", &[&["device=cuda", &length], mode].concat()).done();
        let reports = outcome.epochs(epochs + 1);
        // The last graph, for the smaller batch, is captured in the second epoch.
        for name in ["held", "peak"] {
            let [early, late] = [2, epochs].map(|epoch| count(&reports[epoch], 0, name));
            assert_eq!(early, late, "{name} after epochs 2 and {epochs}, {mode:?}");
        }
        assert_eq!(count(outcome.end(), 0, "held"), 0, "memory held at the end, {mode:?}");
    }
}

#[test]
fn memory_is_the_same_to_the_byte_after_every_epoch() {
    flat(25);
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn memory_is_the_same_to_the_byte_after_200_epochs() {
    flat(200);
}

/// Large enough that partially filled blocks of memory do not matter.
const LARGER: [&str; 3] = ["image_size=16", "target.train.epochs=1", "compute.graph=off"];

#[test]
fn describe_predicts_device_memory() {
    let families: [&[&str]; 3] = [
        &["network.architecture=preact-resnet18", "network.width=8"],
        &["network.architecture=densenet121", "network.growth=8", "network.blocks=[2, 4]"],
        &["network.architecture=vit-cifar", "network.width=64", "network.depth=2", "network.mlp_width=64"],
    ];
    let modes: [&[&str]; 3] = [
        &["transfer.frozen_layers=0", "target.train.augment=[\"crop\", \"flip\"]", "precision=fp32"],
        &["transfer.frozen_layers=2", "precision=fp32"],
        &["transfer.frozen_layers=all", "precision=bf16", "target.train.optimizer=sgd", "target.train.momentum=0.9"],
    ];
    for family in families {
        for mode in modes {
            let place = Place::with(&format!("[network]\n{}", &TINY[TINY.find("[target]").expect("a target")..]));
            let sets = [&LARGER[..], family, mode].concat();
            let held = {
                let outcome = Run::new(&place, "runs", &[&["device=cuda"], &sets[..]].concat()).done();
                count(&outcome.epochs(1)[0], 0, "held") as f64
            };
            let mut arguments = vec!["describe", "spec.toml", "--json"];
            arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
            let described: Value = serde_json::from_str(&place.freezewise(&arguments).stdout).expect("JSON");
            let parts = described["spec"]["resident_bytes"].as_object().expect("parts");
            let told: f64 = parts.values().map(|bytes| bytes.as_f64().expect("bytes")).sum();
            assert!((held / told - 1.0).abs() < 0.05, "{held} bytes held, {told} foretold: {sets:?}");
        }
    }
}
