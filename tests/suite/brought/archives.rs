//! Archives of CIFAR-10 that were packed or unpacked anew.

use std::io::Write;
use std::path::Path;

use super::super::data::write_cifar10;
use super::super::program::{Answer, Place};

const NAME: &str = "cifar-10-binary.tar.gz";
const FOLDER: &str = "cifar-10-batches-bin";

fn place() -> Place {
    let place = Place::with("[target]\ndataset = \"cifar10\"\ntrain_size = 100\n");
    write_cifar10(&place.path("unpacked").join(FOLDER));
    std::fs::create_dir(place.path("data")).expect("made");
    place
}

fn stats(place: &Place, folder: &str) -> Answer {
    place.freezewise(&["data", "stats", "spec.toml", "--data", folder])
}

/// Packs the unpacked files under a folder of another name.
fn pack(place: &Place, name: &str, inside: &str) {
    let file = std::fs::File::create(place.path("data").join(name)).expect("a file");
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    archive.append_dir_all(inside, place.path("unpacked").join(FOLDER)).expect("packed");
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("packed");
}

fn remove(path: &Path) {
    if path.is_dir() {
        std::fs::remove_dir_all(path).expect("removed");
    } else {
        std::fs::remove_file(path).expect("removed");
    }
}

#[test]
fn an_archive_is_found_under_the_names_that_it_has() {
    let place = place();
    let expected = stats(&place, "unpacked");
    assert_eq!(expected.code, 0, "{}", expected.stderr);
    pack(&place, NAME, FOLDER);
    for name in ["cifar-10-binary.tgz", "cifar-10-binary.tar", NAME] {
        std::fs::rename(place.path("data").join(NAME), place.path("data").join(name)).expect("renamed");
        let found = stats(&place, "data");
        assert_eq!((found.code, &found.stdout), (0, &expected.stdout), "{name}: {}", found.stderr);
        std::fs::rename(place.path("data").join(name), place.path("data").join(NAME)).expect("renamed");
    }
    // A folder that an interrupted extraction left empty.
    std::fs::create_dir(place.path("data").join(FOLDER)).expect("made");
    let found = stats(&place, "data");
    assert_eq!((found.code, &found.stdout), (0, &expected.stdout), "{}", found.stderr);
    remove(&place.path("data").join(FOLDER));
    // As a browser names a second download.
    std::fs::rename(place.path("data").join(NAME), place.path("data/cifar-10-binary (1).tar.gz")).expect("renamed");
    let told = stats(&place, "data");
    let hint = "`cifar-10-binary (1).tar.gz` is there: rename it to `cifar-10-binary.tar.gz`";
    assert!(told.code == 1 && told.stderr.contains(hint), "{}", told.stderr);
    // Another compression.
    let other = place.path("data/cifar-10-binary.tar.xz");
    std::fs::rename(place.path("data/cifar-10-binary (1).tar.gz"), &other).expect("renamed");
    let told = stats(&place, "data");
    let hint = format!("`cifar-10-binary.tar.xz` is there: unpack it to `{FOLDER}/`");
    assert!(told.code == 1 && told.stderr.contains(&hint), "{}", told.stderr);
    // As programs of Windows extract it.
    remove(&other);
    std::fs::create_dir(place.path("data/cifar-10-binary")).expect("made");
    std::fs::rename(place.path("unpacked").join(FOLDER), place.path("data/cifar-10-binary").join(FOLDER))
        .expect("moved");
    let told = stats(&place, "data");
    assert!(told.stderr.contains("it is in `data/cifar-10-binary`: set that folder with `--data`"), "{}", told.stderr);
    std::fs::rename(place.path("data/cifar-10-binary"), place.path("data").join(FOLDER)).expect("renamed");
    let told = stats(&place, "data");
    assert!(told.stderr.contains("move them up"), "{}", told.stderr);
}

#[test]
fn an_archive_that_was_packed_otherwise_says_how() {
    let place = place();
    for (inside, hint) in [("deeper/cifar-10-batches-bin", "it has `deeper/cifar-10-batches-bin/"), ("", "_batch")] {
        pack(&place, NAME, inside);
        let answer = stats(&place, "data");
        assert!(answer.code == 1 && answer.stderr.contains(hint), "{}", answer.stderr);
        assert!(answer.stderr.contains("`: pack the folder itself"), "{}", answer.stderr);
    }
    for (start, kind) in [
        (&b"\xfd7zXZ\0\0\x04"[..], "an xz file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"BZh91AY&SY", "a bzip2 file"),
        (b"PK\x03\x04", "a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html>", "a web page"),
    ] {
        place.write(&format!("data/{NAME}"), [start, &[7; 2000]].concat());
        let answer = stats(&place, "data");
        let told = format!("expected `data/{NAME}` to be a tar archive, found {kind}");
        assert!(answer.code == 1 && answer.stderr.contains(&told), "{}", answer.stderr);
    }
    // Packed twice.
    let mut twice = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    twice.write_all(b"\x1f\x8b\x08\0\0\0\0\0\0\0").expect("packed");
    place.write(&format!("data/{NAME}"), twice.finish().expect("packed"));
    let answer = stats(&place, "data");
    assert!(answer.stderr.contains("found a gzip file"), "{}", answer.stderr);
}
