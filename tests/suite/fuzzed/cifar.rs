//! Untrusted CIFAR files, packed or unpacked, are an error or the expected number of examples with valid labels. The
//! data set is a tiny variant of CIFAR.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use freezewise::blueprint::ImageShape;
use freezewise::catalogue::{CatalogueEntry, Checksum, CifarLayout, FileLayout, Published};
use freezewise::data::foreign::{self, TrainAndTest};

static LAYOUT: CifarLayout = CifarLayout {
    folder: "small",
    archive: "small.tar.gz",
    train: &["one.bin", "two.bin"],
    test: &["test.bin"],
    label_bytes: 2,
    records_per_train_file: 2,
};

static SMALL: CatalogueEntry = CatalogueEntry {
    name: "small",
    title: "A small one",
    shape: ImageShape { channels: 1, height: 2, width: 2 },
    classes: &["a", "b", "c"],
    class_count: 3,
    superclasses: None,
    train_size: 4,
    test_size: 1,
    train_per_class: &[2, 1, 1],
    test_per_class: &[1, 0, 0],
    layout: FileLayout::Cifar(&LAYOUT),
    licence: "none",
    citation: "nobody",
    files: &[Published {
        path: "small.tar.gz",
        urls: &["http://localhost/"],
        bytes: None,
        checksum: Checksum::Md5("00"),
        origin: "nowhere",
    }],
};

/// Checks the properties for any bytes as an archive, as the content of an archive, and as concatenated unpacked files.
pub fn hold(bytes: &[u8]) {
    check(foreign::cifar_archive(&SMALL, &LAYOUT, bytes));
    let mut packer = GzEncoder::new(Vec::new(), Compression::none());
    packer.write_all(bytes).expect("packed");
    check(foreign::cifar_archive(&SMALL, &LAYOUT, packer.finish().expect("packed").as_slice()));
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join(LAYOUT.folder);
    std::fs::create_dir(&folder).expect("a folder");
    let mut rest = bytes;
    for (name, length) in [("one.bin", 12), ("two.bin", 12), ("test.bin", usize::MAX)] {
        let (part, others) = rest.split_at(rest.len().min(length));
        std::fs::write(folder.join(name), part).expect("a file");
        rest = others;
    }
    check(foreign::cifar_folder(&SMALL, &LAYOUT, root.path()));
}

/// As from `tar c ./small` and `tar cP`, and with several gzip members, as from bgzip, pigz and `cat`.
#[test]
fn archives_are_read_as_by_tar_and_gunzip() {
    let packed = |name: &str| {
        let mut packer = tar::Builder::new(Vec::new());
        for (file, length) in [("one.bin", 12), ("two.bin", 12), ("test.bin", 6)] {
            let mut header = tar::Header::new_gnu();
            let name = format!("{name}{file}");
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(length);
            header.set_cksum();
            packer.append(&header, vec![1u8; length as usize].as_slice()).expect("packed");
        }
        packer.into_inner().expect("packed")
    };
    let member = |bytes: &[u8]| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).and_then(|()| packer.finish()).expect("packed")
    };
    let images =
        |bytes: &[u8]| foreign::cifar_archive(&SMALL, &LAYOUT, bytes).map(|[train, test]| [train.pixels, test.pixels]);
    let expected = [vec![1u8; 16], vec![1; 4]];
    for name in ["small/", "./small/", "/small/"] {
        let whole = packed(name);
        let (one, other) = whole.split_at(700);
        for bytes in [member(&whole), [member(one), member(other)].concat(), whole] {
            assert_eq!(images(&bytes).expect(name), expected, "{name}");
        }
    }
    assert!(images(&member(&packed("../small/"))).is_err());
}

/// The gzip checksum is verified, although it follows the end of the archive.
#[test]
fn an_archive_with_a_wrong_or_missing_checksum_is_rejected() {
    let mut packer = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, length) in [("one.bin", 12), ("two.bin", 12), ("test.bin", 6)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(length);
        packer
            .append_data(&mut header, format!("small/{name}"), vec![1u8; length as usize].as_slice())
            .expect("packed");
    }
    let whole = packer.into_inner().and_then(GzEncoder::finish).expect("packed");
    let read = |bytes: &[u8]| foreign::cifar_archive(&SMALL, &LAYOUT, bytes);
    assert!(read(&whole).is_ok());
    let end = whole.len();
    let mut other = whole.clone();
    other[end - 8] ^= 1;
    for damaged in [&other[..], &whole[..end - 8], &whole[..end - 1]] {
        let error = read(damaged).expect_err("it is damaged").to_string();
        assert!(error.contains("is damaged: "), "{error}");
    }
}

fn check(found: anyhow::Result<TrainAndTest>) {
    match found {
        Ok([train, test]) => {
            assert_eq!((train.count(), test.count()), (4, 1));
            assert_eq!((train.pixels.len(), test.pixels.len()), (16, 4));
            assert!(train.labels.iter().chain(&test.labels).all(|&label| label < 3));
        }
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
}
