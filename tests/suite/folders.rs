//! Class folders of image files: how runs read them, and errors about incomplete or damaged ones.

use image::ImageFormat;

use super::formats::{picture, place, says};
use super::program::{Answer, Place, json};

pub fn set_rights(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
}

/// Writes classes `a` (red) and `b` (blue), each with four training and two test images.
pub fn write_folder(place: &Place, root: &str, test: &str) {
    for (class, colour) in [("a", [200, 0, 0]), ("b", [0, 0, 200])] {
        for index in 0..4 {
            let format = if index % 2 == 0 { ImageFormat::Png } else { ImageFormat::Jpeg };
            let name = if index % 2 == 0 { "png" } else { "JPEG" };
            place.write(&format!("{root}/train/{class}/{index}.{name}"), picture(format, 9 + index, 12, colour));
        }
        for index in 0..2 {
            place.write(&format!("{root}/{test}/{class}/{index}.png"), picture(ImageFormat::Png, 10, 10, colour));
        }
    }
}

#[test]
fn class_folders_are_cached_after_the_first_read() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    let answer = place.freezewise(&["run", "spec.toml"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("own: reading 12 images"), "{}", answer.stderr);
    let record = json(&place.path(answer.stdout.trim()).join("run.json"));
    assert_eq!(record["data"]["classes"], serde_json::json!(["a", "b"]));
    assert_eq!((&record["data"]["train_examples"], &record["data"]["test_examples"]), (&8.into(), &4.into()));
    let again = place.freezewise(&["run", "spec.toml", "--out", "again"]);
    assert!(again.code == 0 && !again.stderr.contains("reading"), "{}", again.stderr);
    let metrics = |answer: &Answer| std::fs::read(place.path(answer.stdout.trim()).join("metrics.csv")).expect("rows");
    assert_eq!(metrics(&answer), metrics(&again));

    // A truncated cache is rebuilt; with a changed image it is a different data set.
    let cache =
        std::fs::read_dir(place.path("data/.freezewise")).expect("a folder").next().expect("a cache").expect("it");
    let whole = std::fs::read(cache.path()).expect("a cache");
    std::fs::write(cache.path(), &whole[..whole.len() / 2]).expect("cut");
    let again = place.freezewise(&["run", "spec.toml", "--out", "cut"]);
    assert!(again.code == 0 && again.stderr.contains("reading"), "{}", again.stderr);
    assert_eq!(std::fs::read(cache.path()).expect("a cache"), whole);
    place.write("data/own/train/a/0.png", picture(ImageFormat::Png, 9, 12, [1, 2, 3]));
    let again = place.freezewise(&["run", "spec.toml", "--out", "changed"]);
    assert!(again.code == 0 && again.stderr.contains("reading"), "{}", again.stderr);
}

#[test]
fn run_names_depend_on_the_content_of_the_folder_and_not_its_path() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    let first = place.run(&[]);
    std::fs::rename(place.path("data/own"), place.path("data/moved")).expect("moved");
    assert_eq!(place.run(&["target.path=moved"]).file_name(), first.file_name());
    for class in ["a", "b"] {
        place.write(&format!("data/moved/train/{class}/9.png"), picture(ImageFormat::Png, 9, 9, [0, 9, 9]));
    }
    assert_ne!(place.run(&["target.path=moved"]).file_name(), first.file_name());
}

/// Damages a valid folder.
type Spoil = fn(&Place);

