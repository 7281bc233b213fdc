//! What is known of one data set.

use super::{CifarLayout, IdxLayout, ImageShape, TinyLayout};

/// A data set as published.
#[derive(Debug)]
pub struct CatalogueEntry {
    /// Its name in a spec.
    pub name: &'static str,
    /// Its usual name.
    pub title: &'static str,
    /// The shape of an image.
    pub shape: ImageShape,
    /// The names of its classes, in the order of their labels; empty where only its files tell.
    pub classes: &'static [&'static str],
    /// How many classes there are.
    pub class_count: usize,
    /// The groups of classes that it is published with.
    pub superclasses: Option<Superclasses>,
    /// How many training examples there are.
    pub train_size: usize,
    /// How many test examples there are.
    pub test_size: usize,
    /// How many training examples each class has.
    pub train_per_class: &'static [usize],
    /// How many test examples each class has.
    pub test_per_class: &'static [usize],
    /// How its files are laid out.
    pub layout: FileLayout,
    /// What is known of its licence.
    pub licence: &'static str,
    /// Whom to cite.
    pub citation: &'static str,
    /// The files as published.
    pub files: &'static [Published],
}

/// Classes in groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superclasses {
    /// The names of the groups.
    pub names: &'static [&'static str],
    /// The group of each class.
    pub of: &'static [u16],
}

/// How files are laid out.
#[derive(Clone, Copy, Debug)]
pub enum FileLayout {
    /// Records of a label and pixels.
    Cifar(&'static CifarLayout),
    /// Arrays in the IDX format.
    Idx(&'static IdxLayout),
    /// JPEG files, those for validation with a table of their labels.
    Tiny(&'static TinyLayout),
}

/// A file as published.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Its name under the data root, folders with `/`.
    pub path: &'static str,
    /// Where it is, the first place first.
    pub urls: &'static [&'static str],
    /// Its size, where it is known.
    pub bytes: Option<u64>,
    /// What its content must have.
    pub checksum: Checksum,
    /// Where the checksum comes from.
    pub origin: &'static str,
}

/// A checksum, in lower-case hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// MD5.
    Md5(&'static str),
    /// SHA-256.
    Sha256(&'static str),
}

impl Checksum {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5(_) => "MD5",
            Self::Sha256(_) => "SHA-256",
        }
    }

    /// Its digits.
    pub fn digits(self) -> &'static str {
        match self {
            Self::Md5(digits) | Self::Sha256(digits) => digits,
        }
    }
}
