//! Small generated data sets in every format: how runs read them, and errors about damaged, incomplete or hostile ones.

use std::io::Write;

use image::{DynamicImage, ImageFormat, RgbImage};

use super::arrays::{npy, npz};
use super::program::{Answer, Place, json};

/// A target of one epoch on a data set in `data/`.
fn spec(dataset: &str, keys: &str) -> String {
    format!(
        "image_size = 8\n[network]\nwidth = 1\n[target]\ndataset = \"{dataset}\"\n{keys}\n[target.train]\nepochs = 1\n\
         batch_size = 4\nlearning_rate = 0.01\n"
    )
}

pub fn place(dataset: &str, keys: &str) -> Place {
    Place::with(&spec(dataset, keys))
}

fn refused(place: &Place) -> Answer {
    let answer = place.try_run(&[]);
    assert_ne!(answer.code, 0, "{}", answer.stderr);
    // Unreadable data is not an error of the spec, whatever its format.
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(
        ["error: ", "spec.toml:"].iter().any(|start| answer.stderr.lines().any(|line| line.starts_with(start))),
        "{}",
        answer.stderr
    );
    answer
}

pub fn says(place: &Place, expected: &[&str]) {
    let answer = refused(place);
    for part in expected {
        assert!(answer.stderr.contains(part), "`{part}` is not in:\n{}", answer.stderr);
    }
}

/// A single-colour image file.
pub fn picture(format: ImageFormat, height: u32, width: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, image::Rgb(colour)));
    image.write_to(&mut bytes, format).expect("an image");
    bytes.into_inner()
}

