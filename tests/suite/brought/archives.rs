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
fn an_archive_is_found_under_all_its_names() {
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
fn archives_with_another_layout_are_errors_with_a_hint() {
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
        (b"\x5d\0\0\x80\0\xff\xff", "an lzma file"),
        (b"\x04\x22\x4d\x18\x64\x70", "an lz4 file"),
        (b"x\x5e\xec\xc1", "a zlib stream"),
        (b"0707010000", "a cpio archive"),
        (b"\xde\xad\xbe\xef", "a damaged one, or another kind of file"),
    ] {
        place.write(&format!("data/{NAME}"), [start, &[7; 2000]].concat());
        let answer = stats(&place, "data");
        let told = format!("expected `data/{NAME}` to be a tar archive, found {kind}");
        assert!(answer.code == 1 && answer.stderr.contains(&told), "{}", answer.stderr);
    }
    // A second header with a checksum of other bytes, which no message quotes.
    let mut damaged = tar::Builder::new(Vec::new());
    for name in ["one", "two"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        damaged.append_data(&mut header, name, std::io::empty()).expect("packed");
    }
    let mut damaged = damaged.into_inner().expect("packed");
    damaged[512 + 148..512 + 156].fill(0xfe);
    place.write(&format!("data/{NAME}"), damaged);
    let answer = stats(&place, "data");
    let told = format!("the archive `data/{NAME}` is damaged: a header has no valid number\n");
    assert!(answer.code == 1 && answer.stderr.contains(&told), "{}", answer.stderr);
    // Packed twice.
    let mut twice = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    twice.write_all(b"\x1f\x8b\x08\0\0\0\0\0\0\0").expect("packed");
    place.write(&format!("data/{NAME}"), twice.finish().expect("packed"));
    let answer = stats(&place, "data");
    assert!(answer.stderr.contains("found a gzip file"), "{}", answer.stderr);
}

/// As from `tar -V label`, and from `tar -S` in the format of GNU.
#[test]
fn volume_labels_are_skipped_and_sparse_files_read() {
    let place = place();
    let bytes = |name: &str| std::fs::read(place.path("unpacked").join(FOLDER).join(name)).expect("a file");
    let expected = stats(&place, "unpacked");
    let mut archive = tar::Builder::new(std::fs::File::create(place.path("data").join(NAME)).expect("a file"));
    let mut label = tar::Header::new_gnu();
    label.set_entry_type(tar::EntryType::new(b'V'));
    label.as_old_mut().name[..5].copy_from_slice(b"label");
    // Unlike other headers, it has no size.
    label.as_old_mut().size.fill(0);
    label.set_cksum();
    archive.append(&label, std::io::empty()).expect("packed");
    let names = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
    for name in names.into_iter().chain(["test_batch.bin"]) {
        let path = format!("{FOLDER}/{name}");
        let bytes = bytes(name);
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_path(&path).expect("a name");
        header.set_size(bytes.len() as u64);
        let gnu = header.as_gnu_mut().expect("a header of GNU");
        // One part: all of it.
        let octal = |field: &mut [u8], number: usize| field.copy_from_slice(format!("{number:011o}\0").as_bytes());
        octal(&mut gnu.sparse[0].offset, 0);
        octal(&mut gnu.sparse[0].numbytes, bytes.len());
        octal(&mut gnu.realsize, bytes.len());
        header.set_cksum();
        archive.append(&header, bytes.as_slice()).expect("packed");
    }
    archive.finish().expect("packed");
    let found = stats(&place, "data");
    assert_eq!((found.code, found.stdout), (0, expected.stdout), "{}", found.stderr);
}

/// As from `tar -S --format=pax`, version 0.0.
#[test]
fn sparse_files_in_pax_format_say_how_to_pack_them() {
    let place = place();
    let mut archive = tar::Builder::new(std::fs::File::create(place.path("data").join(NAME)).expect("a file"));
    archive.append_pax_extensions([("GNU.sparse.size", b"30730000".as_slice())]).expect("packed");
    let name = format!("{FOLDER}/data_batch_1.bin");
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    archive.append_data(&mut header, name, std::io::empty()).expect("packed");
    archive.finish().expect("packed");
    let answer = stats(&place, "data");
    let told = format!("the archive `data/{NAME}` has sparse files, which are not read in pax format");
    assert!(answer.code == 1 && answer.stderr.contains(&told), "{}", answer.stderr);
    assert!(answer.stderr.contains("pack them without `-S`, or with `--format=gnu`"), "{}", answer.stderr);
}
