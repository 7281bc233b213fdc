//! Weights and arrays written by other programs: valid ones are accepted, invalid ones refused with their cause.

mod archives;
mod images;
mod numpy;
mod pth;
mod specs;
mod weights;

use freezewise::network::{NamedTensors, read_safetensors, write_safetensors};

use super::arrays::{npy, npz};
use super::formats::{place, says, write_arrays};
use super::program::{Place, TINY, json};

/// A place whose target starts from `w.safetensors`, and the weights of a source that fit it.
pub fn with_weights(rename: impl Fn(&str) -> Option<String>) -> (Place, NamedTensors) {
    let place = Place::with(TINY);
    place.run(&["target.train.epochs=1"]);
    let weights = place.source_weights();
    let (start, end) = (TINY.find("[source]").expect("a source"), TINY.find("[target]").expect("a target"));
    place.write("spec.toml", format!("{}[source]\nweights = \"w.safetensors\"\n{}", &TINY[..start], &TINY[end..]));
    let named: NamedTensors =
        weights.iter().filter_map(|(name, tensor)| Some((rename(name)?, tensor.shallow_clone()))).collect();
    write_safetensors(&place.path("w.safetensors"), &named, "test").expect("written");
    (place, weights)
}

/// Names as in a Lightning checkpoint of a compiled network, with another head.
#[test]
fn import_and_source_weights_take_the_same_files() {
    let rename = |name: &str| Some(format!("model._orig_mod.{}", name.replace("fc.", "fc.1.")));
    let (place, weights) = with_weights(rename);
    let import =
        ["weights", "import", "w.safetensors", "--architecture", "preact-resnet18", "--set", "network.width=2"];
    let answer = place.freezewise(&[&import[..], &["--out", "imported", "--json"]].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let report: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(report["classes"], serde_json::Value::Null);
    assert_eq!(report["left_out"], serde_json::json!(["fc.1.bias", "fc.1.weight"]));
    assert!(answer.stderr.contains("not part of the network: 2 tensors ignored: `fc.1.bias` and `fc.1.weight`"));
    let imported = read_safetensors(&place.path("imported")).expect("weights");
    let body: NamedTensors = weights.into_iter().filter(|(name, _)| !name.starts_with("fc.")).collect();
    assert_eq!(imported, body);
    let direct = std::fs::read(place.run(&[]).join("metrics.csv")).expect("rows");
    let again = place.run(&["source.weights=imported"]);
    assert_eq!(std::fs::read(again.join("metrics.csv")).expect("rows"), direct);
}

#[test]
fn weights_from_a_file_note_normalisation_once() {
    let (place, _) = with_weights(|name| Some(name.to_owned()));
    let told = "were trained with; set these with `target.normalisation = \"given\"`";
    let log = |overrides: &[&str]| std::fs::read_to_string(place.run(overrides).join("log.txt")).expect("a log");
    assert_eq!(log(&[]).matches(told).count(), 1);
    let given = [
        "target.normalisation=given",
        "target.normalisation_mean=[0.5, 0.5, 0.5]",
        "target.normalisation_deviation=[0.2, 0.2, 0.2]",
    ];
    assert_eq!(log(&given).matches(told).count(), 0);
}

/// Eight images of two classes to train on and four to test on, in the order of rows or of columns.
pub fn images(count: usize, columns_first: bool) -> Vec<u8> {
    let at = |index: usize, row: usize, column: usize| ((index * 90 + row * 10 + column) % 251) as u8;
    let all = |first: usize, second: usize, third: usize, level: &dyn Fn(usize, usize, usize) -> u8| {
        let mut bytes = Vec::new();
        for a in 0..first {
            for b in 0..second {
                bytes.extend((0..third).map(|c| level(a, b, c)));
            }
        }
        bytes
    };
    if columns_first { all(10, 9, count, &|column, row, index| at(index, row, column)) } else { all(count, 9, 10, &at) }
}

fn header(kind: &str, order: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{\"descr\" : \"{kind}\", \"fortran_order\": {order}, \"shape\" : {shape}}}");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0".as_slice(), &length, header.as_bytes(), bytes].concat()
}

/// Arrays as from MATLAB and R (column-major doubles, labels in a row), and big-endian ones with headers from Python 2.
#[test]
fn arrays_of_other_programs_match_numpy() {
    let place = place("npz", "path = \"own.npz\"");
    let checksum = |arrays: &[Vec<u8>; 4]| {
        write_arrays(&place, arrays);
        json(&place.run(&[]).join("run.json"))["data"]["checksum"].clone()
    };
    let labels = |count: usize| (0..count).map(|at| (at % 2) as u8).collect::<Vec<_>>();
    let numpy = [
        npy("|u1", "(8, 9, 10)", &images(8, false)),
        npy("|u1", "(8,)", &labels(8)),
        npy("|u1", "(4, 9, 10)", &images(4, false)),
        npy("|u1", "(4,)", &labels(4)),
    ];
    let doubles =
        |count| labels(count).into_iter().flat_map(|label| f64::from(label).to_le_bytes()).collect::<Vec<_>>();
    let matlab = [
        header("<u1", "True", "(8, 9, 10)", &images(8, true)),
        header("<f8", "True", "(1, 8)", &doubles(8)),
        header("<u1", "True", "(4, 9, 10)", &images(4, true)),
        header("<f8", "True", "(4, 1)", &doubles(4)),
    ];
    let big = |count| labels(count).into_iter().flat_map(|label| i32::from(label).to_be_bytes()).collect::<Vec<_>>();
    let python2 = [
        header(">u1", "False", "(8L, 9L, 10L)", &images(8, false)),
        header(">i4", "False", "(8L,)", &big(8)),
        header("|u1", "False", "(4L, 9L, 10L)", &images(4, false)),
        header(">i4", "False", "(4L,)", &big(4)),
    ];
    let expected = checksum(&numpy);
    assert_eq!((checksum(&matlab), checksum(&python2)), (expected.clone(), expected));
    // Labels that start at 1, as in MATLAB and R.
    let ones = |count| labels(count).into_iter().map(|label| label + 1).collect::<Vec<_>>();
    let [train, _, test, _] = numpy.clone();
    write_arrays(&place, &[train, npy("|u1", "(8,)", &ones(8)), test, npy("|u1", "(4,)", &ones(4))]);
    says(&place, &["no image has label 0, but labels go up to 2: number the classes from 0"]);
}

/// As in `MedMNIST`'s files.
#[test]
fn validation_arrays_are_used_where_named() {
    let place = place("npz", "path = \"own.npz\"");
    let file = |count: usize, name: &str| {
        let labels: Vec<u8> = (0..count).map(|at| (at % 2) as u8).collect();
        [
            (format!("{name}_images.npy"), npy("|u1", &format!("({count}, 9, 10)"), &images(count, false))),
            (format!("{name}_labels.npy"), npy("|u1", &format!("({count}, 1)"), &labels)),
        ]
    };
    let entries = [file(8, "train"), file(6, "val"), file(4, "test")].concat();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    npz(&place.path("data/own.npz"), &entries);
    let without = place.run(&[]);
    let log = std::fs::read_to_string(without.join("log.txt")).expect("a log");
    assert!(log.contains("own.npz: `val_images` is not used: name it in `arrays` to validate on it"), "{log}");
    let six = "target.arrays=[\"train_images\", \"train_labels\", \"test_images\", \"test_labels\", \"val_images\", \"val_labels\"]";
    let with = place.run(&[six]);
    let data = |run: &std::path::Path| json(&run.join("run.json"))["data"].clone();
    assert_eq!((&data(&with)["train_examples"], &data(&with)["validation_examples"]), (&8.into(), &6.into()));
    assert_eq!(data(&without)["validation_examples"], 0);
    let error = |run: &std::path::Path, column: &str| super::program::metrics(run)[1][column].clone();
    assert!((error(&with, "validation_error").parse::<f64>().expect("a number") * 6.0).fract().abs() < 1e-9);
    // They do not affect training and test.
    assert_eq!(error(&with, "test_loss"), error(&without, "test_loss"));
    // A file of labels is for the training examples alone.
    place.write("labels.txt", "0\n1\n".repeat(4));
    let labelled = place.run(&[six, "target.label_file=labels.txt"]);
    assert_eq!(
        (&data(&labelled)["corrupted_examples"], &data(&labelled)["validation_examples"]),
        (&0.into(), &6.into())
    );
    place.write("labels.txt", "0\n1\n".repeat(7));
    let longer = place.try_run(&[six, "target.label_file=labels.txt"]);
    let told = "it has 14 labels, but the full training set has 8 examples";
    assert!(longer.code == 1 && longer.stderr.contains(told), "{}", longer.stderr);
    let twice = place.freezewise(&["check", "spec.toml", "--set", six, "--set", "target.validation_size=2"]);
    assert!(
        twice.code == 2 && twice.stderr.contains("`validation_size` both choose validation images"),
        "{}",
        twice.stderr
    );
    let five = place.freezewise(&["check", "spec.toml", "--set", "target.arrays=[\"a\", \"b\", \"c\", \"d\", \"e\"]"]);
    assert!(five.code == 2 && five.stderr.contains("`arrays` must have four or six names"), "{}", five.stderr);
}
