//! Which files of a published data set exist, packed or unpacked.

use std::path::{Path, PathBuf};

use super::idx;
use crate::catalogue::{CatalogueEntry, FileLayout, IDX_FILES, Published};

/// Path of a published file, or of what was unpacked from it, if it exists in the data folder.
pub fn held(entry: &CatalogueEntry, file: &Published, root: &Path) -> Option<PathBuf> {
    let packed = root.join(file.path);
    let name = file.path.rsplit('/').next().unwrap_or(file.path);
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let places: Vec<PathBuf> = match entry.layout {
        FileLayout::Cifar(layout) => vec![root.join(layout.folder), packed],
        FileLayout::Tiny(layout) => vec![root.join(layout.folder), packed],
        FileLayout::Idx(layout) => {
            let names = [plain.to_owned(), name.to_owned(), idx::other_spelling(plain), idx::other_spelling(name)];
            layout.folders.iter().flat_map(|folder| names.each_ref().map(|name| root.join(folder).join(name))).collect()
        }
    };
    let whole = |path: &Path| match entry.layout {
        FileLayout::Cifar(_) => unpacked_files(entry, path).iter().all(|file| file.is_file()),
        FileLayout::Tiny(layout) => {
            !path.is_dir() || [layout.classes, layout.test_table].iter().all(|name| path.join(name).is_file())
        }
        FileLayout::Idx(_) => !path.is_dir(),
    };
    places.into_iter().find(|path| path.exists() && whole(path))
}

/// Files that were unpacked from a published file, with their names in the catalogue: those in a folder, or a single
/// file. Empty if it is still packed.
pub fn unpacked_files(entry: &CatalogueEntry, path: &Path) -> Vec<PathBuf> {
    match entry.layout {
        FileLayout::Cifar(layout) if path.is_dir() => {
            layout.train.iter().chain(layout.test).map(|name| path.join(name)).collect()
        }
        FileLayout::Idx(_) => {
            let plain = IDX_FILES.into_iter().flat_map(|file| [file.to_owned(), idx::other_spelling(file)]);
            let is_plain = plain.into_iter().any(|file| path.file_name().is_some_and(|name| name == file.as_str()));
            if is_plain { vec![path.to_path_buf()] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}
