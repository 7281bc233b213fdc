//! The known data sets as data: classes, sizes, layouts on disk, download URLs.
//!
//! Nothing is read here. Specs are validated against the catalogue before any file is opened.

mod cifar;
mod cifar100_classes;
mod entry;
mod facts;
mod idx;
mod naming;
mod shape;
mod tiny;
mod unpacked;

pub use cifar::CifarLayout;
pub use entry::{CatalogueEntry, Checksum, Published, Superclasses, fetch_command};
pub use facts::Facts;
pub use idx::{IDX_FILES, IdxLayout};
pub use naming::Naming;
pub use shape::ImageShape;
pub use tiny::TinyLayout;
pub use unpacked::UNPACKED_ORIGIN;

/// How to use data that are elsewhere, as a hint.
pub const ELSEWHERE: &str = "set the data folder with `--data DIR` or FREEZEWISE_DATA";

/// A data set, as named in a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dataset {
    /// Images generated from a seed.
    Synthetic,
    /// Natural images of ten classes.
    Cifar10,
    /// Natural images of a hundred classes.
    Cifar100,
    /// Handwritten digits.
    Mnist,
    /// Clothing.
    FashionMnist,
    /// Cursive Japanese characters.
    Kmnist,
    /// Downscaled ImageNet images of two hundred classes.
    TinyImagenet,
    /// The user's own PNG and JPEG files, one folder per class.
    Folder,
    /// The user's own arrays, in a `NumPy` `.npz` file.
    Npz,
}

/// File layout.
#[derive(Clone, Copy, Debug)]
pub enum FileLayout {
    /// Records of a label and pixels.
    Cifar(&'static CifarLayout),
    /// Arrays in IDX format.
    Idx(&'static IdxLayout),
    /// JPEG files, with a table of labels for the validation images.
    Tiny(&'static TinyLayout),
}

impl Dataset {
    /// Every data set.
    pub const ALL: [Self; 9] = [
        Self::Synthetic,
        Self::Cifar10,
        Self::Cifar100,
        Self::Mnist,
        Self::FashionMnist,
        Self::Kmnist,
        Self::TinyImagenet,
        Self::Folder,
        Self::Npz,
    ];

    /// Name in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::Synthetic => "synthetic",
            Self::Folder => "folder",
            Self::Npz => "npz",
            known => known.entry().map_or("", |entry| entry.name),
        }
    }

    /// The data set with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataset| dataset.name() == name)
    }

    /// Its catalogue entry, if it is a published data set.
    pub fn entry(self) -> Option<&'static CatalogueEntry> {
        match self {
            Self::Cifar10 => Some(&cifar::CIFAR10),
            Self::Cifar100 => Some(&cifar::CIFAR100),
            Self::Mnist => Some(&idx::MNIST),
            Self::FashionMnist => Some(&idx::FASHION_MNIST),
            Self::Kmnist => Some(&idx::KMNIST),
            Self::TinyImagenet => Some(&tiny::TINY_IMAGENET),
            Self::Synthetic | Self::Folder | Self::Npz => None,
        }
    }

    /// Whether its images are files, a PNG or JPEG each.
    pub fn has_image_files(self) -> bool {
        match self.entry() {
            Some(entry) => matches!(entry.layout, FileLayout::Tiny(_)),
            None => self == Self::Folder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_consistent() {
        for entry in Dataset::ALL.into_iter().filter_map(Dataset::entry) {
            assert_eq!(entry.train_per_class.iter().sum::<usize>(), entry.train_size, "{}", entry.name);
            assert_eq!(entry.train_per_class.len(), entry.class_count, "{}", entry.name);
            assert_eq!(entry.test_per_class.iter().sum::<usize>(), entry.test_size, "{}", entry.name);
            assert_eq!(entry.test_per_class.len(), entry.class_count, "{}", entry.name);
            assert!(entry.classes.is_empty() || entry.classes.len() == entry.class_count, "{}", entry.name);
            if let Some(groups) = entry.superclasses {
                assert_eq!(groups.of.len(), entry.class_count);
                let size = |group| groups.of.iter().filter(|&&of| usize::from(of) == group).count();
                assert!((0..groups.names.len()).all(|group| size(group) == 5));
            }
            for file in entry.files {
                assert!(!file.urls.is_empty() && !file.origin.is_empty());
                let (digits, length) = match file.checksum {
                    Checksum::Md5(digits) => (digits, 32),
                    Checksum::Sha256(digits) => (digits, 64),
                };
                assert!(digits.len() == length && digits.bytes().all(|digit| b"0123456789abcdef".contains(&digit)));
            }
        }
    }

    #[test]
    fn names_parse_back_to_their_dataset() {
        for dataset in Dataset::ALL {
            assert_eq!(Dataset::named(dataset.name()), Some(dataset));
        }
    }
}
