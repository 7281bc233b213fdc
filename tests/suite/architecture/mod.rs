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

/// Files and folders that are only compiled for tests.
fn of_tests(files: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (path, text) in files {
        let folder = path.parent().expect("a folder");
        let own = if path.ends_with("mod.rs") { folder.to_owned() } else { path.with_extension("") };
        for part in text.split("#[cfg(test)]\n").skip(1) {
            let named = part.strip_prefix("#[path = \"").and_then(|rest| rest.split_once("\"]\n"));
            let (file, part) = named.map_or((None, part), |(file, rest)| (Some(folder.join(file)), rest));
            let module = part.lines().next().and_then(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
            found.extend(module.map(|module| file.unwrap_or_else(|| own.join(module)).with_extension("")));
        }
    }
    found
}
