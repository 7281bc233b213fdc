//! Tiny ImageNet in its original layout: `train/<class>/images/*.JPEG`, and for validation a folder of images with a
//! table of classes. Its test images have no labels, so the validation images are the test set, as usual.

use super::FileLayout;
use super::entry::{CatalogueEntry, Checksum, Published};
use super::shape::ImageShape;

/// Layout on disk.
#[derive(Debug, PartialEq, Eq)]
pub struct TinyLayout {
    /// Folder that the archive unpacks to.
    pub folder: &'static str,
    /// List of classes, one per line.
    pub classes: &'static str,
    /// Folder of the validation images.
    pub test_images: &'static str,
    /// Table of their classes, separated by tabs: file name, class, and more.
    pub test_table: &'static str,
}

/// Tiny ImageNet.
pub(super) static TINY_IMAGENET: CatalogueEntry = CatalogueEntry {
    name: "tiny-imagenet",
    title: "Tiny ImageNet",
    shape: ImageShape { channels: 3, height: 64, width: 64 },
    classes: &[],
    class_count: 200,
    superclasses: None,
    train_size: 100_000,
    test_size: 10_000,
    train_per_class: &[500; 200],
    test_per_class: &[50; 200],
    layout: FileLayout::Tiny(&TinyLayout {
        folder: "tiny-imagenet-200",
        classes: "wnids.txt",
        test_images: "val/images",
        test_table: "val/val_annotations.txt",
    }),
    licence: "as ImageNet: non-commercial research and education",
    citation: "Le and Yang, \"Tiny ImageNet Visual Recognition Challenge\" (2015)",
    files: &[Published {
        path: "tiny-imagenet-200.zip",
        urls: &["http://cs231n.stanford.edu/tiny-imagenet-200.zip"],
        bytes: Some(248_100_043),
        checksum: Checksum::Md5("90528d7ca1a48142e341f4ef8d21d0de"),
        origin: "Avalanche, benchmarks/datasets/tiny_imagenet",
    }],
};
