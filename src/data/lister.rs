//! Walks the folders of a data set of image files: class folders, images, and everything else.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Access;
use super::listing::{LAYOUT, Picture};
use super::state::Stamp;
use crate::error::UserError;
use crate::text;

/// Folders left by operating systems and archivers (macOS, Synology, Windows, ext4), which contain no images of the
/// user.
const LITTER: [&str; 5] = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

const SKIP: &str = "remove it, or skip it with `skip_bad_files = true`";

/// Lists the files of a data set.
pub(super) struct Lister<'a> {
    pub(super) folder: &'a Path,
    /// Whether anything else than class folders and images is skipped; otherwise it is an error.
    pub(super) skip: bool,
    /// Called before each file; an error ends the walk.
    pub(super) check: &'a (dyn Fn() -> Result<()> + Sync),
    /// What was skipped, each with the reason.
    pub(super) beside: Vec<String>,
}

impl<'a> Lister<'a> {
    /// A walk through a folder.
    pub(super) fn new(folder: &'a Path, skip: bool, access: Access<'a>) -> Self {
        Self { folder, skip, check: access.check, beside: Vec::new() }
    }

    /// The sorted names of the class folders of a split. Anything else is skipped if requested, else an error.
    pub(super) fn folders(&mut self, split: &str) -> Result<Vec<String>> {
        let path = self.folder.join(split);
        let mut names = Vec::new();
        for (name, entry) in self.entries(&path)? {
            let Some(data) = self.metadata(&entry, &format!("{split}/{name}"))? else { continue };
            let is_folder = data.is_dir();
            if is_folder && !LITTER.contains(&name.as_str()) {
                names.push(name);
            } else if self.skip {
                self.beside.push(format!("{split}/{name}: it is not a class folder"));
            } else {
                let what = if is_folder { "a leftover of the system or an archiver" } else { "a file" };
                let message = format!("`{}` is {what}, expected a class folder", entry.display());
                return Err(UserError::new(message).hint(SKIP).hint(LAYOUT).into());
            }
        }
        if names.len() < 2 {
            let message = format!("`{}` contains {}", path.display(), text::counted(names.len(), "class", "classes"));
            return Err(UserError::new(message).hint(LAYOUT).into());
        }
        if names.len() > usize::from(u16::MAX) {
            let message = format!("`{}` contains {} classes", path.display(), text::grouped(names.len() as u64));
            return Err(UserError::new(message).hint("the limit is 65,535").into());
        }
        Ok(names)
    }

    /// The files of one class, sorted by name; at least one.
    pub(super) fn pictures_in(&mut self, inside: &str, label: u16) -> Result<Vec<Picture>> {
        let path = self.folder.join(inside);
        let mut files = Vec::new();
        for (name, entry) in self.entries(&path)? {
            if self.skip && LITTER.contains(&name.as_str()) {
                self.beside.push(format!("{inside}/{name}: it is not an image"));
            } else {
                files.extend(self.picture(&entry, format!("{inside}/{name}"), label)?);
            }
        }
        if files.is_empty() {
            let message = format!("class folder `{}` is empty", path.display());
            return Err(UserError::new(message)
                .hint(
                    "add images, or remove the class folder from both train and test; `skip_bad_files` skips no class",
                )
                .into());
        }
        Ok(files)
    }

    /// A file, as listed; `None` if it is skipped.
    pub(super) fn picture(&mut self, path: &Path, inside: String, label: u16) -> Result<Option<Picture>> {
        (self.check)()?;
        let Some(data) = self.metadata(path, &inside)? else { return Ok(None) };
        if data.is_dir() {
            let message = format!("`{}` is a folder, expected an image file", path.display());
            let hint = "for Tiny ImageNet in its original layout, set `dataset = \"tiny-imagenet\"`";
            return Err(UserError::new(message).hint(LAYOUT).hint(hint).into());
        }
        Ok(Some(Picture { path: inside, stamp: Stamp::of(&data), label }))
    }

    /// The content of a folder without hidden files, sorted by name.
    pub(super) fn entries(&mut self, path: &Path) -> Result<Vec<(String, PathBuf)>> {
        let unreadable =
            |error: &dyn std::fmt::Display| UserError::new(format!("cannot read `{}`: {error}", path.display()));
        let mut found = Vec::new();
        (self.check)()?;
        for entry in std::fs::read_dir(path).map_err(|error| unreadable(&error).hint(LAYOUT))? {
            let entry = entry.map_err(|error| unreadable(&error))?;
            let Ok(name) = entry.file_name().into_string() else {
                // A folder may be a class, which is not skipped.
                let is_folder = entry.path().is_dir();
                if self.skip && !is_folder {
                    self.beside.push(format!("{}: its name is not UTF-8", entry.path().display()));
                    continue;
                }
                let message = format!("`{}` has a name that is not UTF-8", entry.path().display());
                let hint = if is_folder { "rename it" } else { "rename it, or skip it with `skip_bad_files = true`" };
                return Err(UserError::new(message).hint(hint).into());
            };
            if !name.starts_with('.') {
                found.push((name, entry.path()));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Follows symbolic links; `None` for one that leads nowhere, if that is skipped. It is called `inside` then.
    fn metadata(&mut self, path: &Path, inside: &str) -> Result<Option<Metadata>> {
        let error = match std::fs::metadata(path) {
            Ok(data) => return Ok(Some(data)),
            Err(error) => error,
        };
        let nowhere = path.is_symlink() && error.kind() != ErrorKind::PermissionDenied;
        if nowhere && self.skip {
            self.beside.push(format!("{inside}: the symbolic link leads nowhere"));
            return Ok(None);
        }
        let message = format!("cannot read `{}`: {error}", path.display());
        let hint =
            if nowhere { "repair the symbolic link, or skip it with `skip_bad_files = true`" } else { "remove it" };
        Err(UserError::new(message).hint(hint).into())
    }
}
