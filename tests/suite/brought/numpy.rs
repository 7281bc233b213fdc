//! Arrays as people have them: what is wrong is named, and what to save instead.

use std::io::Write;

use super::super::arrays::{npy, npz};
use super::super::formats::{place, says, write_arrays};
use super::super::program::{Place, json};
use super::images;

/// Writes arrays of eight images to train on and four to test on, of two classes, each changed by its kind.
fn write(place: &Place, names: [&str; 4], train: Vec<u8>, labels: Vec<u8>) {
    let plain: Vec<u8> = (0..4).map(|at| (at % 2) as u8).collect();
    let arrays = [train, labels, npy("|u1", "(4, 9, 10)", &images(4, false)), npy("|u1", "(4,)", &plain)];
    let named: Vec<String> = names.iter().map(|name| format!("{name}.npy")).collect();
    let entries: Vec<(&str, Vec<u8>)> = named.iter().map(String::as_str).zip(arrays).collect();
    npz(&place.path("data/own.npz"), &entries);
}

const USUAL: [&str; 4] = ["train_images", "train_labels", "test_images", "test_labels"];

fn good() -> Vec<u8> {
    npy("|u1", "(8, 9, 10)", &images(8, false))
}

fn labels() -> Vec<u8> {
    npy("|u1", "(8,)", &[0, 1, 0, 1, 0, 1, 0, 1])
}

#[test]
fn images_of_other_types_and_shapes_say_what_to_save() {
    let place = place("npz", "path = \"own.npz\"");
    for (kind, width, expected) in [
        ("<f4", 4, "then save `train_images.round().astype(\"uint8\")`: times 255 if they are 0 to 1"),
        (">f8", 8, "`(train_images + 1) * 127.5` if they are -1 to 1"),
        ("<i8", 8, "save `train_images.astype(\"uint8\")`"),
        ("<u2", 2, "save `train_images.astype(\"uint8\")`; up to 65535, `(train_images / 257).round()"),
        ("|b1", 1, "save `train_images.astype(\"uint8\") * 255`"),
        ("|O", 8, "object arrays are pickles, which are not read"),
    ] {
        write(&place, USUAL, npy(kind, "(8, 9, 10)", &vec![0; 720 * width]), labels());
        says(&place, &["expected images as `uint8`", expected]);
    }
    for (shape, expected) in [
        ("(8, 90)", "for flattened images, save `train_images.reshape(-1, height, width)`"),
        ("(9, 10, 3, 8)", "for images along the last axis, save `numpy.moveaxis(train_images, -1, 0)`"),
        ("(8, 9, 10, 4)", "for an alpha channel, save `train_images[..., :3]`"),
        ("(8, 3, 10, 3)", "the second or the last axis can be the channels"),
        ("(8, 1, 10, 1)", "the second or the last axis can be the channels"),
        ("(0, 9, 10)", "which is empty"),
    ] {
        write(&place, USUAL, npy("|u1", shape, &vec![0; 2880]), labels());
        says(&place, &[expected]);
    }
}

#[test]
fn labels_of_other_types_say_what_to_save() {
    let place = place("npz", "path = \"own.npz\"");
    for (array, expected) in [
        (
            npy("<f8", "(8, 2)", &[0; 128]),
            "for one-hot labels, with a single 1 in each row, save `train_labels.argmax(axis=1)`",
        ),
        (npy("<U3", "(8,)", &[0; 96]), "save `numpy.unique(train_labels, return_inverse=True)[1]`"),
        (npy("|u1", "(8,)", &[2; 8]), "class 0 has no training image"),
    ] {
        write(&place, USUAL, good(), array);
        says(&place, &[expected]);
    }
}

