//! Lists the image files of a data set and their classes, by names only.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::decode;
use super::state::Stamp;
use crate::blueprint::ImageShape;
use crate::error::UserError;
use crate::text;

/// The files of a data set.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) folder: PathBuf,
    /// Class names, sorted.
    pub(super) classes: Vec<String>,
    /// Sorted by class, then name.
    pub(super) train: Vec<Picture>,
    pub(super) test: Vec<Picture>,
    /// Skipped files and folders that are not class folders or images, with reasons.
    pub(super) beside: Vec<String>,
}

/// An image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// Path in the data set's folder.
    pub(super) path: String,
    pub(super) stamp: Stamp,
    pub(super) label: u16,
}

impl Listing {
    /// Digest of the names and sizes of all files, independent of machine and location.
    pub(super) fn identity(&self) -> String {
        let mut digest = Sha256::new();
        for file in self.train.iter().chain(&self.test) {
            digest.update(format!("{}\0{}\0{}\0", file.path, file.stamp.bytes, file.label));
        }
        text::hex(&digest.finalize())
    }

    /// The same, with inodes and times: it changes when a file is changed in place.
    pub(super) fn state(&self) -> String {
        let mut digest = Sha256::new().chain_update(self.identity());
        self.train.iter().chain(&self.test).for_each(|file| file.stamp.digest(&mut digest));
        text::hex(&digest.finalize())
    }

    /// The same, with the folder, so that files in another folder differ.
    pub(super) fn place_and_state(&self) -> String {
        let place = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        let digest = Sha256::new().chain_update(self.state()).chain_update(place.as_os_str().as_encoded_bytes());
        text::hex(&digest.finalize())
    }

    /// Whether any file is not an image by its first bytes. Files with an image extension are not checked: there may be
    /// millions.
    pub(super) fn has_other_files(&self) -> bool {
        let named = |path: &str| {
            let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
            ending.is_some_and(|ending| ["png", "jpg", "jpeg", "jpe", "jfif"].contains(&ending.as_str()))
        };
        let mut others = self.train.iter().chain(&self.test).filter(|file| !named(&file.path));
        others.any(|file| decode::is_other_file(&self.folder.join(&file.path)))
    }

    /// Shape of the first readable image.
    pub(super) fn first_shape(&self) -> Result<ImageShape> {
        let size = |file: &Picture| decode::size(&self.folder.join(&file.path)).ok();
        let Some((height, width)) = self.train.iter().find_map(size) else {
            let message = format!("no image file in `{}` can be read", self.folder.display());
            return Err(UserError::new(message).hint("expected PNG or JPEG files").into());
        };
        Ok(ImageShape { channels: 3, height, width })
    }
}

/// Folders left by operating systems and archivers (macOS, Synology, Windows, ext4), which contain no images of the
/// user.
pub(super) const LITTER: [&str; 5] = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

/// The expected layout, as a hint.
pub(super) const LAYOUT: &str =
    "a `folder` data set has PNG and JPEG files in `train/<class>/` and in `val/<class>/` or `test/<class>/`";

/// The files of one class, sorted by name; at least one.
pub(super) fn pictures_in(
    folder: &Path,
    inside: &str,
    label: u16,
    skip: bool,
    beside: &mut Vec<String>,
) -> Result<Vec<Picture>> {
    let path = folder.join(inside);
    let mut files = Vec::new();
    for (name, entry) in entries(&path)? {
        if skip && LITTER.contains(&name.as_str()) {
            beside.push(format!("{inside}/{name}: it is not an image"));
        } else {
            files.push(picture(&entry, format!("{inside}/{name}"), label)?);
        }
    }
    if files.is_empty() {
        let message = format!("class folder `{}` is empty", path.display());
        return Err(UserError::new(message)
            .hint("add images, or remove the class folder from both train and test")
            .into());
    }
    Ok(files)
}

/// A file, as listed.
pub(super) fn picture(path: &Path, inside: String, label: u16) -> Result<Picture> {
    let data = metadata(path)?;
    if data.is_dir() {
        let message = format!("`{}` is a folder, expected an image file", path.display());
        let hint = "Tiny ImageNet in its original layout is `dataset = \"tiny-imagenet\"`";
        return Err(UserError::new(message).hint(LAYOUT).hint(hint).into());
    }
    Ok(Picture { path: inside, stamp: Stamp::of(&data), label })
}

/// The content of a folder without hidden files, sorted by name.
pub(super) fn entries(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    let unreadable =
        |error: &dyn std::fmt::Display| UserError::new(format!("cannot read `{}`: {error}", path.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| unreadable(&error).hint(LAYOUT))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let Ok(name) = entry.file_name().into_string() else {
            let message = format!("`{}` has a name that is not UTF-8", entry.path().display());
            return Err(UserError::new(message).hint("rename it").into());
        };
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Follows symbolic links; a cycle is an error.
pub(super) fn metadata(path: &Path) -> Result<std::fs::Metadata> {
    std::fs::metadata(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        UserError::new(message).hint("remove it, or repair the symbolic link").into()
    })
}