#[test]
fn invalid_folders_say_why() {
    let cases: [(Spoil, &[&str]); 8] = [
        (|place| std::fs::remove_dir_all(place.path("data/own")).expect("gone"), &["`own` is not in the data folder"]),
        (
            |place| std::fs::remove_dir_all(place.path("data/own/val")).expect("gone"),
            &["has neither `val/` nor `test/`"],
        ),
        (|place| write_folder(place, "data/own", "test"), &["has both `val/` and `test/`", "test_folder = \"val\""]),
        (
            |place| std::fs::create_dir_all(place.path("data/own/train/c")).expect("made"),
            &["class `c` is in `data/own/train/` but not in `val/`"],
        ),
        (
            |place| {
                std::fs::create_dir_all(place.path("data/own/train/c")).expect("made");
                std::fs::create_dir_all(place.path("data/own/val/c")).expect("made");
            },
            &["class folder `data/own/train/c` is empty"],
        ),
        (
            |place| {
                place.write("data/own/train/a/notes.txt", "no image");
                place.write("data/own/train/b/cut.png", &picture(ImageFormat::Png, 9, 9, [0; 3])[..40]);
                let jpeg = picture(ImageFormat::Jpeg, 9, 9, [0; 3]);
                place.write("data/own/val/b/cut.jpg", &jpeg[..jpeg.len() - 2]);
                place.write("data/own/val/b/hole.jpg", [&jpeg[..jpeg.len() - 6], &jpeg[jpeg.len() - 2..]].concat());
            },
            &[
                "4 of the 16 files in `data/own` cannot be used",
                "val/b/cut.jpg: it ends before its last pixels",
                "val/b/hole.jpg: some pixels are missing",
                "train/a/notes.txt: expected a PNG or JPEG file",
                "train/b/cut.png: ",
                "skip_bad_files = true",
            ],
        ),
        (
            |place| std::os::unix::fs::symlink("loop", place.path("data/own/train/a/loop")).expect("a link"),
            &["cannot read `data/own/train/a/loop`", "repair the symbolic link"],
        ),
        (
            |place| std::os::unix::fs::symlink("..", place.path("data/own/train/a/up")).expect("a link"),
            &["`data/own/train/a/up` is a folder, expected an image file"],
        ),
    ];
    for (spoil, expected) in cases {
        let place = place("folder", "path = \"own\"");
        write_folder(&place, "data/own", "val");
        spoil(&place);
        says(&place, expected);
    }
}

/// As after a faulty copy or an interrupted download.
#[test]
fn a_damaged_png_file_is_a_readable_error() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    let whole = picture(ImageFormat::Png, 9, 12, [200, 0, 0]);
    // The last chunk has 12 bytes; the checksum of the pixels is before it.
    let changed = |at: usize| [&whole[..at], &[whole[at] ^ 1], &whole[at + 1..]].concat();
    for (name, bytes) in [("header", changed(29)), ("sum", changed(whole.len() - 13)), ("pixels", changed(50))] {
        place.write(&format!("data/own/train/a/{name}.png"), bytes);
    }
    place.write("data/own/train/a/short.png", &whole[..whole.len() - 20]);
    let sum = "damaged: a checksum is wrong; copy or download it again";
    let short = "damaged: the file ends too early; copy or download it again";
    let of = |name: &str, cause: &str| format!("train/a/{name}.png: {cause}\n");
    let told = [of("header", sum), of("sum", sum), of("short", short), "train/a/pixels.png: damaged: ".to_owned()];
    says(&place, &told.each_ref().map(String::as_str));
    let answer = place.try_run(&[]);
    assert!(!answer.stderr.contains("CRC") && !answer.stderr.contains("decoding"), "{}", answer.stderr);
}

#[test]
fn bad_files_are_skipped_on_request() {
    let place = place("folder", "path = \"own\"\nskip_bad_files = true");
    write_folder(&place, "data/own", "val");
    place.write("data/own/train/a/notes.txt", "no image");
    let record = json(&place.run(&[]).join("run.json"));
    assert_eq!(record["data"]["train_examples"], 8);
    let skipped = record["data"]["skipped_files"].as_array().expect("a list");
    assert_eq!(skipped.len(), 1);
    assert!(skipped[0].as_str().expect("text").starts_with("train/a/notes.txt: "));
}

/// Images are not skipped because of their size either.
#[test]
fn images_of_different_sizes_need_image_size() {
    for keys in ["path = \"own\"", "path = \"own\"\nskip_bad_files = true"] {
        let place = place("folder", keys);
        write_folder(&place, "data/own", "val");
        let text = place.read("spec.toml").replace("image_size = 8\n", "");
        place.write("spec.toml", text);
        says(&place, &["10 of the 12 files in `data/own` cannot be used", "set a common size with `image_size`"]);
        assert!(!place.try_run(&[]).stderr.contains("skip_bad_files = true"), "`skip_bad_files` does not help here");
    }
}

/// Names, sizes and times are the same, but not the pixels.
#[test]
fn folders_with_equal_metadata_are_not_confused() {
    let place = place("folder", "path = \"one\"");
    let pictures = ["one", "other"].map(|root| {
        write_folder(&place, &format!("data/{root}"), "val");
        let colour = if root == "one" { 90 } else { 91 };
        let bytes = picture(ImageFormat::Png, 8, 8, [colour; 3]);
        let path = place.write(&format!("data/{root}/train/a/0.png"), &bytes);
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        for split in ["train/a", "train/b", "val/a", "val/b"] {
            for entry in std::fs::read_dir(place.path(&format!("data/{root}/{split}"))).expect("a folder") {
                let file = std::fs::File::options().write(true).open(entry.expect("a file").path());
                file.and_then(|file| file.set_modified(time)).expect("an earlier time");
            }
        }
        (bytes.len(), path)
    });
    assert_eq!(pictures[0].0, pictures[1].0);
    let brightness = |root: &str| {
        let path = format!("target.path={root}");
        let answer = place.freezewise(&["data", "stats", "spec.toml", "--json", "--set", &path]);
        serde_json::from_str::<serde_json::Value>(&answer.stdout).expect("JSON")[0]["train"]["colours"].clone()
    };
    assert_ne!(brightness("one"), brightness("other"));
}

