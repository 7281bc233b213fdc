//! Unpacking an untrusted zip archive writes its complete folder or nothing, and never anything outside of it.

use std::path::Path;

use freezewise::data::fetch::unpack;

/// Checks the properties for any bytes.
pub fn hold(bytes: &[u8]) {
    let above = tempfile::tempdir().expect("a folder");
    let root = above.path().join("root");
    std::fs::create_dir(&root).expect("a folder");
    let archive = root.join("set.zip");
    std::fs::write(&archive, bytes).expect("a file");
    let done = unpack(&archive, "set", &mut |_, _| {});
    assert_eq!(names(above.path()), ["root"]);
    match done {
        Ok(()) => assert_eq!(names(&root), ["set", "set.zip"]),
        Err(error) => {
            assert!(!format!("{error:#}").is_empty());
            assert_eq!(names(&root), ["set.zip"]);
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
