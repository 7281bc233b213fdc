//! Rules for the source tree, checked on its text.

mod imports;
mod names;
mod sizes;

use std::path::{Path, PathBuf};

/// All Rust files below a folder.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// All Rust files below a folder, with their text.
fn texts(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    sources(Path::new(folder), &mut files);
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).expect("a source file"))).collect()
}