/// Replaces the content of a file and keeps its size and modification time, as `rsync --times` does.
fn replace_silently(path: &std::path::Path, colour: u8) {
    let before = std::fs::metadata(path).expect("a file");
    let bytes = picture(ImageFormat::Png, 8, 8, [colour; 3]);
    assert_eq!(bytes.len() as u64, before.len());
    let new = path.with_extension("new");
    std::fs::write(&new, bytes).expect("a file");
    let file = std::fs::File::options().write(true).open(&new).expect("a file");
    file.set_modified(before.modified().expect("a time")).expect("the same time");
    std::fs::rename(new, path).expect("in its place");
}

#[test]
fn a_replaced_image_is_never_served_from_the_cache() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    let path = place.write("data/own/train/a/0.png", picture(ImageFormat::Png, 8, 8, [90; 3]));
    let brightness = || {
        let answer = place.freezewise(&["data", "stats", "spec.toml", "--json"]);
        serde_json::from_str::<serde_json::Value>(&answer.stdout).expect("JSON")[0]["train"]["colours"].clone()
    };
    let before = brightness();
    replace_silently(&path, 91);
    assert_ne!(brightness(), before);
}

#[test]
fn a_changed_folder_of_a_finished_run_is_an_error() {
    let keys = "path = \"own\"\n[source]\ndataset = \"folder\"\npath = \"other\"\n\
                [source.train]\nepochs = 1\nbatch_size = 4";
    let place = place("folder", keys);
    let pictures = ["own", "other"].map(|root| {
        write_folder(&place, &format!("data/{root}"), "val");
        place.write(&format!("data/{root}/train/a/0.png"), picture(ImageFormat::Png, 8, 8, [90; 3]))
    });
    let source = ["--set", "transfer.frozen_layers=2"];
    place.run(&[]);
    for (path, told, arguments) in [
        (&pictures[0], "`own` has changed since `runs/spec/", &[][..]),
        (&pictures[1], "`other` has changed since `runs/sources/", &source[..]),
    ] {
        let run = [&["run", "spec.toml"], arguments].concat();
        replace_silently(path, 91);
        let answer = place.freezewise(&run);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains(told), "{}", answer.stderr);
        // A new file with the old content is the old data.
        replace_silently(path, 90);
        assert_eq!(place.freezewise(&run).code, 0);
    }
}

/// Reading may succeed the next time.
#[test]
fn unreadable_files_are_not_skipped() {
    let place = place("folder", "path = \"own\"\nskip_bad_files = true");
    write_folder(&place, "data/own", "val");
    let shut = place.path("data/own/train/b/0.png");
    set_rights(&shut, 0o000);
    let answer = place.freezewise_without_rights(&[], &["data", "stats", "spec.toml"]);
    assert_ne!(answer.code, 0, "it could be read: {}", answer.stdout);
    let told =
        ["1 of the 12 files in `data/own` cannot be used", "train/b/0.png: Permission denied", "cannot be decoded"];
    assert!(told.iter().all(|part| answer.stderr.contains(part)), "{}", answer.stderr);
    set_rights(&shut, 0o644);
    assert_eq!(json(&place.run(&[]).join("run.json"))["data"]["train_examples"], 8);
}

/// A run that is asked to stop does not read the remaining images.
#[test]
fn reading_images_can_be_interrupted() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    let answer = place.freezewise(&["run", "spec.toml", "--max-time", "1ns"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    let files = |folder: &str| std::fs::read_dir(place.path(folder)).into_iter().flatten().flatten();
    assert_eq!(files("data/.freezewise").count(), 0, "it was read");
    // Nor does it read the rest of the cache.
    assert_eq!(place.freezewise(&["data", "stats", "spec.toml"]).code, 0);
    let answer = place.freezewise(&["run", "spec.toml", "--max-time", "1ns"]);
    assert_eq!(answer.code, 75, "{}", answer.stderr);
    assert!(answer.stderr.contains("stopped by `--max-time`"), "{}", answer.stderr);
    assert!(!files("runs/spec").any(|run| run.path().join("run.json").exists()), "it was read");
}