/// Eight training and four test images of 9 × 10 pixels, in two classes.
fn arrays(names: [&'static str; 4], channels: &str) -> Vec<(String, Vec<u8>)> {
    let size = 90 * if channels.is_empty() { 1 } else { 3 };
    let images = |count: usize| -> Vec<u8> { (0..count * size).map(|at| (at % 251) as u8).collect() };
    let labels = |count: usize| -> Vec<u8> { (0..count).flat_map(|at| ((at % 2) as u64).to_le_bytes()).collect() };
    [
        (names[0], npy("|u1", &format!("(8, 9, 10{channels})"), &images(8))),
        (names[1], npy("<i8", "(8, 1)", &labels(8))),
        (names[2], npy("|u1", &format!("(4, 9, 10{channels})"), &images(4))),
        (names[3], npy("<i8", "(4,)", &labels(4))),
    ]
    .map(|(name, bytes)| (format!("{name}.npy"), bytes))
    .to_vec()
}

fn write_npz(place: &Place, entries: &[(String, Vec<u8>)]) {
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    npz(&place.path("data/own.npz"), &entries);
}

/// The arrays of a data set, under their usual names.
pub fn write_arrays(place: &Place, arrays: &[Vec<u8>; 4]) {
    let names = USUAL.map(|name| format!("{name}.npy"));
    let entries: Vec<(String, Vec<u8>)> = names.into_iter().zip(arrays.iter().cloned()).collect();
    write_npz(place, &entries);
}

const USUAL: [&str; 4] = ["train_images", "train_labels", "test_images", "test_labels"];

#[test]
fn arrays_are_read_by_their_usual_names_and_by_given_ones() {
    let place = place("npz", "path = \"own.npz\"");
    write_npz(&place, &arrays(USUAL, ", 3"));
    let usual = json(&place.run(&[]).join("run.json"));
    assert_eq!(usual["data"]["train_examples"], 8);
    write_npz(&place, &arrays(["x_train", "y_train", "x_test", "y_test"], ", 3"));
    let keras = json(&place.run(&[]).join("run.json"));
    assert_eq!(usual["data"]["checksum"], keras["data"]["checksum"]);
    write_npz(&place, &arrays(["a", "b", "c", "d"], ", 3"));
    says(&place, &["it contains `a`, `b`, `c` and `d`", "set `arrays` in the spec to the names"]);
    let given = json(&place.run(&["target.arrays=[\"a\", \"b\", \"c\", \"d\"]"]).join("run.json"));
    assert_eq!(usual["data"]["checksum"], given["data"]["checksum"]);
    write_npz(&place, &arrays(USUAL, ""));
    let grey = place.run(&["channels=3"]);
    let log = std::fs::read_to_string(grey.join("log.txt")).expect("a log");
    assert!(log.contains("own.npz: grey is copied to three channels"), "{log}");
}

#[test]
fn invalid_arrays_say_why() {
    let spoilt = |index: usize, bytes: Vec<u8>| {
        let mut entries = arrays(USUAL, "");
        entries[index].1 = bytes;
        entries
    };
    let ones = 1u64.to_le_bytes().repeat(8);
    let mut outside = arrays(USUAL, "");
    outside.push(("../../evil.npy".to_owned(), vec![0]));
    let cases = [
        (spoilt(0, npy("<f4", "(8, 9, 10)", &[0; 2880])), "`train_images` has type `<f4`, expected images as `uint8`"),
        (spoilt(0, npy("|u1", "(8, 90)", &[0; 720])), "`train_images` has shape [8, 90]"),
        (spoilt(0, npy("|u1", "(8, 9, 10)", &[0; 719])), "it is truncated or damaged at image 7"),
        (spoilt(0, npy("|u1", "(8, 9, 10)", &[0; 721])), "it contains more data than its header says"),
        (spoilt(0, npy("|u1", "(800000000000, 9, 10)", &[0; 720])), "which is too large"),
        (spoilt(1, npy("<i8", "(7,)", &[0; 56])), "`train_labels` has shape [7], but there are 8 images"),
        (spoilt(1, npy("<i8", "(8,)", &[0xff; 64])), "`train_labels` has label -1"),
        (spoilt(1, npy("<i8", "(8,)", &ones)), "class 0 has no training image"),
        (
            spoilt(2, npy("|u1", "(4, 9, 9)", &[0; 324])),
            "its training images are 1×9×10, but its test images are 1×9×9",
        ),
        (spoilt(3, npy("|u1", "(4,)", &[0, 1, 2, 2])), "class 2 has no training image"),
        (outside, "it contains `../../evil.npy`, which leads outside the archive"),
    ];
    for (entries, expected) in cases {
        let place = place("npz", "path = \"own.npz\"");
        write_npz(&place, &entries);
        says(&place, &["`data/own.npz`", expected]);
        assert!(
            !place.path("data/.freezewise").is_dir()
                || std::fs::read_dir(place.path("data/.freezewise")).expect("a folder").count() == 0
        );
    }
    let place = place("npz", "path = \"own.npz\"");
    place.write("data/own.npz", "no archive");
    says(&place, &["cannot read `data/own.npz`"]);
}

/// A gigabyte of zeros packed into a megabyte: reading is bounded by the expected size.
#[test]
fn an_archive_that_unpacks_to_too_much_is_rejected() {
    let place = place("mnist", "");
    let path = place.path("data/mnist/train-images-idx3-ubyte.gz");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    let mut packer =
        flate2::write::GzEncoder::new(std::fs::File::create(&path).expect("a file"), flate2::Compression::best());
    packer.write_all(&[0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]).expect("written");
    let zeros = vec![0; 1 << 20];
    (0..200).for_each(|_| packer.write_all(&zeros).expect("written"));
    packer.finish().expect("written");
    says(&place, &["train-images-idx3-ubyte.gz`: expected 47,040,000 bytes, found more"]);
}

#[test]
fn one_data_set_in_two_places_is_an_error() {
    let place = place("mnist", "");
    for folder in ["mnist", "MNIST/raw"] {
        place.write(&format!("data/{folder}/train-images-idx3-ubyte"), "");
    }
    says(&place, &["MNIST is in both `data/mnist` and `data/MNIST/raw`", "remove one of them"]);
}

#[test]
fn paths_outside_an_archive_are_rejected_and_pickles_not_read() {
    let place = place("cifar10", "");
    std::fs::create_dir_all(place.path("data/cifar-10-batches-py")).expect("made");
    says(
        &place,
        &["`data/cifar-10-batches-py` is the Python version of CIFAR-10; its pickles", "(the binary version)"],
    );
    let file = std::fs::File::create(place.path("data/cifar-10-binary.tar.gz")).expect("a file");
    let mut packer = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    let name = b"../evil.bin";
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_size(3);
    header.set_cksum();
    packer.append(&header, b"abc".as_slice()).expect("packed");
    packer.into_inner().and_then(flate2::write::GzEncoder::finish).expect("packed");
    says(
        &place,
        &["the archive `data/cifar-10-binary.tar.gz` contains `../evil.bin`, which leads outside the archive"],
    );
}

/// Writes Tiny ImageNet with one training image per class, three test images, and the table of their classes.
fn write_tiny(place: &Place) {
    let root = "data/tiny-imagenet-200";
    let ids: Vec<String> = (0..200).map(|index| format!("n{index:08}")).collect();
    place.write(&format!("{root}/wnids.txt"), ids.iter().rev().fold(String::new(), |text, id| text + id + "\n"));
    for (index, id) in ids.iter().enumerate() {
        let bytes = picture(ImageFormat::Jpeg, 64, 64, [index as u8, 0, 100]);
        place.write(&format!("{root}/train/{id}/images/{id}_0.JPEG"), bytes);
    }
    let lines: Vec<String> =
        (0..3).map(|index| format!("val_{index}.JPEG\t{}\t0\t0\t62\t62\n", ids[(2 * index) % 4])).collect();
    place.write(&format!("{root}/val/val_annotations.txt"), lines.concat());
    for index in 0..3 {
        place.write(
            &format!("{root}/val/images/val_{index}.JPEG"),
            picture(ImageFormat::Jpeg, 64, 64, [2 * index, 0, 100]),
        );
    }
}

#[test]
fn tiny_imagenet_is_read_in_its_original_layout() {
    let place = place("tiny-imagenet", "classes = [\"n00000000\", \"n00000002\"]");
    write_tiny(&place);
    let run = place.run(&[]);
    let record = json(&run.join("run.json"));
    assert_eq!(record["data"]["classes"], serde_json::json!(["n00000000", "n00000002"]));
    assert_eq!((&record["data"]["train_examples"], &record["data"]["test_examples"]), (&2.into(), &3.into()));
    let table = "data/tiny-imagenet-200/val/val_annotations.txt";
    let good = place.read(table);
    place.write(table, good.replace("val_1.JPEG", "../../val_1.JPEG"));
    says(&place, &["val_annotations.txt` line 2: `../../val_1.JPEG", "unpack the archive again"]);
    place.write(table, format!("{good}{}", good.lines().next().expect("a line").replace("n00000000", "n00000002")));
    says(&place, &["val_annotations.txt` line 4: `val_0.JPEG` is listed twice"]);
    place.write(table, "\n");
    says(&place, &["val_annotations.txt` lists no file", "unpack the archive again"]);
    place.write(table, &good);
    let verified = place.freezewise(&["data", "verify", "tiny-imagenet"]);
    assert_eq!(verified.code, 1, "{}", verified.stdout);
    let told = "WRONG: expected 100,000 training and 10,000 test images, found 200 and 3";
    assert!(verified.stdout.contains(told), "{}", verified.stdout);
    place.write(table, good.replace("n00000002", "n99999999"));
    says(&place, &["is not a file name and its class"]);
    // Rearranged into class folders, as many users do.
    std::fs::remove_file(place.path(table)).expect("gone");
    std::fs::create_dir_all(place.path("data/tiny-imagenet-200/val/n00000000")).expect("made");
    says(&place, &["has its `val/` sorted into folders", "`dataset = \"folder\"`"]);
}
