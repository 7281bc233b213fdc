//! An entry of the catalogue.

use super::{FileLayout, ImageShape};

/// A published data set.
#[derive(Debug)]
pub struct CatalogueEntry {
    /// Name in a spec.
    pub name: &'static str,
    /// Title.
    pub title: &'static str,
    /// Shape of an image.
    pub shape: ImageShape,
    /// Class names in label order; empty if only the files tell.
    pub classes: &'static [&'static str],
    /// Number of classes.
    pub class_count: usize,
    /// Superclasses, if published.
    pub superclasses: Option<Superclasses>,
    /// Number of training examples.
    pub train_size: usize,
    /// Number of test examples.
    pub test_size: usize,
    /// Number of training examples of each class.
    pub train_per_class: &'static [usize],
    /// Number of test examples of each class.
    pub test_per_class: &'static [usize],
    /// Layout of its files.
    pub layout: FileLayout,
    /// What is known about the licence.
    pub licence: &'static str,
    /// Citation.
    pub citation: &'static str,
    /// Files as published.
    pub files: &'static [Published],
}

impl CatalogueEntry {
    /// Where the first of its files is, for people.
    pub fn url(&self) -> &'static str {
        self.files.first().and_then(|file| file.urls.first()).copied().unwrap_or_default()
    }

    /// How to get it, as a hint.
    pub fn fetch(&self) -> String {
        format!("`{}` downloads it", fetch_command(&[self.name]))
    }
}

/// The command that downloads data sets.
pub fn fetch_command(names: &[&str]) -> String {
    format!("freezewise data fetch {}", names.join(" "))
}

/// A grouping of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superclasses {
    /// Names of the superclasses.
    pub names: &'static [&'static str],
    /// Superclass of each class.
    pub of: &'static [u16],
}

/// A published file.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Path in the data folder, with `/` as separator.
    pub path: &'static str,
    /// URLs, in order of preference.
    pub urls: &'static [&'static str],
    /// Size, if known.
    pub bytes: Option<u64>,
    /// Checksum of the content.
    pub checksum: Checksum,
    /// Source of the checksum.
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
    /// Name of the algorithm.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5(_) => "MD5",
            Self::Sha256(_) => "SHA-256",
        }
    }

    /// Hexadecimal digits.
    pub fn digits(self) -> &'static str {
        match self {
            Self::Md5(digits) | Self::Sha256(digits) => digits,
        }
    }
}
