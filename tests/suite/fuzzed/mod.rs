//! Properties of readers on untrusted files. The fuzzers in `fuzz/` search for bytes that violate them; these tests
//! check the files that they found, and others, in `tests/corpus/`.

pub mod cache;
pub mod checkpoint;
pub mod cifar;
pub mod idx;
pub mod image;
pub mod labels;
pub mod metrics_csv;
pub mod npz;
pub mod spec;
pub mod tiny_imagenet;
pub mod unpacking;

use std::path::Path;

/// Checks every file of a corpus.
fn replay(corpus: &str, hold: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(corpus);
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{corpus} is empty");
    for file in files {
        let bytes = std::fs::read(&file).expect("a file");
        // A panic does not name the file.
        let outcome = std::panic::catch_unwind(|| hold(&bytes));
        assert!(outcome.is_ok(), "it does not hold for {}", file.display());
    }
}

#[test]
fn checkpoints() {
    replay("checkpoint", checkpoint::hold);
}

#[test]
fn metrics() {
    replay("metrics_csv", metrics_csv::hold);
}

#[test]
fn specs() {
    replay("spec", spec::hold);
}

#[test]
fn caches() {
    replay("cache", cache::hold);
}

#[test]
fn cifar_files() {
    replay("cifar", cifar::hold);
}

#[test]
fn idx_files() {
    replay("idx", idx::hold);
}

#[test]
fn images() {
    replay("image", image::hold);
}

#[test]
fn label_files() {
    replay("labels", labels::hold);
}

#[test]
fn arrays() {
    replay("npz", npz::hold);
}

#[test]
fn tiny_imagenet_tables() {
    replay("tiny_imagenet", tiny_imagenet::hold);
}

#[test]
fn unpacked_archives() {
    replay("unpacking", unpacking::hold);
}
