//! CIFAR-10 and CIFAR-100 in their binary versions: Krizhevsky, "Learning Multiple Layers of Features from Tiny
//! Images" (2009). Layout, sizes and MD5 sums are those of the page that publishes them.

/// One of the two data sets on disk: records of some label bytes and 3 × 32 × 32 pixels, colour by colour.
#[derive(Debug, PartialEq, Eq)]
pub struct CifarLayout {
    /// Its usual name.
    pub title: &'static str,
    /// The folder that its archive makes.
    pub folder: &'static str,
    /// The archive.
    pub archive: &'static str,
    /// Where the archive comes from.
    pub url: &'static str,
    /// MD5 of the archive.
    pub md5: &'static str,
    /// Files of training records.
    pub train: &'static [&'static str],
    /// Files of test records.
    pub test: &'static [&'static str],
    /// Bytes before the pixels of a record; the last of them is the label.
    pub label_bytes: usize,
    /// Records in each training file.
    pub records_per_train_file: usize,
    /// The file that names the classes, a line each.
    pub class_names: &'static str,
}

/// CIFAR-10.
pub(super) static CIFAR10: CifarLayout = CifarLayout {
    title: "CIFAR-10",
    folder: "cifar-10-batches-bin",
    archive: "cifar-10-binary.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    md5: "c32a1d4ab5d03f1284b67883e8d87530",
    train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: &["test_batch.bin"],
    label_bytes: 1,
    records_per_train_file: 10_000,
    class_names: "batches.meta.txt",
};

/// CIFAR-100; its records hold the superclass, then the class.
pub(super) static CIFAR100: CifarLayout = CifarLayout {
    title: "CIFAR-100",
    folder: "cifar-100-binary",
    archive: "cifar-100-binary.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    md5: "03b5dce01913d631647c71ecec9e9cb8",
    train: &["train.bin"],
    test: &["test.bin"],
    label_bytes: 2,
    records_per_train_file: 50_000,
    class_names: "fine_label_names.txt",
};
