//! Finds the data set in the data folder, and what was made of it by accident.

use std::path::{Path, PathBuf};

use super::Cifar;
use crate::catalogue::{CifarLayout, ELSEWHERE};
use crate::error::UserError;

/// Path of the data set in the data folder: its folder, its archive, or the data folder itself. An archive comes before
/// a folder that has none of the files, as an interrupted extraction leaves it.
pub(super) fn find(layout: &CifarLayout, root: &Path) -> Option<PathBuf> {
    let folder = root.join(layout.folder);
    let all = || layout.train.iter().chain(layout.test);
    let archives = ["tar.gz", "tgz", "tar"].map(|ending| root.join(layout.archive.replace("tar.gz", ending)));
    let bare = root.join(layout.test[0]).is_file() && root.join(layout.train[0]).is_file();
    if folder.exists() && (!folder.is_dir() || all().any(|name| folder.join(name).exists())) {
        return Some(folder);
    }
    let archive = archives.into_iter().find(|path| path.exists());
    archive.or_else(|| folder.exists().then_some(folder)).or_else(|| bare.then(|| root.to_path_buf()))
}

/// A hint for files that are one folder deeper, as some programs extract them.
pub(super) fn deeper(layout: &CifarLayout, folder: &Path) -> Option<String> {
    let inside = folder.join(layout.folder);
    inside.join(layout.test[0]).is_file().then(|| format!("the files are in `{}`: move them up", inside.display()))
}

/// The error for a data set that is not in the data folder.
pub(super) fn missing(cifar: &Cifar<'_>, root: &Path) -> UserError {
    let (layout, title) = (cifar.layout, cifar.entry.title);
    let pickled = layout.archive.replace("binary", "python");
    let python = [layout.folder.replace("-bin", "-py").replace("-binary", "-python"), pickled];
    if let Some(found) = python.iter().map(|name| root.join(name)).find(|path| path.exists()) {
        let message = format!(
            "`{}` is the Python version of {title}; its pickles can run code and are not read",
            found.display()
        );
        return cifar.wrong(message);
    }
    let (place, folder, archive) = (root.display(), layout.folder, layout.archive);
    let message = format!("{title} is not in `{place}`: found neither `{folder}/` nor `{archive}`");
    let error = cifar.wrong(message).hint(cifar.entry.fetch()).hint(ELSEWHERE);
    error.hints_of(under_another_name(layout, root).as_slice())
}

/// A hint for a folder or an archive whose name begins as the archive's does: `cifar-10-binary (1).tar.gz`.
fn under_another_name(layout: &CifarLayout, root: &Path) -> Option<String> {
    let stem = layout.archive.strip_suffix(".tar.gz")?;
    let names = std::fs::read_dir(root).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(stem)).collect();
    names.sort();
    let (path, name) = names.iter().map(|name| (root.join(name), name)).next()?;
    if path.join(layout.folder).is_dir() {
        return Some(format!("it is in `{}`: set that folder with `--data`", path.display()));
    }
    let gzip = [".tar.gz", ".tgz", ".gz"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    path.is_file().then(|| {
        if gzip {
            format!("`{name}` is there: rename it to `{}`", layout.archive)
        } else {
            format!("`{name}` is there: unpack it to `{}/`", layout.folder)
        }
    })
}
