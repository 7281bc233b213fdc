//! Class folders that cannot be read, and caches that cannot be written.

use super::folders::{set_rights, write_folder};
use super::formats::place;

#[test]
fn a_cache_is_written_elsewhere_when_the_disk_is_full() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    std::fs::create_dir_all(place.path("data/.freezewise")).expect("a folder");
    // 12 images of 64 × 64 pixels take 147 kB; only the first block fits.
    let program = assert_cmd::cargo::cargo_bin!("freezewise").display().to_string();
    let script = format!(
        "mount -t tmpfs -o size=120k tmpfs data/.freezewise || exit 99; export FREEZEWISE_CACHE
         stats='{program} data stats spec.toml --set image_size=64'
         FREEZEWISE_CACHE=$PWD/data/.freezewise; $stats 2>full && exit 98; FREEZEWISE_CACHE=$PWD/cache; $stats"
    );
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script]).current_dir(place.path(""));
    let Ok(output) = command.env("OMP_NUM_THREADS", "1").output() else { return };
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(99) || errors.contains("unshare") {
        return; // This machine does not allow mounts.
    }
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(std::fs::read_dir(place.path("cache/data")).expect("a folder").count(), 1);
    let full = place.read("full");
    assert!(full.contains("cannot cache decoded images: `") && full.contains("No space left on device"), "{full}");
    assert!(full.contains("they need 147.5 kB; set FREEZEWISE_CACHE"), "{full}");
}

#[test]
fn an_unreadable_folder_is_named() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    let shut = place.path("data/own/train/b");
    set_rights(&shut, 0o000);
    let answer = place.freezewise_without_rights(&[], &["check", "spec.toml"]);
    set_rights(&shut, 0o755);
    assert_eq!(answer.code, 1, "it could be read: {}", answer.stderr);
    assert!(answer.stderr.contains("cannot read `data/own/train/b`: Permission denied"), "{}", answer.stderr);
}

#[test]
fn a_cache_is_written_elsewhere_when_the_data_folder_is_read_only() {
    let place = place("folder", "path = \"own\"");
    write_folder(&place, "data/own", "val");
    set_rights(&place.path("data"), 0o555);
    let cache = place.path("cache").display().to_string();
    let run = ["run", "spec.toml", "--quiet"];
    let answer = place.freezewise_without_rights(&[("FREEZEWISE_CACHE", &cache)], &run);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(!place.path("data/.freezewise").exists(), "the data folder was written to");
    assert_eq!(std::fs::read_dir(place.path("cache/data")).expect("a folder").count(), 1);
}
