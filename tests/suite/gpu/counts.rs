//! Waits and uploads per epoch do not depend on the numbers of steps, layers and frozen layers. Steps and evaluations
//! are captured.

use super::{Outcome, Run, count};
use crate::program::{Place, TINY};

const DEVICE: [&str; 2] = ["device=cuda", "target.train.epochs=4"];

/// A count of the stand-in in the last epoch, when all graphs have been captured.
fn between(outcome: &Outcome, name: &str) -> i64 {
    let epochs = outcome.epochs(2);
    count(&epochs[1], 0, name) - count(&epochs[0], 0, name)
}

fn run(sets: &[&str]) -> Outcome {
    Run::new(&Place::with(TINY), "runs", &[&DEVICE[..], sets].concat()).done()
}

const MANY_STEPS: [&str; 2] = ["target.train_size=800", "target.train.batch_size=16"];
const CROP_AND_FLIP: &str = "target.train.augment=[\"crop\", \"flip\"]";
const ALL_OF_THEM: [&str; 2] =
    ["target.train.augment=[\"resized-crop\", \"flip\", \"jitter\", \"cutout\"]", "target.train.cutout_size=3"];
const SMALL_VIT: [&str; 5] = [
    "network.architecture=vit-cifar",
    "network.width=8",
    "network.heads=2",
    "network.mlp_width=8",
    "network.dropout=0.1",
];

/// Waits: one for the training, one for each evaluated split, and one for the predictions on the test split. Uploads:
/// the order, the learning rates, and the random numbers of augmentation.
#[test]
fn waits_and_uploads_happen_per_epoch_and_not_per_step() {
    let none = "transfer.frozen_layers=0";
    let all = "transfer.frozen_layers=all";
    let deep = "network.architecture=resnet34";
    for graph in ["compute.graph=auto", "compute.graph=off"] {
        let kinds: [(&[&str], i64); 6] = [
            (&[all], 2),
            (&MANY_STEPS, 2),
            (&[none, deep], 2),
            (&[CROP_AND_FLIP], 3),
            (&ALL_OF_THEM, 4),
            (&SMALL_VIT, 2),
        ];
        for (sets, uploads) in kinds {
            let outcome = run(&[&[graph], sets].concat());
            assert_eq!(between(&outcome, "waits"), 1 + 2 + 1, "{graph} {sets:?}");
            assert_eq!(between(&outcome, "uploads"), uploads, "{graph} {sets:?}");
            let bytes = between(&outcome, "uploaded_bytes");
            let examples = if sets == MANY_STEPS { 800 } else { 80 };
            assert!(bytes <= examples * 8 * 16, "{bytes} bytes, {graph} {sets:?}");
        }
    }
}

/// One more wait for validation examples, and two for a checkpoint, whatever its content.
#[test]
fn a_checkpoint_waits_twice_and_every_split_once() {
    for graph in ["compute.graph=auto", "compute.graph=off"] {
        let kept = [graph, "checkpoint.every_epochs=1", "checkpoint.time_share=1.0", "target.validation_size=20"];
        for network in ["network.architecture=resnet34", "transfer.frozen_layers=all"] {
            let waits = between(&run(&[&kept[..], &[network]].concat()), "waits");
            assert_eq!(waits, 1 + 3 + 1 + 2, "{graph}, {network}");
        }
    }
}

/// After one step of each batch size a graph is captured; evaluations of whole batches are captured too.
#[test]
fn steps_and_evaluations_are_captured_once_and_replayed() {
    let sets = ["target.train.epochs=8", "compute.evaluation_batch=40", "precision=fp32"];
    let outcome = run(&sets);
    let operators = |report: &serde_json::Value| -> i64 {
        report["devices"][0]["operators"]
            .as_object()
            .expect("names")
            .values()
            .map(|times| times.as_i64().expect("a number"))
            .sum()
    };
    let epochs = outcome.epochs(2);
    // 80 images: two batches of 32 and one of 16; two evaluation batches of training images and fifty of test images.
    assert_eq!(between(&outcome, "replays"), 3 + 2 + 50);
    assert_eq!(between(&outcome, "captures"), 0);
    let eager = run(&[&sets[..], &["compute.graph=off"]].concat());
    assert_eq!(between(&eager, "replays"), 0);
    let (few, many) = (operators(&epochs[1]) - operators(&epochs[0]), {
        let epochs = eager.epochs(2);
        operators(&epochs[1]) - operators(&epochs[0])
    });
    assert!(few < 40 && many > 1000, "{few} operators outside of graphs, {many} without graphs");
}