#[test]
fn ambiguous_array_names_are_errors() {
    let place = place("npz", "path = \"own.npz\"");
    let data = || json(&place.run(&[]).join("run.json"))["data"]["checksum"].clone();
    write(&place, USUAL, good(), labels());
    let expected = data();
    write(&place, ["X_train", "y_train", "X_test", "y_test"], good(), labels());
    assert_eq!(data(), expected);
    // Two data sets in one file.
    let both = [USUAL, ["x_train", "y_train", "x_test", "y_test"]].concat();
    let arrays = [good(), labels(), npy("|u1", "(4, 9, 10)", &images(4, false)), npy("|u1", "(4,)", &[0, 1, 0, 1])];
    let named: Vec<String> = both.iter().map(|name| format!("{name}.npy")).collect();
    let entries: Vec<(&str, Vec<u8>)> = named.iter().map(String::as_str).zip(arrays.iter().cycle().cloned()).collect();
    npz(&place.path("data/own.npz"), &entries);
    says(&place, &["and also `x_train`, `y_train`, `x_test` and `y_test`", "set `arrays` in the spec to the names"]);
    let chosen = "target.arrays=[x_train, y_train, x_test, y_test]";
    assert_eq!(json(&place.run(&[chosen]).join("run.json"))["data"]["checksum"], expected);
    // One of the given names is wrong.
    for (name, expected) in [
        ("x_tset", "it has no `x_tset`\n    it contains `train_images`"),
        ("x_test.npy", "write the name without `.npy`: `x_test`"),
    ] {
        let answer = place.try_run(&[&format!("target.arrays=[x_train, y_train, {name}, y_test]")]);
        assert!(answer.code == 1 && answer.stderr.contains(expected), "{}", answer.stderr);
    }
    npz(&place.path("data/own.npz"), &USUAL.map(|name| (name, vec![])));
    says(&place, &["rename `train_images` in the archive to `train_images.npy`"]);
    place.write("data/own.npz", b"PK\x03\x04 cut");
    says(&place, &["it is truncated, or not an `.npz` file"]);
}

#[test]
fn another_kind_of_file_is_named() {
    let place = place("npz", "path = \"own.npz\"");
    let packed = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).and_then(|()| packer.finish()).expect("packed")
    };
    let behind = |start: &[u8], length: usize, end: &[u8]| {
        let mut bytes = start.to_vec();
        bytes.resize(length, b' ');
        [&bytes, end].concat()
    };
    for (bytes, expected) in [
        (behind(b"MATLAB 7.3 MAT-file", 512, b"\x89HDF\r\n\x1a\n"), "a MATLAB 7.3 file"),
        (behind(b"MATLAB 5.0 MAT-file", 128, b""), "a MATLAB file"),
        (behind(b"a/b.png", 257, b"ustar\x0000"), "a tar archive"),
        (b"\x40\0\0\0\0\0\0\0{\"a\":{}}".to_vec(), "a safetensors file"),
        (b"RDX3\nX\n".to_vec(), "an R data file"),
        (packed(b"X\n\0\0\0\x03"), "a gzip file with an R data file in it"),
        (packed(b"anything"), "a gzip file"),
        (vec![], "an empty file"),
    ] {
        place.write("data/own.npz", bytes);
        says(&place, &[&format!("expected an `.npz` file, found {expected}\n"), "`numpy.savez_compressed`"]);
    }
    npz(&place.path("data/own.npz"), &[("own/data.pkl", vec![]), ("own/data/0", vec![])]);
    says(&place, &["expected an `.npz` file, found a PyTorch file"]);
}

/// The method and the flags of every entry are changed, in its own header and in the directory.
#[test]
fn compressions_of_other_programs_are_named() {
    let place = place("npz", "path = \"own.npz\"");
    write(&place, USUAL, good(), labels());
    let whole = std::fs::read(place.path("data/own.npz")).expect("a file");
    let changed = |method: u8, flag: u8| {
        let mut bytes = whole.clone();
        for at in 0..bytes.len() - 12 {
            let flags = match &whole[at..at + 4] {
                b"PK\x03\x04" => at + 6,
                b"PK\x01\x02" => at + 8,
                _ => continue,
            };
            bytes[flags] |= flag;
            bytes[flags + 2] = method;
        }
        bytes
    };
    for (method, flag, expected) in [
        (9, 0, "`train_images` is compressed by Deflate64, which is not supported"),
        (12, 0, "compressed by bzip2"),
        (14, 0, "compressed by LZMA"),
        (98, 0, "compressed by PPMd"),
        (77, 0, "compressed by an unknown method"),
        (8, 1, "`train_images` is encrypted\n    save it without a password"),
    ] {
        place.write("data/own.npz", changed(method, flag));
        says(&place, &[expected]);
    }
}

/// As in MATLAB and R: height, width, count.
#[test]
fn grey_images_along_the_last_axis_say_what_to_save() {
    let place = place("npz", "path = \"own.npz\"");
    let plain = npy("|u1", "(4,)", &[0, 1, 0, 1]);
    write_arrays(&place, &[npy("|u1", "(9, 10, 8)", &[0; 720]), labels(), npy("|u1", "(9, 10, 4)", &[0; 360]), plain]);
    says(&place, &["1×10×8, but its test images are 1×10×4", "save `numpy.moveaxis(train_images, -1, 0)`"]);
}
