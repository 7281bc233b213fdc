//! CIFAR-10 and CIFAR-100 in their binary versions: Krizhevsky, "Learning Multiple Layers of Features from Tiny
//! Images" (2009). Layout, sizes and MD5 sums are those of the page that publishes them.

use super::FileLayout;
use super::cifar100_classes::{CLASSES, SUPERCLASS_OF, SUPERCLASSES};
use super::entry::{CatalogueEntry, Checksum, Published, Superclasses};
use super::shape::ImageShape;

/// Layout on disk: records of label bytes and 3 × 32 × 32 pixels, channel by channel.
#[derive(Debug, PartialEq, Eq)]
pub struct CifarLayout {
    /// Folder that the archive unpacks to.
    pub folder: &'static str,
    /// Archive name.
    pub archive: &'static str,
    /// Files of training records.
    pub train: &'static [&'static str],
    /// Files of test records.
    pub test: &'static [&'static str],
    /// Bytes before the pixels of a record; the last of them is the label.
    pub label_bytes: usize,
    /// Records per training file.
    pub records_per_train_file: usize,
}

const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };
const LICENCE: &str = "not stated by the publishers";
const CITATION: &str = "Krizhevsky, \"Learning Multiple Layers of Features from Tiny Images\" (2009)";
const ORIGIN: &str = "https://www.cs.toronto.edu/~kriz/cifar.html";

/// CIFAR-10.
pub(super) static CIFAR10: CatalogueEntry = CatalogueEntry {
    name: "cifar10",
    title: "CIFAR-10",
    shape: SHAPE,
    classes: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    class_count: 10,
    superclasses: None,
    train_size: 50_000,
    test_size: 10_000,
    train_per_class: &[5000; 10],
    test_per_class: &[1000; 10],
    layout: FileLayout::Cifar(&CifarLayout {
        folder: "cifar-10-batches-bin",
        archive: "cifar-10-binary.tar.gz",
        train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
        test: &["test_batch.bin"],
        label_bytes: 1,
        records_per_train_file: 10_000,
    }),
    licence: LICENCE,
    citation: CITATION,
    files: &[Published {
        path: "cifar-10-binary.tar.gz",
        urls: &["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        bytes: Some(170_052_171),
        checksum: Checksum::Md5("c32a1d4ab5d03f1284b67883e8d87530"),
        origin: ORIGIN,
    }],
};

/// CIFAR-100; its records hold the superclass, then the class.
pub(super) static CIFAR100: CatalogueEntry = CatalogueEntry {
    name: "cifar100",
    title: "CIFAR-100",
    shape: SHAPE,
    classes: CLASSES,
    class_count: 100,
    superclasses: Some(Superclasses { names: SUPERCLASSES, of: SUPERCLASS_OF }),
    train_size: 50_000,
    test_size: 10_000,
    train_per_class: &[500; 100],
    test_per_class: &[100; 100],
    layout: FileLayout::Cifar(&CifarLayout {
        folder: "cifar-100-binary",
        archive: "cifar-100-binary.tar.gz",
        train: &["train.bin"],
        test: &["test.bin"],
        label_bytes: 2,
        records_per_train_file: 50_000,
    }),
    licence: LICENCE,
    citation: CITATION,
    files: &[Published {
        path: "cifar-100-binary.tar.gz",
        urls: &["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
        bytes: Some(168_513_733),
        checksum: Checksum::Md5("03b5dce01913d631647c71ecec9e9cb8"),
        origin: ORIGIN,
    }],
};
