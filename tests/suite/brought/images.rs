//! Folders of image files from other systems: names that only look the same, other formats, other folders.

use image::ImageFormat;

use super::super::folders::write_folder;
use super::super::formats::{picture, place, says};
use super::super::program::Place;

fn folder() -> Place {
    let place = place("folder", "path = \"own\"");
    // Neither eight nor nine images then leave a last batch of one.
    place.write("spec.toml", place.read("spec.toml").replace("batch_size = 4", "batch_size = 3"));
    write_folder(&place, "data/own", "val");
    place
}

fn rename(place: &Place, from: &str, to: &str) {
    std::fs::rename(place.path(&format!("data/own/{from}")), place.path(&format!("data/own/{to}"))).expect("renamed");
}

#[test]
fn other_file_formats_are_named() {
    let place = folder();
    for (bytes, expected) in [
        (&b"RIFF\x10\0\0\0WEBPVP8 "[..], "train/a/x.jpg: expected a PNG or JPEG file, found a WEBP file"),
        (b"GIF89a\x01\0\x01\0", "found a GIF file"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "found a HEIC or AVIF file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "run `git lfs pull`"),
        (b"<html>404", "found a web page"),
        (b"", "found an empty file"),
    ] {
        place.write("data/own/train/a/x.jpg", bytes);
        says(&place, &[expected]);
    }
    // All of them.
    let all = super::super::formats::place("folder", "path = \"own\"");
    for name in ["train/a/0.jpg", "train/b/0.jpg", "val/a/0.jpg", "val/b/0.jpg"] {
        all.write(&format!("data/own/{name}"), b"GIF89a\x01\0\x01\0");
    }
    let told =
        "no training image in `data/own` can be read\n    train/a/0.jpg: expected a PNG or JPEG file, found a GIF";
    says(&all, &[told]);
}

#[test]
fn folders_with_other_names_are_reported() {
    let place = folder();
    rename(&place, "val", "valid");
    says(&place, &["`data/own` has neither `val/` nor `test/`", "it has `train/` and `valid/`"]);
    rename(&place, "valid", "val");
    rename(&place, "val/a", "val/A");
    says(&place, &["class `a` is in `data/own/train/` but not in `val/`", "`val/` has `A`"]);
    rename(&place, "val/A", "val/a");
    rename(&place, "train/a", "train/cafe\u{301}");
    rename(&place, "val/a", "val/caf\u{e9}");
    says(&place, &["has a folder that looks the same", "NFD"]);
    rename(&place, "val/caf\u{e9}", "val/cafe\u{301}");
    place.run(&[]);
}

#[test]
fn classes_that_look_the_same_are_reported() {
    let place = folder();
    for split in ["train", "val"] {
        for name in ["A", "caf\u{e9}", "cafe\u{301}"] {
            place.write(&format!("data/own/{split}/{name}/0.png"), picture(ImageFormat::Png, 9, 9, [1, 2, 3]));
        }
    }
    says(&place, &["`data/own/train` has two class folders `caf\u{e9}` that look the same", "NFD"]);
    for split in ["train", "val"] {
        std::fs::remove_dir_all(place.path(&format!("data/own/{split}/caf\u{e9}"))).expect("removed");
    }
    // Neither eight nor ten images then leave a last batch of one.
    let run = place.run(&["target.train.batch_size=5"]);
    let log = std::fs::read_to_string(run.join("log.txt")).expect("a log");
    assert!(log.contains("own: classes `A` and `a` differ only in case"), "{log}");
    let answer = place.try_run(&["target.classes=[\"a\", \"caf\u{e9}\"]"]);
    assert!(answer.code == 2 && answer.stderr.contains("`caf\u{e9}` is not a class"), "{}", answer.stderr);
    assert!(answer.stderr.contains("a class looks the same"), "{}", answer.stderr);
}

#[test]
fn a_packed_folder_says_to_unpack_it() {
    let place = folder();
    rename(&place, "", "../moved");
    for ending in ["zip", "tar", "tar.gz", "7z"] {
        place.write(&format!("data/own.{ending}"), "x");
        says(&place, &["`own` is not in the data folder", &format!("unpack `own.{ending}` there")]);
        let answer = place.try_run(&[&format!("target.path=own.{ending}")]);
        let told = format!("`data/own.{ending}` is a file\n    unpack it, and set `path` to the folder");
        assert!(answer.code == 1 && answer.stderr.contains(&told), "{}", answer.stderr);
        std::fs::remove_file(place.path(&format!("data/own.{ending}"))).expect("removed");
    }
    let answer = place.try_run(&["target.path='C:\\Users\\me\\own'"]);
    let told = "it is a path of Windows: write one of this system";
    assert!(answer.code == 1 && answer.stderr.contains(told), "{}", answer.stderr);
}

#[test]
fn skipping_covers_links_and_file_names_but_not_classes() {
    use std::os::unix::ffi::OsStrExt;
    let place = folder();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.png");
    std::fs::write(place.path("data/own/train/a").join(name), picture(ImageFormat::Png, 9, 9, [1, 2, 3]))
        .expect("made");
    says(&place, &["has a name that is not UTF-8", "rename it, or skip it with `skip_bad_files = true`"]);
    std::os::unix::fs::symlink("nowhere", place.path("data/own/train/a/gone.png")).expect("linked");
    let skip = "target.skip_bad_files=true";
    let record = super::super::program::json(&place.run(&[skip]).join("run.json"));
    let skipped = record["data"]["skipped_files"].to_string();
    assert!(skipped.contains("train/a/gone.png: the symbolic link leads nowhere"), "{skipped}");
    assert!(skipped.contains("its name is not UTF-8"), "{skipped}");
    for split in ["train", "val"] {
        std::fs::create_dir(place.path(&format!("data/own/{split}/c"))).expect("made");
    }
    let answer = place.try_run(&[skip]);
    assert!(answer.code == 1 && answer.stderr.contains("`skip_bad_files` skips no class"), "{}", answer.stderr);
}

#[test]
fn system_files_are_ignored_or_named() {
    let place = folder();
    for name in [".DS_Store", "train/.DS_Store", "train/a/._0.png", "val/.ipynb_checkpoints/0.png", "desktop.ini"] {
        place.write(&format!("data/own/{name}"), b"\0\x05\x16\x07");
    }
    place.run(&[]);
    place.write("data/own/train/desktop.ini", "[x]");
    says(&place, &["`data/own/train/desktop.ini` is a file, expected a class folder", "skip_bad_files"]);
    std::fs::remove_file(place.path("data/own/train/desktop.ini")).expect("removed");
    place.write("data/own/train/a/huge.png", huge());
    says(&place, &["train/a/huge.png"]);
    let taken = place.try_run(&["target.skip_bad_files=true"]);
    assert_eq!(taken.code, 0, "{}", taken.stderr);
}

/// A header that claims 20,000 pixels a side.
fn huge() -> Vec<u8> {
    let mut bytes = picture(ImageFormat::Png, 1, 1, [0, 0, 0]);
    bytes[16..20].copy_from_slice(&20_000u32.to_be_bytes());
    bytes
}
