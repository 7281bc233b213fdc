//! Arrays as people have them: what is wrong is named, and what to save instead.

use super::super::arrays::{npy, npz};
use super::super::formats::{place, says};
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
fn names_of_arrays_leave_no_doubt() {
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
    place.write("data/own.npz", b"PK\x03\x04 cut");
    says(&place, &["it is cut short, or not an `.npz` file"]);
}
