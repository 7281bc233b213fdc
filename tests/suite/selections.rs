//! Which examples of a data set tasks select, and how classes are named, according to the files of runs.

use std::collections::BTreeSet;
use std::path::Path;

use image::ImageFormat;

use super::arrays::npy;
use super::formats::{picture, place, write_arrays};
use super::program::{Place, json};

/// Training images of each of the three classes.
const SIZES: [usize; 3] = [7, 9, 6];

/// Writes a data set with classes of these sizes, in alternating order.
fn write_unequal(place: &Place) {
    let longest = SIZES.into_iter().max().expect("sizes");
    let labels = (0..longest).flat_map(|at| (0..3u8).filter(move |&class| at < SIZES[usize::from(class)]));
    let labels: Vec<u8> = labels.collect();
    let pixels = |count: usize| -> Vec<u8> { (0..count * 64).map(|at| (at * at % 251) as u8).collect() };
    write_arrays(
        place,
        &[
            npy("|u1", "(22, 8, 8)", &pixels(22)),
            npy("|u1", "(22,)", &labels),
            npy("|u1", "(3, 8, 8)", &pixels(3)),
            npy("|u1", "(3,)", &[0, 1, 2]),
        ],
    );
}

/// The indices of the training images of a run in which every label is corrupted.
fn indices(run: &Path) -> BTreeSet<usize> {
    let mut reader = csv::Reader::from_path(run.join("corrupted.csv")).expect("corrupted.csv");
    reader.deserialize::<(usize, u16, u16)>().map(|row| row.expect("a row").0).collect()
}

#[test]
fn parts_of_tasks_with_other_classes_are_disjoint() {
    let keys = "path = \"own.npz\"\nlabel_noise = 1.0";
    let place = place("npz", keys);
    write_unequal(&place);
    let of = |overrides: &[&str]| indices(&place.run(overrides));
    let first = of(&["target.split=1/2"]);
    let second = of(&["target.split=2/2"]);
    assert!(first.is_disjoint(&second) && first.len() + second.len() == 22);
    // These classes have 9 and 6 of the 22 images.
    let few = ["target.classes=[1, 2]", "target.train.batch_size=5"];
    let [left, right] = ["1/2", "2/2"].map(|part| of(&[few[0], few[1], &format!("target.split={part}")]));
    assert!(left.is_subset(&first) && right.is_subset(&second), "{left:?} of {first:?}, {right:?} of {second:?}");
    assert_eq!(left.len() + right.len(), 15);
}

#[test]
fn impossible_selections_are_reported_before_data_is_read() {
    let place = place("npz", "path = \"own.npz\"");
    write_unequal(&place);
    let cases: [(&[&str], &str); 7] = [
        (&["target.train_size=0.0"], "a fraction of 0 of 22 training examples rounds to none"),
        (&["target.train_size=0.02"], "a fraction of 0.02 of 22 training examples rounds to none"),
        (&["target.split=1/22"], "class `1` has no training example in this part"),
        (&["target.validation_size=21"], "`validation_size = 21` holds out every training example of class"),
        (&["target.balanced=true"], "class `2` has 6 training examples, but a balanced draw of 22 needs 7"),
        (
            &["target.train_size=\"7 per class\""],
            "class `2` has 6 training examples, but a balanced draw of 21 needs 7",
        ),
        (&["target.split=1000/1000"], "the task has no training examples"),
    ];
    for (overrides, expected) in cases {
        let sets = overrides.iter().flat_map(|set| ["--set", set]);
        let arguments: Vec<&str> = ["check", "spec.toml"].into_iter().chain(sets).collect();
        let answer = place.freezewise(&arguments);
        assert!(answer.code == 2 && answer.stderr.contains(expected), "{overrides:?}: {}", answer.stderr);
    }
}

/// Writes twelve class folders `0` to `11`; returns the class of each training image, in the (textual) sorted order.
fn write_numbered(place: &Place) -> Vec<String> {
    let mut names: Vec<String> = (0..12).map(|class| class.to_string()).collect();
    names.sort();
    for (at, name) in names.iter().enumerate() {
        let image = picture(ImageFormat::Png, 8, 8, [20 * at as u8, 0, 9]);
        place.write(&format!("data/own/train/{name}/a.png"), &image);
        place.write(&format!("data/own/val/{name}/b.png"), &image);
    }
    names
}

#[test]
fn ambiguous_class_numbers_are_rejected_in_every_key() {
    let place = place("folder", "path = \"own\"");
    let names = write_numbered(&place);
    let refused = |overrides: &[&str], expected: &str| {
        let answer = place.try_run(overrides);
        assert!(answer.code != 0 && answer.stderr.contains(expected), "{overrides:?}: {}", answer.stderr);
    };
    // torchvision numbers the classes from 0 to 11 in the sorted order.
    let numbers: Vec<u8> = (0..12).collect();
    place.write("labels.npy", npy("|u1", "(12,)", &numbers));
    place.write("labels.txt", lines(&numbers, ToString::to_string));
    for file in ["labels.npy", "labels.txt"] {
        let cause = "is `2`, which is both the number of one class and the name or number of another";
        refused(&[&format!("target.label_file={file}")], cause);
    }
    refused(&["target.classes=[0, 10]"], "`10` is the number of one class and the name of another");
    refused(&["target.classes=[\"0-4\"]"], "`2` is the number of one class and the name of another");

    place.write("labels.txt", lines(&names, |name| format!("\"{name}\"")));
    let run = place.run(&["target.label_file=labels.txt"]);
    assert_eq!(json(&run.join("run.json"))["data"]["corrupted_examples"], 0);
    let run = place.run(&["target.classes=[\"10\", \"2\"]"]);
    assert_eq!(json(&run.join("run.json"))["data"]["classes"], serde_json::json!(["10", "2"]));
}

/// One line for each value.
fn lines<T>(values: &[T], line: impl Fn(&T) -> String) -> String {
    let lines: Vec<String> = values.iter().map(line).collect();
    lines.join("\n") + "\n"
}
