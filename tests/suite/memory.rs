//! Memory stays flat: what an epoch takes, it gives back.

use super::program::{Place, TINY};

#[test]
fn memory_is_flat_from_epoch_2_to_epoch_200() {
    let place = Place::with(TINY);
    let directory = place.run(&["target.train.epochs=200", "target.train.augment=[\"crop\", \"flip\"]"]);
    let mut reader = csv::Reader::from_path(directory.join("timing.csv")).expect("timing.csv");
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("rows");
    let peak = |epoch: usize| rows[epoch]["peak_memory_bytes"].parse::<f64>().expect("bytes");
    assert!(peak(200) <= 1.01 * peak(2), "{} bytes after epoch 2, {} after epoch 200", peak(2), peak(200));
}
