//! MNIST and data sets in its format: four IDX files each, gzipped or plain. MD5 sums are those of torchvision
//! (`torchvision/datasets/mnist.py`); class counts were counted in the files.

use super::FileLayout;
use super::entry::{CatalogueEntry, Checksum, Published};
use super::shape::ImageShape;

/// Location of the four files. Each may end in `.gz`.
#[derive(Debug, PartialEq, Eq)]
pub struct IdxLayout {
    /// Folder names in use; `fetch` creates the first.
    pub folders: &'static [&'static str],
}

/// Training images, training labels, test images, test labels.
pub const IDX_FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

const SHAPE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };
const ORIGIN: &str = "torchvision, datasets/mnist.py";

/// The files of a data set: folder and URLs, and for each file the name, the MD5 sum and the size if known.
macro_rules! files {
    ($folder:literal, $places:tt, $(($name:literal, $md5:literal, $bytes:expr)),+ $(,)?) => {
        &[$(files!(@one $folder, $places, $name, $md5, $bytes)),+]
    };
    (@one $folder:literal, [$($place:literal),+], $name:literal, $md5:literal, $bytes:expr) => {
        Published {
            path: concat!($folder, "/", $name),
            urls: &[$(concat!($place, $name)),+],
            bytes: $bytes,
            checksum: Checksum::Md5($md5),
            origin: ORIGIN,
        }
    };
}

/// MNIST.
pub(super) static MNIST: CatalogueEntry = CatalogueEntry {
    name: "mnist",
    title: "MNIST",
    shape: SHAPE,
    classes: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    class_count: 10,
    superclasses: None,
    train_size: 60_000,
    test_size: 10_000,
    train_per_class: &[5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    test_per_class: &[980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    layout: FileLayout::Idx(&IdxLayout { folders: &["mnist", "MNIST/raw", "MNIST"] }),
    licence: "not stated by the publishers",
    citation: "LeCun, Bottou, Bengio and Haffner, \"Gradient-Based Learning Applied to Document Recognition\" (1998)",
    files: files!(
        "mnist",
        ["https://ossci-datasets.s3.amazonaws.com/mnist/"],
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", Some(9_912_422)),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", Some(28_881)),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", Some(1_648_877)),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", Some(4_542)),
    ),
};

/// Fashion-MNIST.
pub(super) static FASHION_MNIST: CatalogueEntry = CatalogueEntry {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    shape: SHAPE,
    classes: &[
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ],
    class_count: 10,
    superclasses: None,
    train_size: 60_000,
    test_size: 10_000,
    train_per_class: &[6000; 10],
    test_per_class: &[1000; 10],
    layout: FileLayout::Idx(&IdxLayout { folders: &["fashion-mnist", "FashionMNIST/raw", "FashionMNIST"] }),
    licence: "MIT",
    citation: "Xiao, Rasul and Vollgraf, \"Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning \
               Algorithms\" (arXiv 1708.07747)",
    files: files!(
        "fashion-mnist",
        ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", Some(26_421_880)),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", Some(29_515)),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", Some(4_422_102)),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", Some(5_148)),
    ),
};

/// KMNIST.
pub(super) static KMNIST: CatalogueEntry = CatalogueEntry {
    name: "kmnist",
    title: "KMNIST",
    shape: SHAPE,
    classes: &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
    class_count: 10,
    superclasses: None,
    train_size: 60_000,
    test_size: 10_000,
    train_per_class: &[6000; 10],
    test_per_class: &[1000; 10],
    layout: FileLayout::Idx(&IdxLayout { folders: &["kmnist", "KMNIST/raw", "KMNIST"] }),
    licence: "CC BY-SA 4.0",
    citation: "Clanuwat et al., \"Deep Learning for Classical Japanese Literature\" (arXiv 1812.01718)",
    files: files!(
        "kmnist",
        ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7", Some(18_165_135)),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344", None),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7", None),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134", None),
    ),
};
