//! Memory stays flat: what an epoch takes, it gives back.

use super::program::{Place, TINY};

#[test]
fn memory_is_flat_from_epoch_2_to_epoch_200() {
    flat(200);
}

#[test]
#[ignore = "takes minutes: scripts/check --full"]
fn memory_is_flat_from_epoch_2_to_epoch_2000() {
    flat(2000);
}

fn flat(epochs: usize) {
    let place = Place::with(TINY);
    let directory = place.run(&[&format!("target.train.epochs={epochs}"), "target.train.augment=[\"crop\", \"flip\"]"]);
    let mut reader = csv::Reader::from_path(directory.join("timing.csv")).expect("timing.csv");
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("rows");
    let peak = |epoch: usize| rows[epoch]["peak_memory_bytes"].parse::<f64>().expect("bytes");
    assert!(peak(epochs) <= 1.01 * peak(2), "{} bytes after epoch 2, {} at the end", peak(2), peak(epochs));
}
