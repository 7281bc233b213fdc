//! CIFAR in its original layouts, and errors about missing, short or damaged files.

use std::io::Write;
use std::path::Path;

use super::program::{Place, json};

const RECORD: usize = 3073;

const SPEC: &str = r#"
image_size = 8
[network]
width = 1
[target]
dataset = "cifar10"
train_size = 40
[target.train]
epochs = 1
batch_size = 20
"#;

/// A file of CIFAR-10 records: labels cycle through the classes, pixels depend on the label.
fn records(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count * RECORD];
    for (index, record) in bytes.chunks_exact_mut(RECORD).enumerate() {
        let label = (index % 10) as u8;
        record[0] = label;
        record[1..].fill(25 * label);
    }
    bytes
}

pub fn write_cifar10(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    let bytes = records(10_000);
    let names = (1..=5).map(|index| format!("data_batch_{index}.bin")).chain(["test_batch.bin".to_owned()]);
    for name in names {
        std::fs::write(folder.join(name), &bytes).expect("a file");
    }
    std::fs::write(folder.join("batches.meta.txt"), "airplane\nautomobile\nbird\n\n").expect("a file");
}

#[test]
fn folder_and_archive_are_the_same_data() {
    let place = Place::with(SPEC);
    write_cifar10(&place.path("data/cifar-10-batches-bin"));
    let unpacked = place.run(&[]);
    let classes = &json(&unpacked.join("run.json"))["data"]["classes"];
    assert_eq!((classes[0].as_str(), classes[9].as_str()), (Some("airplane"), Some("truck")));

    let archive = place.path("packed/cifar-10-binary.tar.gz");
    std::fs::create_dir_all(place.path("packed")).expect("a folder");
    let file = std::fs::File::create(&archive).expect("a file");
    let mut packer = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    packer.append_dir_all("cifar-10-batches-bin", place.path("data/cifar-10-batches-bin")).expect("packed");
    packer.into_inner().and_then(flate2::write::GzEncoder::finish).and_then(|mut file| file.flush()).expect("packed");
    let answer = place.freezewise(&["run", "spec.toml", "--quiet", "--out", "again", "--data", "packed"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let read = |folder: &Path| std::fs::read(folder.join("metrics.csv")).expect("metrics.csv");
    assert_eq!(read(&unpacked), read(&place.path(answer.stdout.trim())));

    // A truncated archive is reported as damaged.
    let bytes = std::fs::read(&archive).expect("the archive");
    std::fs::write(&archive, &bytes[..bytes.len() / 2]).expect("the archive");
    let answer = place.freezewise(&["run", "spec.toml", "--quiet", "--out", "cut", "--data", "packed"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("packed/cifar-10-binary.tar.gz"), "{}", answer.stderr);
    assert!(answer.stderr.contains("download https://www.cs.toronto.edu/~kriz/"), "{}", answer.stderr);
}

#[test]
fn changed_data_of_a_finished_run_is_an_error_and_missing_data_is_not() {
    let place = Place::with(SPEC);
    let folder = place.path("data/cifar-10-batches-bin");
    write_cifar10(&folder);
    place.run(&[]);
    let test = folder.join("test_batch.bin");
    let good = std::fs::read(&test).expect("a file");
    let mut other = good.clone();
    other[7 * RECORD + 1..8 * RECORD].fill(0);
    std::fs::write(&test, other).expect("a file");
    let answer = place.try_run(&[]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let told = "error: the data set `cifar10` has changed since `runs/spec/";
    assert!(answer.stderr.starts_with(told) && answer.stderr.contains("`--fresh`"), "{}", answer.stderr);
    assert!(place.try_run(&["target.train.epochs=2"]).code == 1, "a finished run is not extended with other data");
    std::fs::write(&test, good).expect("a file");
    for absent in [false, true] {
        if absent {
            std::fs::remove_dir_all(&folder).expect("gone");
        }
        let answer = place.freezewise(&["run", "spec.toml"]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert!(answer.stderr.contains("already finished"), "{}", answer.stderr);
    }
}

#[test]
fn missing_data_names_the_searched_folder_and_the_download_command() {
    let answer = Place::with(SPEC).try_run(&[]);
    assert_eq!(answer.code, 1);
    assert_eq!(
        answer.stderr,
        "error: CIFAR-10 is not in `data`: found neither `cifar-10-batches-bin/` nor `cifar-10-binary.tar.gz`\n  \
         download https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz (the binary version) to the data folder, \
         packed or unpacked\n  `freezewise data fetch cifar10` downloads it\n  set the data folder with `--data DIR` or FREEZEWISE_DATA\n"
    );
}

#[test]
fn truncated_overlong_and_damaged_files_are_named() {
    let place = Place::with(SPEC);
    let folder = place.path("data/cifar-10-batches-bin");
    write_cifar10(&folder);
    let second = folder.join("data_batch_2.bin");
    let good = std::fs::read(&second).expect("a file");
    let mut damaged = good.clone();
    damaged[3 * RECORD] = 77;
    let cases: [(Vec<u8>, &str); 3] = [
        (good[..good.len() - 1].to_vec(), "must have 30,730,000 bytes, found 30,729,999"),
        ([good.as_slice(), &[0]].concat(), "must have 30,730,000 bytes, found 30,730,001"),
        (damaged, "is damaged: record 3 has label 77, but the largest label is 9"),
    ];
    for (bytes, message) in cases {
        std::fs::write(&second, bytes).expect("a file");
        let answer = place.try_run(&[]);
        assert_eq!(answer.code, 1);
        let expected = format!("`data/cifar-10-batches-bin/data_batch_2.bin` {message}");
        assert!(answer.stderr.contains(&expected), "{}", answer.stderr);
    }
    std::fs::remove_file(&second).expect("removed");
    let answer = place.try_run(&[]);
    assert!(answer.stderr.contains("cannot read `data/cifar-10-batches-bin/data_batch_2.bin`"), "{}", answer.stderr);
}
