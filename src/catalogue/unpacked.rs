//! MD5 sums of the files in the published archives, for data sets kept unpacked.
//!
//! The publishers do not state these sums. Each was computed from files in archives whose own sums are the published
//! ones. At least two other projects use the same sums for CIFAR-10, MNIST and Fashion-MNIST, and one for CIFAR-100.

use super::{CatalogueEntry, Checksum};

/// Source of the sums, for messages.
pub const UNPACKED_ORIGIN: &str = "files unpacked from the published archive";

impl CatalogueEntry {
    /// Expected checksum of an unpacked file, by name; `None` if unknown.
    pub fn unpacked(&self, file: &str) -> Option<Checksum> {
        let known = UNPACKED.iter().find(|(name, _)| *name == self.name)?;
        // 7-Zip and Kaggle treat the last part of an IDX file's name as an extension.
        let (_, digits) = known.1.iter().find(|(name, _)| *name == file.replace(".idx", "-idx"))?;
        Some(Checksum::Md5(digits))
    }
}

/// By data set: file names and sums.
type FileSums = &'static [(&'static str, &'static str)];

const UNPACKED: [(&str, FileSums); 4] = [
    (
        "cifar10",
        &[
            ("data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25"),
            ("data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692"),
            ("data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421"),
            ("data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb"),
            ("data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d"),
            ("test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d"),
        ],
    ),
    (
        "cifar100",
        &[("train.bin", "6172c7755cfe09b2fe270c85cebc1b15"), ("test.bin", "4499cfba6c016c1be1438163640a0898")],
    ),
    (
        "mnist",
        &[
            ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
            ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
            ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
            ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
        ],
    ),
    (
        "fashion-mnist",
        &[
            ("train-images-idx3-ubyte", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
            ("train-labels-idx1-ubyte", "9018921c3c673c538a1fc5bad174d6f9"),
            ("t10k-images-idx3-ubyte", "8181f5470baa50b63fa0f6fddb340f0a"),
            ("t10k-labels-idx1-ubyte", "15d484375f8d13e6eb1aabb0c3f46965"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::super::{Dataset, FileLayout};
    use super::*;

    #[test]
    fn every_checksum_is_of_a_file_that_is_read() {
        for (name, files) in UNPACKED {
            let entry = Dataset::named(name).and_then(Dataset::entry).expect("a published data set");
            for (file, digits) in files {
                assert_eq!(entry.unpacked(file), Some(Checksum::Md5(digits)));
                assert!(digits.len() == 32, "{file}");
                let known = match entry.layout {
                    FileLayout::Cifar(layout) => layout.train.contains(file) || layout.test.contains(file),
                    FileLayout::Idx(_) => super::super::IDX_FILES.contains(file),
                    FileLayout::Tiny(_) => false,
                };
                assert!(known, "{name} has no file {file}");
            }
            assert_eq!(entry.unpacked("readme.html"), None);
        }
    }
}
